"""Tests of the numerical parts of tile sums."""

import numpy as np
import pytest

from quests_core.kernel_sums.tile_sums import exact_square, exponential


@pytest.mark.parametrize("exponent", [-80.0, -1.5, 0.0, 1e-3, 0.5, 10.0, 80.0])
def test_exponential(exponent):
    p, bits = exponential(np.float32(exponent))
    assert 0.70 <= p <= 1.42
    value = np.float64(p) * np.array(bits, np.int32).view(np.float32)
    assert value == pytest.approx(np.exp(-exponent), rel=1e-5)


@pytest.mark.parametrize("sign", [-1, 1])
def test_exponents_are_clipped(sign):
    for exponent in (81.0, 1e30):
        assert exponential(np.float32(sign * exponent)) == exponential(np.float32(sign * 80.0))


def test_exact_square(rng):
    x, y = rng.normal(size=(2, 37))
    assert exact_square(x, y) == pytest.approx(((x - y) ** 2).sum(), rel=1e-14)
