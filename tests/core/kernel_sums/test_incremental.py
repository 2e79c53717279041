"""Sums to which references are added step by step, or for some of the queries."""

import numpy as np
import pytest

from quests_core import log_kernel_sum
from quests_core.kernel_sums.incremental import IncrementalKernelSums
from quests_core.kernel_sums.tiles import Tiles
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS

both_precisions = pytest.mark.parametrize("precision", PROMISES)


@both_precisions
def test_incremental_references_equal_all_at_once(rng, precision):
    X = rng.normal(0, 0.3, (400, 4))
    tiles = Tiles.from_rows(X)
    sums = IncrementalKernelSums(tiles, 0.1, 400, precision)
    assert (sums.log_sums == -np.inf).all()
    parts = np.split(rng.permutation(400), [1, 7, 150, 151, 390])
    for n, part in enumerate(parts, start=1):
        sums.add(Tiles.from_rotated(tiles.rows[tiles.positions[part]], tiles.axes))
        expected = naive.log_kernel_sum(X, X[np.concatenate(parts[:n])], 0.1)
        np.testing.assert_allclose(sums.log_sums, expected, rtol=1e-11, atol=PROMISES[precision][0])


def test_at_most_as_many_parts_as_tiles(rng, monkeypatch):
    """Otherwise most parts would be empty, but counted in the progress."""
    monkeypatch.setattr("quests_core.kernel_sums.incremental.BLOCK_PAIRS", 1)
    X, totals = rng.normal(size=(300, 3)), set()
    log_kernel_sum(X, X + 0.1, 0.5, progress=lambda step, done, total: totals.add(total))
    assert totals == {len(Tiles.from_rows(X))}


@both_precisions
@pytest.mark.parametrize("name", ["plain", "duplicates", "far outliers", "63 columns"])
def test_sums_of_some_queries_go_on_where_those_of_all_were(name, precision):
    X = np.concatenate(SETS[name])
    tiles, half = Tiles.from_rows(X), len(X) // 2
    sums = IncrementalKernelSums(tiles, BANDWIDTH, len(X), precision)
    sums.add(Tiles.from_rows(X[:half], tiles.axes))
    queries = np.arange(len(X) - 1, -1, -3)
    taken = sums.take(queries)
    np.testing.assert_array_equal(taken.log_sums, sums.log_sums[queries])
    taken.add(Tiles.from_rows(X[half:], tiles.axes))
    expected = naive.log_kernel_sum(X[queries], X, BANDWIDTH)
    np.testing.assert_allclose(taken.log_sums, expected, rtol=1e-11, atol=PROMISES[precision][0])
    again = naive.log_kernel_sum(X, X[:half], BANDWIDTH)
    np.testing.assert_allclose(sums.log_sums, again, rtol=1e-11, atol=PROMISES[precision][0])


@both_precisions
@pytest.mark.parametrize("name", ["plain", "duplicates", "far outliers", "63 columns"])
def test_sums_start_from_those_of_references_added_elsewhere(name, precision):
    X = np.concatenate(SETS[name])
    tiles, half = Tiles.from_rows(X), len(X) // 2
    before = naive.log_kernel_sum(X, X[:half], BANDWIDTH)
    sums = IncrementalKernelSums(tiles, BANDWIDTH, len(X), precision)
    sums.start(before)
    np.testing.assert_array_equal(sums.log_sums, before)
    sums.add(Tiles.from_rows(X[half:], tiles.axes))
    expected = naive.log_kernel_sum(X, X, BANDWIDTH)
    np.testing.assert_allclose(sums.log_sums, expected, rtol=1e-11, atol=PROMISES[precision][0])
