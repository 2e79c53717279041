"""Tests of the numerical parts of tile sums."""

import pytest

from quests_core.kernel_sums.tile_sums import exact_square


def test_exact_square(rng):
    x, y = rng.normal(size=(2, 37))
    assert exact_square(x, y) == pytest.approx(((x - y) ** 2).sum(), rel=1e-14)
