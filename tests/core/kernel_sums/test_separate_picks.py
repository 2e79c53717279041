"""Picks that are no rows of the tiles: sums against them are exact, and their leaves as they should be."""

import numpy as np
import pytest

from quests_core.kernel_sums.incremental import truncation_limits
from quests_core.kernel_sums.picked_leaves import add_rows
from quests_core.kernel_sums.picked_sums import PickedSums, Workspace
from quests_core.kernel_sums.separate_picks import SeparatePicks, nearest_rows
from quests_core.kernel_sums.tiles import LEAF_ROWS, Tiles
from tests import naive
from tests.core.kernel_sums.test_picked_sums import asked

H = 0.3


@pytest.mark.jit
@pytest.mark.parametrize("scale", [0.3, 1e-9, 1e4], ids=["like the rows", "all alike", "far from the rows"])
def test_sums_over_separate_picks_are_exact(rng, scale):
    X = rng.normal(size=(150, 20)) * np.geomspace(1, 0.1, 20)
    Y = X[rng.integers(150, size=900)] + scale * rng.normal(size=(900, 20))
    tiles, reach = Tiles.from_rows(X), truncation_limits(H, 900, "double").reach
    picks = SeparatePicks(tiles, H)
    state = PickedSums(np.zeros(150, np.int64), np.full(150, np.inf), np.zeros(150))
    for n_picked, n in enumerate((1, 40, 41, 400, 900), start=1):
        rows = picks.append(Y[len(picks) : n])
        add_rows(picks.picked, rows, n_picked - 1)
        for row in rng.permutation(150)[:20]:
            given = tiles.positions[row], n_picked, -np.inf, np.inf, reach, False, state
            found = asked(picks.picked, *given, Workspace.of(picks.picked))
            assert found == pytest.approx(naive.log_kernel_sum(X[[row]], Y[:n], H)[0], rel=1e-11, abs=1e-10)
    check_lanes(picks, 900)


def check_lanes(picks, n):
    """Assert that each pick is in one lane, within the box of its leaf, and that leaves are half full."""
    picked, seen = picks.picked, []
    for leaf in range(picked.n_leaves[0]):
        rows = picked.row_at[leaf][: picked.counts[leaf]]
        seen += rows.tolist()
        x = picked.pick_singles[rows][:, : picked.low.shape[1]]
        box = leaf // 16, slice(None), leaf % 16
        assert ((x >= picked.low[box]) & (x <= picked.high[box])).all()
        assert len(rows) >= LEAF_ROWS // 2
    assert sorted(seen) == list(range(n))


def test_the_nearest_row_of_a_row_is_itself(rng):
    X = rng.normal(size=(60, 5))
    tiles = Tiles.from_rows(X)
    np.testing.assert_array_equal(nearest_rows(tiles, tiles.axes.rotate(X)), tiles.positions)
