"""The innermost loop against its plain twin."""

import numpy as np
import pytest
from numba import njit

from quests_core.tree import CHUNK, TILE_ROWS
from quests_core.vectors import BLOCK, GROUP, add_axes


@njit
def compiled(chunk, columns, first, lanes, squares):
    add_axes(chunk, columns, first, lanes, squares)


@pytest.mark.jit
@pytest.mark.parametrize("lanes", range(BLOCK, TILE_ROWS + 1, BLOCK))
@pytest.mark.parametrize("first", [0, 2 * CHUNK])
def test_compiled_is_plain(rng, first, lanes):
    chunk = rng.normal(size=(GROUP, CHUNK)).astype(np.float32)
    columns = rng.normal(size=(3 * CHUNK, TILE_ROWS)).astype(np.float32)
    squares = rng.uniform(size=(GROUP, TILE_ROWS)).astype(np.float32)
    expected, found = squares.copy(), squares.copy()
    add_axes(chunk, columns, first, lanes, expected)
    compiled(chunk, columns, first, lanes, found)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(found[:, lanes:], squares[:, lanes:])
    assert (found[:, :lanes] != squares[:, :lanes]).any()
