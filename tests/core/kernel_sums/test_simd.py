"""The innermost loop against its plain twin."""

import numpy as np
import pytest
from numba import njit

from quests_core.descriptors.sorting_network import SORTED, sort_columns, sorting_network
from quests_core.kernel_sums.simd import BLOCK_LANES, GROUP_SIZE, add_axes
from quests_core.kernel_sums.tiles import CHUNK_AXES, TILE_ROWS


@njit
def compiled(chunk, columns, first, lanes, squares):
    add_axes(chunk, columns, first, lanes, squares)


@pytest.mark.jit
@pytest.mark.parametrize("lanes", range(BLOCK_LANES, TILE_ROWS + 1, BLOCK_LANES))
@pytest.mark.parametrize("first", [0, 2 * CHUNK_AXES])
def test_compiled_is_plain(rng, first, lanes):
    chunk = rng.normal(size=(GROUP_SIZE, CHUNK_AXES)).astype(np.float32)
    columns = rng.normal(size=(3 * CHUNK_AXES, TILE_ROWS)).astype(np.float32)
    squares = rng.uniform(size=(GROUP_SIZE, TILE_ROWS)).astype(np.float32)
    expected, found = squares.copy(), squares.copy()
    add_axes(chunk, columns, first, lanes, expected)
    compiled(chunk, columns, first, lanes, found)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(found[:, lanes:], squares[:, lanes:])
    assert (found[:, :lanes] != squares[:, :lanes]).any()


@pytest.mark.parametrize("n", [1, 2, 3, 7, 16])
def test_a_network_that_sorts_zeros_and_ones_sorts_everything(n):
    values = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    for upper, lower in sorting_network(n):
        pair = values[:, [upper, lower]]
        values[:, upper], values[:, lower] = pair.max(axis=1), pair.min(axis=1)
    assert (np.diff(values, axis=1) <= 0).all()


@njit
def sort(matrix):
    sort_columns(matrix)


@pytest.mark.jit
@pytest.mark.parametrize("width", [4, 12, SORTED])
def test_compiled_sorting_is_plain(rng, width):
    for matrix in (rng.normal(size=(SORTED, width)), rng.integers(0, 5, size=(SORTED, width)) - 2.0):
        expected = matrix.copy()
        sort_columns(expected)
        assert (np.diff(expected, axis=0) <= 0).all()
        sort(matrix)
        np.testing.assert_array_equal(matrix, expected)
