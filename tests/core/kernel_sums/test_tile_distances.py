"""Tests of distances between references and the queries of a tile."""

import numpy as np
import pytest

from quests_core.kernel_sums.simd import BLOCK_LANES, GROUP_SIZE
from quests_core.kernel_sums.tile_distances import box_distance_sq, group_distances_sq
from quests_core.kernel_sums.tiles import CHUNK_AXES, TILE_ROWS


def test_box_distance_is_a_lower_bound_of_distances(rng):
    for _ in range(20):
        x, y = rng.normal(size=(5, 3)), rng.normal(size=(6, 3)) + rng.normal(size=3) * 2
        bound = box_distance_sq(x.min(axis=0), x.max(axis=0), y.min(axis=0), y.max(axis=0))
        distances_sq = ((x[:, None] - y) ** 2).sum(axis=2)
        assert bound <= distances_sq.min()
        assert box_distance_sq(x[0], x[0], y[0], y[0]) == pytest.approx(distances_sq[0, 0])
    assert box_distance_sq(np.zeros(2), np.ones(2), np.full(2, 0.5), np.full(2, 3.0)) == 0


@pytest.mark.jit
@pytest.mark.parametrize("limit", [1e6, 0.0])
def test_group_distances(rng, limit):
    rows = rng.normal(size=(9, 2 * CHUNK_AXES))
    queries, center = rng.normal(size=(BLOCK_LANES, 2 * CHUNK_AXES)), rng.normal(size=2 * CHUNK_AXES)
    columns = np.zeros((2 * CHUNK_AXES, TILE_ROWS), np.float32)
    columns[:, :BLOCK_LANES] = (queries - center).T
    members = np.array([7, 0, 3, 3])
    chunk = np.empty((GROUP_SIZE, CHUNK_AXES), np.float32)
    squares = np.empty((GROUP_SIZE, TILE_ROWS), np.float32)
    limits = np.full(BLOCK_LANES, limit, np.float32)
    within = group_distances_sq(
        rows, rows[:, :CHUNK_AXES].copy(), members, center, columns, limits, chunk, squares
    )
    assert within == (limit > 0)
    if within:
        expected = ((rows[members][:, None] - queries) ** 2).sum(axis=2)
        np.testing.assert_allclose(squares[:, :BLOCK_LANES], expected, rtol=1e-5)
