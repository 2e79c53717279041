"""Tests of explicitly vectorised loops over tiles."""

import numpy as np
import pytest
from numba import njit

from quests_core.kernel_sums.simd import BLOCK_LANES, GROUP_SIZE, add_axes, add_products, kernels
from quests_core.kernel_sums.tiles import CHUNK_AXES, TILE_ROWS


@njit
def compiled_axes(chunk, columns, first, lanes, squares):
    add_axes(chunk, columns, first, lanes, squares)


@njit
def compiled_products(chunk, columns, first, lanes, squares):
    add_products(chunk, columns, first, lanes, squares)


@njit
def compiled_kernels(squares, scale, needs_double, offset, terms):
    kernels(squares, scale, needs_double, offset, terms)


@pytest.mark.jit
@pytest.mark.parametrize(
    ("function", "compiled_function"), [(add_axes, compiled_axes), (add_products, compiled_products)]
)
@pytest.mark.parametrize("lanes", range(BLOCK_LANES, TILE_ROWS + 1, BLOCK_LANES))
@pytest.mark.parametrize("first", [0, 2 * CHUNK_AXES])
def test_compiled_sums_over_axes_equal_numpy(rng, first, lanes, function, compiled_function):
    chunk = rng.normal(size=(GROUP_SIZE, CHUNK_AXES)).astype(np.float32)
    columns = rng.normal(size=(3 * CHUNK_AXES, TILE_ROWS)).astype(np.float32)
    squares = rng.uniform(size=(GROUP_SIZE, TILE_ROWS)).astype(np.float32)
    expected, found = squares.copy(), squares.copy()
    function(chunk, columns, first, lanes, expected)
    compiled_function(chunk, columns, first, lanes, found)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(found[:, lanes:], squares[:, lanes:])
    assert (found[:, :lanes] != squares[:, :lanes]).any()


@pytest.mark.jit
@pytest.mark.parametrize("lanes", [BLOCK_LANES, TILE_ROWS])
def test_compiled_kernels_equal_numpy(rng, lanes):
    squares = rng.uniform(0, 0.05, size=(GROUP_SIZE, TILE_ROWS)).astype(np.float32)
    squares[:, 0], squares[:, 1], squares[:, 2] = 0.0, 3e38, 1.0
    needs_double = np.full(lanes, -1.0, np.float32)
    needs_double[3:9] = 0.03
    # Of a lane without a sum yet, and of one far from all references.
    offset = rng.uniform(0, 3, size=lanes).astype(np.float32)
    offset[0], offset[5], offset[6] = 0.0, -1e30, 1e4
    exact, found = np.empty(squares.shape), np.full(squares.shape, 7.0, np.float32)
    kernels(squares, 2222.0, needs_double, offset, exact)
    compiled_kernels(squares, 2222.0, needs_double, offset, found)
    assert (found[:, 0] == 1).all()
    # The exponent, up to 80, is rounded to single precision.
    np.testing.assert_allclose(found[:, :lanes], exact[:, :lanes], rtol=2e-5)
    near = np.abs(np.log(np.maximum(exact[:, :lanes], 1e-30))) < 1
    assert near.any()
    np.testing.assert_allclose(found[:, :lanes][near], exact[:, :lanes][near], rtol=1e-6)
    assert (found[:, lanes:] == 7).all()
