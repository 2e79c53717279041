"""Sums of two parts of a set against each other, of which each pair is computed once."""

import numpy as np
import pytest

from quests_core.kernel_sums.incremental import truncation_limits
from quests_core.kernel_sums.symmetric_sums import reduce_in_order, symmetric_sums
from quests_core.kernel_sums.tiles import Tiles
from tests.core.kernel_sums.test_shards import points

H = 0.3


@pytest.mark.parametrize(("precision", "error"), [("single", 1e-5), ("double", 1e-12)])
@pytest.mark.parametrize(("n", "m"), [(300, 170), (1, 60), (130, 1)])
def test_parts_add_up_to_the_set(rng, precision, error, n, m):
    X = points(rng, n + m)
    kernels = np.exp(-((X[:, None] - X) ** 2).sum(axis=2) / (2 * H**2))
    accuracy = truncation_limits(H, n + m, precision)
    one = Tiles.from_rows(X[:n])
    two = Tiles.from_rows(X[n:], one.axes)
    own, again = symmetric_sums(one, None, accuracy)
    assert own is again
    first, second = symmetric_sums(one, two, accuracy)
    np.testing.assert_allclose(own + first, kernels[:n].sum(axis=1)[one.order], rtol=error)
    np.testing.assert_allclose(second, kernels[n:, :n].sum(axis=1)[two.order], rtol=error, atol=error)


def test_weights_count_in_both_directions(rng):
    X, weights = points(rng, 400), rng.integers(1, 50, 400)
    kernels = weights * np.exp(-((X[:, None] - X) ** 2).sum(axis=2) / (2 * H**2))
    one = Tiles.from_rows(X[:230], weights=weights[:230])
    two = Tiles.from_rows(X[230:], one.axes, weights=weights[230:])
    assert one.n_environments + two.n_environments == weights.sum()
    for precision, error in (("single", 1e-5), ("double", 1e-12)):
        accuracy = truncation_limits(H, weights.sum(), precision)
        own, _ = symmetric_sums(one, None, accuracy)
        first, second = symmetric_sums(one, two, accuracy)
        np.testing.assert_allclose(own + first, kernels[:230].sum(axis=1)[one.order], rtol=error)
        expected = kernels[230:, :230].sum(axis=1)[two.order]
        np.testing.assert_allclose(second, expected, rtol=error, atol=error)


def test_parts_are_reduced_in_their_order():
    def work(first, last, total):
        total[0] = 10.0 ** -(first // 2)

    found = np.zeros(1)
    reduce_in_order((found,), (lambda a, b, out: np.add(10 * a, b, out=out),), work, 7, 2, "", None)
    assert found[0] == pytest.approx(1000 + 10 + 0.1 + 0.001)
