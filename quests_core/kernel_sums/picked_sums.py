"""Compiled kernel sums of single environments against the frames picked so far.

A lazy selection updates the sum of one environment at a time by the frames that were picked since its last
update. The nearest leaves of picks (see `quests_core.kernel_sums.picked_leaves`) are processed first, as they
set the limit, followed by all others within the limit.

The data of a leaf bound distances from both sides. Let d be the distance to the rounded coordinates of a lane
along the first axes, s the norm of their rounding error, and t and t' the distances of both rows from the
centre of the leaf along the remaining axes. Then the exponent is at least ``(d - s)²`` and at most ``(d + s)²
+ (t + t')²``. The latter is replaced by ``(1 + s / 2) d² + s (2 + s) + (t + t')²``, which is not smaller. The
sum of kernels with these upper bounds is a lower bound of the exact sum, which is computed first and usually
decides. The exact sum uses the rows of all lanes that may matter, in double precision. Skipped terms make a
sum smaller, so that it remains a lower bound.
"""

import math
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit_inline
from .leaf_simd import (
    ROUND_UP,
    bfloat16_distances_sq,
    leaves_within,
    sum_of_kernels,
    upper_bound_distances_sq,
)
from .picked_leaves import Picked
from .tile_distances import FAR
from .tile_sums import exact_square
from .tiles import CHUNK_AXES, LEAF_ROWS

# Leaves closer than this fraction of the limit are visited before others, as they reduce it.
_EARLY = np.float32(0.25)
# Any value below `FAR`, but above all limits.
_BEFORE_FAR = np.float32(2e38)
# Bounds are summed relative to a term whose exponent may exceed the smallest one by this.
_STEP = 40.0
# Approximate time for sixteen boxes, for the lanes of a leaf, and for the row of a lane, in nanoseconds.
_BOX_WORK, _LEAF_WORK, _ROW_WORK = 10.0, 150.0, 40.0


class PickedSums(NamedTuple):
    """Sums of all rows: that of a row over the first `n_added` picks is ``total · exp(-nearest)``."""

    n_added: np.ndarray
    nearest: np.ndarray
    total: np.ndarray


class Workspace(NamedTuple):
    """The buffers of one thread."""

    relative: np.ndarray  # the environment relative to the centre of a leaf, (CHUNK_AXES,)
    squares: np.ndarray  # squared distances to the lanes of a leaf, (LEAF_ROWS,)
    rows: np.ndarray  # rows of the lanes that may matter, (LEAF_ROWS,)
    exponents: np.ndarray  # their exponents, (LEAF_ROWS,)
    gaps: np.ndarray  # squared distances to the boxes of the leaves in use
    near: np.ndarray  # indices of the leaves within the limit
    work: np.ndarray  # estimated time of the sums so far, in nanoseconds, shape (1,)

    @classmethod
    def of(cls, picked: Picked) -> "Workspace":
        """Return buffers for sums against `picked`."""
        relative, squares, gaps = (np.empty(n, np.float32) for n in (CHUNK_AXES, LEAF_ROWS, len(picked.last)))
        rows, exponents, near = (
            np.empty(LEAF_ROWS, np.int64),
            np.empty(LEAF_ROWS),
            np.empty(len(gaps), np.int32),
        )
        return cls(relative, squares, rows, exponents, gaps, near, np.zeros(1))


@jit_inline
def _limit(far, error):
    """Return an upper bound of the square of a distance with the given error, in single precision."""
    return np.float32(min((far + error) ** 2 * ROUND_UP, _BEFORE_FAR))


@jit_inline
def _error(nearest):
    """Return the error of the logarithm of a sum of bounds; terms below e⁻³⁰ of the largest do not count."""
    return 1e-5 + 2.0**-21 * (nearest + 30.0)


@jit_inline
def _add_bounds(picked, leaf, since, residual_norm, nearest, total, workspace):
    """Add lower bounds of the kernels of the lanes of a leaf that were picked at rank `since` or later."""
    rounding_norms, residual_norms, ranks = (
        picked.rounding_norms[leaf],
        picked.residual_norms[leaf],
        picked.ranks[leaf],
    )
    least = upper_bound_distances_sq(
        workspace.squares, rounding_norms, residual_norms, residual_norm, ranks, np.int32(since)
    )
    if not least < _BEFORE_FAR:
        return nearest, total
    if least < nearest - _STEP:
        total *= math.exp(least - nearest)
        nearest = np.float64(least)
    return nearest, total + sum_of_kernels(workspace.squares, np.float32(nearest))


@jit_inline
def _add_exactly(picked, row, leaf, since, limit, nearest, total, workspace):
    """Add the exact kernels of the lanes of a leaf that were picked at rank `since` or later."""
    query, rows, exponents, n = picked.rows[row], workspace.rows, workspace.exponents, 0
    ranks, row_at = picked.ranks[leaf], picked.row_at[leaf]
    for j in range(LEAF_ROWS):
        rows[n] = row_at[j]
        n += (ranks[j] >= since) & (not workspace.squares[j] > limit)
    least = nearest
    workspace.work[0] += _ROW_WORK * n
    for i in range(n):
        exponents[i] = exact_square(query, picked.pick_rows[rows[i]]) * picked.unit * picked.unit
        least = min(least, exponents[i])
    if least < nearest:
        total *= math.exp(least - nearest)
    for i in range(n):
        total += math.exp(least - exponents[i])
    return least, total


@jit_inline
def _add_leaf(picked, leaf, row, since, far, is_bound, nearest, total, workspace):
    """Add the lanes of a leaf that were picked at rank `since` or later and are within `far`."""
    x, center, bfloat16 = picked.singles[row], picked.centers[leaf], picked.bfloat16[leaf]
    limit = _limit(far, picked.max_rounding[leaf])
    workspace.work[0] += _LEAF_WORK
    if not bfloat16_distances_sq(x, center, bfloat16, limit, workspace.relative, workspace.squares):
        return nearest, total
    if not is_bound:
        return _add_exactly(picked, row, leaf, since, limit, nearest, total, workspace)
    square = np.float32(0.0)
    for c in range(bfloat16.shape[0], x.shape[0]):
        square += (x[c] - center[c]) ** 2
    return _add_bounds(picked, leaf, since, np.float32(math.sqrt(square)), nearest, total, workspace)


@jit_inline
def _near_leaves(picked, row, since, limit, workspace):
    """Write the leaves with new picks within a limit, with the nearest first; return their number."""
    gaps, near, n_blocks, first = workspace.gaps, workspace.near, (picked.n_leaves[0] + 15) // 16, 0
    workspace.work[0] += _BOX_WORK * n_blocks
    x, since = picked.singles[row], np.int32(since)
    n_near = leaves_within(picked.low, picked.high, picked.last, x, since, limit, n_blocks, gaps, near)
    for i in range(n_near):
        first = i if gaps[near[i]] < gaps[near[first]] else first
    near[0], near[first] = near[first], near[0]
    return n_near


@jit_inline
def update_sum(picked, row, n_picked, bound, need, reach, is_bound, sums, workspace):
    """Add the picks since the last update to the sum of a row; return the logarithm of the sum.

    Terms are skipped if their exponent exceeds that of the sum by `reach`; the logarithm of the sum is known
    to be at least `bound`. If `is_bound`, a lower bound is computed without reading rows, and returned minus
    its error. As soon as the logarithm exceeds `need`, it is returned, and the stored sum is not changed.
    """
    since, nearest, total = sums.n_added[row], sums.nearest[row], sums.total[row]
    log_total, far = math.log(total) if total > 0.0 else -np.inf, math.sqrt(reach - bound)
    gaps, near, own, n_near = workspace.gaps, workspace.near, picked.leaf_of[row], 1
    near[0], gaps[own] = own, np.float32(0.0) if picked.last[own] >= since else FAR
    # First the leaf of the row itself, then the nearest leaf and those that reduce the limit, then all
    # others.
    for stage in range(3):
        if stage == 1:
            n_near = _near_leaves(picked, row, since, _limit(far, picked.rounding_error), workspace)
            gaps[own] = FAR
        for i in range(n_near):
            leaf, limit = np.int64(near[i]), _limit(far, picked.rounding_error)
            if gaps[leaf] > (_EARLY * limit if stage == 1 and i > 0 else limit):
                continue
            gaps[leaf] = FAR
            before = total
            nearest, total = _add_leaf(picked, leaf, row, since, far, is_bound, nearest, total, workspace)
            if total != before:
                log_total = math.log(total)
                if log_total - nearest - _error(nearest) > need:
                    return log_total - nearest - _error(nearest)
                far = min(far, math.sqrt(max(reach + nearest - log_total, 0.0)))
    sums.n_added[row], sums.nearest[row], sums.total[row] = n_picked, nearest, total
    return log_total - nearest - (_error(nearest) if is_bound else 0.0) if total > 0.0 else -np.inf
