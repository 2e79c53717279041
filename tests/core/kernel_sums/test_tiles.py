"""Tests of tiles: all rows are kept, with their distances, within their boxes."""

import pickle

import numpy as np
import pytest

from quests_core.kernel_sums.tiles import CHUNK_AXES, LEAF_ROWS, TILE_ROWS, Tiles
from tests.core.ugly import SETS

MATRICES = {name: np.concatenate(frames) for name, frames in SETS.items()} | {
    "one row": np.ones((1, 3)),
    "many copies": np.repeat(np.eye(3), 300, axis=0),
    "a full tile": np.random.default_rng(0).normal(size=(TILE_ROWS, 4)),
    "one row more": np.random.default_rng(1).normal(size=(TILE_ROWS + 1, 4)),
    "several tiles": np.random.default_rng(2).normal(size=(1000, CHUNK_AXES + 1)) ** 3,
}


@pytest.mark.parametrize("name", MATRICES)
def test_each_row_is_in_one_tile_and_its_box(name):
    X = MATRICES[name]
    tiles = Tiles.from_rows(X)
    assert sorted(tiles.order) == list(range(len(X)))
    np.testing.assert_array_equal(tiles.rows, tiles.axes.rotate(X)[tiles.order])
    np.testing.assert_array_equal(tiles.order[tiles.positions], np.arange(len(X)))
    assert (tiles.starts[0], tiles.starts[-1]) == (0, len(X))
    sizes = np.diff(tiles.starts)
    assert sizes.min() >= 1
    assert sizes.max() <= TILE_ROWS
    assert len(tiles) == len(sizes)
    for t in range(len(tiles)):
        rows = tiles.rows[tiles.starts[t] : tiles.starts[t + 1]]
        np.testing.assert_array_equal(tiles.low[t], rows[:, :CHUNK_AXES].min(axis=0))
        np.testing.assert_array_equal(tiles.high[t], rows[:, :CHUNK_AXES].max(axis=0))
        np.testing.assert_allclose(2 * tiles.centers[t], rows.min(axis=0) + rows.max(axis=0), atol=1e-12)


@pytest.mark.parametrize("name", MATRICES)
def test_tiles_of_some_rows_have_the_same_axes(name, rng):
    X = MATRICES[name]
    tiles = Tiles.from_rows(X)
    some = rng.permutation(len(X))[: max(1, len(X) // 3)]
    part = Tiles.from_rotated(tiles.rows[tiles.positions[some]], tiles.axes)
    np.testing.assert_array_equal(part.rows, tiles.rows[tiles.positions[some]][part.order])
    np.testing.assert_array_equal(part.axes.rotation, tiles.axes.rotation)


def test_tiles_are_compact(rng):
    """Rows of distant clusters do not share a tile."""
    X = np.repeat(100.0 * rng.normal(size=(8, 5)), TILE_ROWS, axis=0)
    X += rng.normal(0, 0.1, X.shape)
    tiles = Tiles.from_rows(X[rng.permutation(len(X))])
    assert (tiles.high - tiles.low).max() < 3


def test_leaves_are_compact(rng):
    """Four distant clusters that each fill a leaf share a tile, but no leaf."""
    X = rng.normal(size=(TILE_ROWS, 5))
    X[:, 0] += 100.0 * np.repeat(np.arange(4), LEAF_ROWS)
    tiles = Tiles.from_rows(X[rng.permutation(TILE_ROWS)])
    assert len(tiles) == 1
    leaves = tiles.rows.reshape(4, LEAF_ROWS, -1)
    assert np.ptp(leaves, axis=1).max() < 12


def test_tiles_are_pickled_without_cached_arrays(rng):
    tiles = Tiles.from_rows(rng.normal(size=(300, 20)))
    size = len(pickle.dumps(tiles))
    assert tiles.columns[0].nbytes > 0
    assert len(tiles.leading_axes) == len(tiles.positions) == 300
    data = pickle.dumps(tiles)
    assert len(data) == size
    again = pickle.loads(data)
    np.testing.assert_array_equal(again.rows, tiles.rows)
    np.testing.assert_array_equal(again.columns[0], tiles.columns[0])
