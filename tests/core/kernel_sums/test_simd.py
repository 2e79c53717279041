"""Tests of explicitly vectorised loops over tiles."""

import numpy as np
import pytest
from numba import njit

from quests_core.kernel_sums.simd import BLOCK_LANES, GROUP_SIZE, add_axes
from quests_core.kernel_sums.tiles import CHUNK_AXES, TILE_ROWS


@njit
def compiled(chunk, columns, first, lanes, squares):
    add_axes(chunk, columns, first, lanes, squares)


@pytest.mark.jit
@pytest.mark.parametrize("lanes", range(BLOCK_LANES, TILE_ROWS + 1, BLOCK_LANES))
@pytest.mark.parametrize("first", [0, 2 * CHUNK_AXES])
def test_compiled_add_axes_equals_numpy(rng, first, lanes):
    chunk = rng.normal(size=(GROUP_SIZE, CHUNK_AXES)).astype(np.float32)
    columns = rng.normal(size=(3 * CHUNK_AXES, TILE_ROWS)).astype(np.float32)
    squares = rng.uniform(size=(GROUP_SIZE, TILE_ROWS)).astype(np.float32)
    expected, found = squares.copy(), squares.copy()
    add_axes(chunk, columns, first, lanes, expected)
    compiled(chunk, columns, first, lanes, found)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(found[:, lanes:], squares[:, lanes:])
    assert (found[:, :lanes] != squares[:, :lanes]).any()
