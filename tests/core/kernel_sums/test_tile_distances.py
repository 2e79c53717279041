"""Tests of distances between references and the queries of a tile."""

import numpy as np
import pytest

from quests_core.kernel_sums.simd import BLOCK_LANES
from quests_core.kernel_sums.tile_distances import MAX_PRODUCT_EXPONENT, box_distance_sq, group_distances_sq
from quests_core.kernel_sums.tile_states import Tile, new_workspace
from quests_core.kernel_sums.tiles import CHUNK_AXES, TILE_ROWS


def test_box_distance_is_a_lower_bound_of_distances(rng):
    for _ in range(20):
        x, y = rng.normal(size=(5, 3)), rng.normal(size=(6, 3)) + rng.normal(size=3) * 2
        bound = box_distance_sq(x.min(axis=0), x.max(axis=0), y.min(axis=0), y.max(axis=0))
        distances_sq = ((x[:, None] - y) ** 2).sum(axis=2)
        assert bound <= distances_sq.min()
        assert box_distance_sq(x[0], x[0], y[0], y[0]) == pytest.approx(distances_sq[0, 0])
    assert box_distance_sq(np.zeros(2), np.ones(2), np.full(2, 0.5), np.full(2, 3.0)) == 0


def tile_of(queries, center):
    """Return a tile with one block of lanes."""
    columns = np.zeros((len(center), TILE_ROWS), np.float32)
    columns[:, :BLOCK_LANES] = (queries - center).T
    further = np.square(columns[CHUNK_AXES:]).sum(axis=0)
    box = np.zeros(CHUNK_AXES)
    weights = np.ones(TILE_ROWS, np.float32)
    return Tile(weights, columns, np.zeros(TILE_ROWS), further, float(further.max()), center, box, box)


@pytest.mark.jit
@pytest.mark.parametrize("spread", [1.0, 1e-2], ids=["differences", "products"])
@pytest.mark.parametrize("limit", [1e6, 0.0])
def test_group_distances(rng, limit, spread):
    scale = np.append(np.ones(CHUNK_AXES), np.full(2 * CHUNK_AXES, spread))
    rows, center = scale * rng.normal(size=(9, len(scale))), scale * rng.normal(size=len(scale))
    queries = scale * rng.normal(size=(BLOCK_LANES, len(scale)))
    tile, work = tile_of(queries, center), new_workspace()
    work.members[:] = [7, 0, 3, 3]
    uses_products = 2 * tile.most_further < MAX_PRODUCT_EXPONENT
    assert uses_products == (spread < 1)
    limits = np.full(BLOCK_LANES, limit, np.float32)
    within = group_distances_sq(rows, rows[:, :CHUNK_AXES].copy(), tile, 1.0, limits, work)
    assert within == (limit > 0)
    if within:
        expected = ((rows[work.members][:, None] - queries) ** 2).sum(axis=2)
        np.testing.assert_allclose(work.squares[:, :BLOCK_LANES], expected, rtol=1e-5)


@pytest.mark.jit
def test_products_are_as_accurate_as_promised(rng):
    """Where rows and queries nearly coincide, the error is a few 2⁻²⁴ of what may cancel."""
    center = np.zeros(4 * CHUNK_AXES)
    further = rng.normal(size=(BLOCK_LANES, 3 * CHUNK_AXES))
    further *= np.sqrt(0.49 * MAX_PRODUCT_EXPONENT) / np.linalg.norm(further, axis=1)[:, None]
    queries = np.concatenate([np.zeros((BLOCK_LANES, CHUNK_AXES)), further], axis=1)
    rows = queries[:4] + 1e-5 * rng.normal(size=(4, len(center)))
    tile, work = tile_of(queries, center), new_workspace()
    work.members[:] = range(4)
    assert group_distances_sq(
        rows, rows[:, :CHUNK_AXES].copy(), tile, 1.0, np.full(BLOCK_LANES, 1e6, np.float32), work
    )
    expected = ((rows[:, None] - queries) ** 2).sum(axis=2)
    assert np.abs(work.squares[:, :BLOCK_LANES] - expected).max() < 16 * 2.0**-24 * MAX_PRODUCT_EXPONENT
