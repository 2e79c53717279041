"""The environments picked so far, in leaves that are split when they are full.

The order of the tiles (see `quests_core.kernel_sums.tiles`) keeps nearby rows together. A leaf contains the
picks from a contiguous range of rows, and is split into two when it is full, so that leaves are few and well
filled. Their boxes allow distant leaves to be skipped. Picks that are no rows of the tiles are placed where
similar rows are (see `quests_core.kernel_sums.separate_picks`).

The first axes of a lane are stored as bfloat16 (see `quests_core.kernel_sums.leaf_simd`), with the norms of
the rounding error and of the remaining axes. These bound the distance to any row, in a fraction of the
memory. All lengths are in units of h√2, so that their squares are exponents of the kernel.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..utils.jit import jit, jit_inline
from ..utils.mapped_arrays import Empty
from .leaf_simd import BOX_AXES
from .tiles import CHUNK_AXES, LEAF_ROWS, Tiles

# Maximum number of axes stored for a lane; further axes contribute a few hundredths to an exponent.
_STORED_AXES = 3 * CHUNK_AXES
# Coordinates of empty lanes and boxes: far from all others, with finite squares.
_EMPTY = np.float32(1e17)
_EMPTY_BFLOAT16 = _EMPTY.view(np.uint32) >> 16
# Factor that makes a norm in single precision an upper bound.
_ROUND_UP_NORM = 1.0001
# Error of the difference of two rows, relative to the longer one; both are rounded twice.
_RELATIVE_ERROR = 2.0**-21
# Columns of `Picked.spans`.
_START, _STOP = range(2)


class Picked(NamedTuple):
    """The picked environments, in leaves."""

    rows: np.ndarray  # all environments in tile order, Å⁻¹, (n, D)
    unit: float  # 1 / h√2
    singles: np.ndarray  # rows in units of h√2, in single precision
    pick_rows: np.ndarray  # what may be picked: all environments, or others
    pick_singles: np.ndarray  # these in units of h√2, in single precision
    keys: np.ndarray  # row of the tiles where each of these is placed
    rounding_error: float  # error of a distance between two rows
    leaf_of: np.ndarray  # leaf for each row, whether it is picked or not
    n_leaves: np.ndarray  # number of leaves in use, shape (1,)
    spans: np.ndarray  # range of rows of each leaf, (n_leaves, 2)
    centers: np.ndarray  # origin of the coordinates of its lanes, (n_leaves, D)
    low: np.ndarray  # box of its lanes, see `leaves_within`
    high: np.ndarray
    max_rounding: np.ndarray  # maximum of its `rounding_norms`
    last: np.ndarray  # rank of its last pick
    counts: np.ndarray  # number of its lanes in use
    row_at: np.ndarray  # row of `pick_rows` in each lane, (n_leaves, LEAF_ROWS)
    ranks: np.ndarray  # rank of the pick in each lane, -1 for an empty lane
    bfloat16: np.ndarray  # coordinates relative to the centre, see `bfloat16_distances_sq`
    rounding_norms: np.ndarray  # norm of the rounding error of these coordinates
    residual_norms: np.ndarray  # distance from the centre along the remaining axes
    single: np.ndarray  # buffer for the coordinates of one lane
    bits: np.ndarray  # the same memory as integers

    @classmethod
    def empty(cls, tiles: Tiles, bandwidth: float) -> "Picked":
        """Return the state without picks, for the rows of `tiles`."""
        (n, n_axes), unit = tiles.rows.shape, math.sqrt(0.5) / bandwidth
        n_stored = min(n_axes, _STORED_AXES)
        singles, single = tiles.empty((n, n_axes), np.float32), np.empty(n_stored, np.float32)
        np.multiply(tiles.rows, unit, out=singles, casting="same_kind")
        keys = tiles.empty((n,), np.int64)
        keys[:] = np.arange(n)
        picked = cls(
            rows=tiles.rows,
            unit=unit,
            singles=singles,
            pick_rows=tiles.rows,
            pick_singles=singles,
            keys=keys,
            rounding_error=rounding_error(tiles.rows, unit),
            leaf_of=np.zeros(n, np.int64),
            n_leaves=np.ones(1, np.int64),
            single=single,
            bits=single.view(np.uint32),
            **_leaves(n, n_axes, tiles.empty),
        )
        _fill_leaf(picked, 0, np.empty(0, np.int64), np.empty(0, np.int32), 0, n)
        return picked

    def with_space(self, n_picks: int) -> "Picked":
        """Return the same picks with leaves for `n_picks` rows, or `self` if there are enough."""
        n_old, n_axes = self.centers.shape
        if 16 * _n_blocks(n_picks) <= n_old:
            return self
        larger = _leaves(n_picks, n_axes, np.empty)
        for name, values in larger.items():
            old = getattr(self, name)
            values[: len(old)] = old
        return self._replace(**larger)


def rounding_error(rows: np.ndarray, unit: float) -> float:
    """Return the error of distances between rows in single precision, in units of h√2."""
    return _RELATIVE_ERROR * math.sqrt(np.einsum("ij,ij->i", rows, rows).max(initial=0.0)) * unit


def _n_blocks(n_picks: int) -> int:
    """Return the number of blocks of sixteen leaves; splitting leaves each leaf at least half full."""
    return 1 + n_picks // (LEAF_ROWS // 2) // 16


def _leaves(n_picks: int, n_axes: int, empty: Empty) -> dict[str, Any]:
    """Return arrays for the leaves of up to `n_picks` rows, none of which is in use."""
    n_blocks = _n_blocks(n_picks)
    n_leaves = 16 * n_blocks
    lanes = n_leaves, LEAF_ROWS
    return {
        "spans": np.empty((n_leaves, 2), np.int64),
        "centers": np.zeros((n_leaves, n_axes), np.float32),
        "low": np.full((n_blocks, BOX_AXES, 16), _EMPTY),
        "high": np.full((n_blocks, BOX_AXES, 16), -_EMPTY),
        "max_rounding": np.empty(n_leaves),
        "last": np.full(n_leaves, -1, np.int32),
        "counts": np.empty(n_leaves, np.int64),
        "row_at": np.zeros(lanes, np.int64),
        "ranks": np.empty(lanes, np.int32),
        "bfloat16": empty((n_leaves, min(n_axes, _STORED_AXES), LEAF_ROWS // 2, 2), np.uint16),
        "rounding_norms": np.zeros(lanes, np.float32),
        "residual_norms": np.zeros(lanes, np.float32),
    }


@jit_inline
def _put(picked, leaf, row, rank):
    """Add a row to the next lane of a leaf."""
    lane, single, bits = picked.counts[leaf], picked.single, picked.bits
    center, x, n_stored = picked.centers[leaf], picked.pick_singles[row], picked.single.shape[0]
    j, half, rounding_norms, residual_norm = lane % (LEAF_ROWS // 2), lane // (LEAF_ROWS // 2), 0.0, 0.0
    for c in range(n_stored):
        single[c] = x[c] - center[c]
    for c in range(n_stored):
        # Round to nearest.
        bits[c] = (bits[c] + np.uint32(0x8000)) & np.uint32(0xFFFF0000)
        picked.bfloat16[leaf, c, j, half] = bits[c] >> np.uint32(16)
    for c in range(n_stored):
        rounding_norms += np.float64((x[c] - center[c]) - single[c]) ** 2
    for c in range(n_stored, x.shape[0]):
        residual_norm += np.float64(x[c] - center[c]) ** 2
    picked.rounding_norms[leaf, lane] = _ROUND_UP_NORM * (math.sqrt(rounding_norms) + picked.rounding_error)
    picked.residual_norms[leaf, lane] = _ROUND_UP_NORM * (math.sqrt(residual_norm) + picked.rounding_error)
    picked.max_rounding[leaf] = max(picked.max_rounding[leaf], picked.rounding_norms[leaf, lane])
    picked.row_at[leaf, lane], picked.ranks[leaf, lane] = row, rank
    picked.counts[leaf], picked.last[leaf] = lane + 1, max(picked.last[leaf], rank)
    low, high, box = picked.low[leaf // 16], picked.high[leaf // 16], leaf % 16
    for c in range(BOX_AXES):
        low[c, box], high[c, box] = min(low[c, box], x[c]), max(high[c, box], x[c])


@jit
def _fill_leaf(picked, leaf, rows, ranks, first, end):
    """Initialise a leaf for the range of rows ``first:end`` with the picks `rows`."""
    picked.spans[leaf, _START], picked.spans[leaf, _STOP] = first, end
    picked.leaf_of[first:end] = leaf
    picked.max_rounding[leaf], picked.last[leaf], picked.counts[leaf] = 0.0, -1, 0
    picked.low[leaf // 16, :, leaf % 16], picked.high[leaf // 16, :, leaf % 16] = _EMPTY, -_EMPTY
    picked.bfloat16[leaf], picked.ranks[leaf], center = _EMPTY_BFLOAT16, -1, picked.centers[leaf]
    if rows.shape[0]:
        center[:] = np.float32(0.0)
        for row in rows:
            for c in range(center.shape[0]):
                center[c] += picked.pick_singles[row, c]
        for c in range(center.shape[0]):
            center[c] /= np.float32(rows.shape[0])
    for i in range(rows.shape[0]):
        _put(picked, leaf, rows[i], np.int64(ranks[i]))


@jit
def _split(picked, leaf):
    """Split a full leaf into two."""
    keys, half = picked.keys, LEAF_ROWS // 2
    rows, ranks = picked.row_at[leaf].copy(), picked.ranks[leaf].copy()
    for i in range(1, LEAF_ROWS):
        row, rank, position = rows[i], ranks[i], i
        while position > 0 and keys[rows[position - 1]] > keys[row]:
            rows[position], ranks[position] = rows[position - 1], ranks[position - 1]
            position -= 1
        rows[position], ranks[position] = row, rank
    first, end, other = picked.spans[leaf, _START], picked.spans[leaf, _STOP], picked.n_leaves[0]
    picked.n_leaves[0] = other + 1
    # Of rows with the same key, those in the first leaf remain there.
    middle = keys[rows[half]]
    _fill_leaf(picked, leaf, rows[:half], ranks[:half], first, middle)
    _fill_leaf(picked, other, rows[half:], ranks[half:], middle, end)


@jit
def add_rows(picked, rows, rank):
    """Add picked rows with their rank."""
    for row in rows:
        key = picked.keys[row]
        if picked.counts[picked.leaf_of[key]] == LEAF_ROWS:
            _split(picked, picked.leaf_of[key])
        _put(picked, picked.leaf_of[key], row, rank)
