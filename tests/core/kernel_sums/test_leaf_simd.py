"""Compiled loops over leaves and lanes, compared with their definitions in NumPy."""

import numpy as np
import pytest
from numba import njit

from quests_core.kernel_sums.leaf_simd import (
    BOX_AXES,
    ROUND_UP,
    bfloat16_distances_sq,
    leaves_within,
    sum_of_kernels,
    upper_bound_distances_sq,
)
from quests_core.kernel_sums.tile_distances import FAR
from quests_core.kernel_sums.tiles import CHUNK_AXES, LEAF_ROWS

pytestmark = pytest.mark.jit


@njit
def compiled_within(low, high, last, x, since, limit, n_blocks, gaps, near):
    return leaves_within(low, high, last, x, since, limit, n_blocks, gaps, near)


@pytest.mark.parametrize("n_blocks", [0, 1, 3])
def test_leaves_within(rng, n_blocks):
    for limit in (0.0, 2.0, 5.0, 2e38):
        low, high = np.sort(rng.normal(size=(2, 3, BOX_AXES, 16)).astype(np.float32), axis=0)
        low[0, :, 3], high[0, :, 3] = 1e17, -1e17
        last = rng.integers(-1, 9, size=48).astype(np.int32)
        last[3] = -1
        given = (
            low,
            high,
            last,
            rng.normal(size=CHUNK_AXES).astype(np.float32),
            np.int32(4),
            np.float32(limit),
        )
        found, expected = ((np.zeros(48, np.float32), np.zeros(48, np.int32)) for _ in range(2))
        n = leaves_within(*given, n_blocks, *expected)
        assert compiled_within(*given, n_blocks, *found) == n
        np.testing.assert_allclose(found[0], expected[0], rtol=2e-6)
        np.testing.assert_array_equal(found[1][:n], expected[1][:n])
        assert n <= 16 * n_blocks - (n_blocks > 0)
        gap = expected[0][: 16 * n_blocks]
        assert n == np.sum((gap <= np.float32(limit)) & (last[: 16 * n_blocks] >= 4))


@njit
def compiled_squares(x, center, bfloat16, limit, relative, squares):
    return bfloat16_distances_sq(x, center, bfloat16, limit, relative, squares)


@pytest.mark.parametrize("n_axes", [CHUNK_AXES, 2 * CHUNK_AXES, 3 * CHUNK_AXES])
def test_bfloat16_distances_sq(rng, n_axes):
    for _ in range(10):
        lanes = rng.normal(size=(n_axes, 2, LEAF_ROWS // 2)).astype(np.float32)
        bfloat16 = np.ascontiguousarray(np.moveaxis(lanes.view(np.uint32) >> 16, 1, 2).astype(np.uint16))
        rounding_norms = (
            (lanes.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32).reshape(n_axes, LEAF_ROWS)
        )
        x, center = rng.normal(size=(2, 4 * CHUNK_AXES)).astype(np.float32)
        exact = np.square((x - center)[:n_axes, None] - rounding_norms).sum(axis=0)
        for limit in (0.999 * exact.min(), 1.001 * exact.min(), 2e38):
            for function in (bfloat16_distances_sq, compiled_squares):
                squares, relative = np.full(LEAF_ROWS, -1, np.float32), np.empty(CHUNK_AXES, np.float32)
                within = function(x, center, bfloat16, np.float32(limit), relative, squares)
                assert within == (limit > exact.min())
                np.testing.assert_allclose(squares, exact if within else -1.0, rtol=3e-6)


def test_nan_is_within_the_limit():
    bfloat16 = np.full((CHUNK_AXES, LEAF_ROWS // 2, 2), 0x7F80, np.uint16)
    x, center = np.full(CHUNK_AXES, np.inf, np.float32), np.zeros(CHUNK_AXES, np.float32)
    for function in (bfloat16_distances_sq, compiled_squares):
        room = np.empty(CHUNK_AXES, np.float32), np.empty(LEAF_ROWS, np.float32)
        with np.errstate(invalid="ignore"):
            assert function(x, center, bfloat16, np.float32(1.0), *room)


@njit
def compiled_widening(squares, rounding_norms, residual_norms, residual_norm, ranks, since):
    return upper_bound_distances_sq(squares, rounding_norms, residual_norms, residual_norm, ranks, since)


def test_upper_bound_distances_sq(rng):
    squares = rng.uniform(0, 30, LEAF_ROWS).astype(np.float32)
    rounding_norms, residual_norms = rng.uniform(0, 1, (2, LEAF_ROWS)).astype(np.float32)
    ranks = rng.integers(-1, 9, LEAF_ROWS).astype(np.int32)
    given = rounding_norms, residual_norms, np.float32(0.3), ranks
    for since in (0, 5, 100):
        expected, found = squares.copy(), squares.copy()
        least = upper_bound_distances_sq(expected, *given, np.int32(since))
        assert compiled_widening(found, *given, np.int32(since)) == pytest.approx(least, rel=1e-6)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert ((found == FAR) == (ranks < since)).all()
        # The result is at least the square of the upper bound of the distance.
        far = (np.sqrt(squares.astype(float)) + rounding_norms) ** 2 + (0.3 + residual_norms) ** 2
        assert (found >= far).all()
    assert ROUND_UP > 1


@njit
def compiled_sum(squares, offset):
    return sum_of_kernels(squares, offset)


@pytest.mark.parametrize("offset", [0.0, 3.0, 40.0])
def test_sum_of_kernels(rng, offset):
    squares = rng.uniform(0, 70, LEAF_ROWS).astype(np.float32)
    squares[3:9] = FAR
    exact = np.exp(np.clip(offset - squares.astype(float), -80, 80)).sum()
    for function in (sum_of_kernels, compiled_sum):
        assert function(squares, np.float32(offset)) == pytest.approx(exact, rel=5e-6)
