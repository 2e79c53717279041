"""Tests of the leaves of picked environments."""

import numpy as np
import pytest

from quests_core.kernel_sums.picked_leaves import Picked, add_rows
from quests_core.kernel_sums.tiles import LEAF_ROWS, Tiles


def check_leaves(picked, ranks):
    """Assert that each pick is in one lane of its leaf, within the span and the box of the leaf."""
    seen = {}
    for leaf in range(picked.n_leaves[0]):
        first, stop = picked.spans[leaf]
        assert (picked.leaf_of[first:stop] == leaf).all()
        taken = np.flatnonzero(picked.ranks[leaf] >= 0)
        assert taken.tolist() == list(range(picked.counts[leaf]))
        rows = picked.row_at[leaf][taken]
        assert ((rows >= first) & (rows < stop)).all()
        seen |= dict(zip(rows.tolist(), picked.ranks[leaf][taken].tolist(), strict=True))
        x, box = picked.singles[rows], (leaf // 16, slice(None), leaf % 16)
        n_axes = picked.low.shape[1]
        assert (x[:, :n_axes] >= picked.low[box]).all()
        assert (x[:, :n_axes] <= picked.high[box]).all()
        assert picked.last[leaf] == max(picked.ranks[leaf])
    assert seen == ranks


@pytest.mark.jit
@pytest.mark.parametrize("n", [10, LEAF_ROWS, 700])
def test_picks_are_kept_in_leaves_that_split(rng, n):
    tiles = Tiles.from_rows(rng.normal(size=(n, 20)))
    picked, ranks = Picked.empty(tiles, 0.3), {}
    check_leaves(picked, ranks)
    order = rng.permutation(n)
    for rank, rows in enumerate(np.array_split(order, max(1, n // 7))):
        add_rows(picked, rows, rank)
        ranks |= dict.fromkeys(rows.tolist(), rank)
        check_leaves(picked, ranks)
    assert picked.n_leaves[0] >= n / LEAF_ROWS
