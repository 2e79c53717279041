"""The environments picked so far, in leaves that split as they fill up.

What is picked stands in lanes by the order of the tiles (see `quests_core.kernel_sums.tiles`), which keeps
near together what is near: a leaf holds what was picked from one run of rows, and becomes two when it is
full. So there are as few leaves as the picks need, full enough to be worth the reading, and they have boxes,
by which whatever is far is skipped.

Of a lane its first axes are kept, rounded to half of a single (`quests_core.kernel_sums.leaf_simd`), and the
lengths of what rounding took away and of the other axes: enough to bound its distance to anything, in a
fraction of the memory. All lengths are in units of h√2, so that their squares are exponents of the kernel.
"""

import math
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit, jit_inline
from .leaf_simd import BOX_AXES
from .tiles import CHUNK_AXES, LEAF_ROWS, Tiles

# First axes that are kept of a lane, at most: further ones add some hundredths to an exponent.
_HEAD_AXES = 3 * CHUNK_AXES
# Coordinates of a lane and a box that are empty: far from all, but their squares are finite.
_EMPTY = np.float32(1e17)
_EMPTY_BFLOAT16 = _EMPTY.view(np.uint32) >> 16
# Lengths in single precision are taken for longer by this factor.
_LONGER = 1.0001
# Error of a difference of two rows, each of which was rounded twice, for the longer one's length.
_GRAIN = 2.0**-21
# Columns of `Picked.spans`.
_START, _STOP = range(2)


class Picked(NamedTuple):
    """The picked environments by leaves."""

    rows: np.ndarray  # all environments in tile order, Å⁻¹, (n, D)
    unit: float  # 1 / h√2
    singles: np.ndarray  # rows in units of h√2, in single precision
    rounding_error: float  # error of a distance between two of these
    leaf_of: np.ndarray  # leaf where each row stands, or would
    n_leaves: np.ndarray  # how many leaves are in use, shape (1,)
    spans: np.ndarray  # rows that each of them is for, (n_leaves, 2)
    centers: np.ndarray  # where its lanes are seen from, (n_leaves, D)
    low: np.ndarray  # box of its lanes, see `leaves_within`
    high: np.ndarray
    max_rounding: np.ndarray  # the largest number in `rounding_norms`
    last: np.ndarray  # rank of the last pick in it
    counts: np.ndarray  # lanes that are taken
    row_at: np.ndarray  # row of each lane, (n_leaves, LEAF_ROWS)
    ranks: np.ndarray  # when it was picked, -1 for a lane that is empty
    bfloat16: np.ndarray  # coordinates relative to the centre, see `bfloat16_distances_sq`
    rounding_norms: np.ndarray  # how far each lane is from where these say
    residual_norms: np.ndarray  # how far from the centre along the other axes
    single: np.ndarray  # room for the coordinates of one lane
    bits: np.ndarray  # and these as bits

    @classmethod
    def empty(cls, tiles: Tiles, bandwidth: float) -> "Picked":
        """Return room for the rows of `tiles`, none of which is picked."""
        n, n_axes = tiles.rows.shape
        unit, n_head = math.sqrt(0.5) / bandwidth, min(n_axes, _HEAD_AXES)
        # All have had half of a full one.
        n_blocks = 1 + n // (LEAF_ROWS // 2) // 16
        n_leaves = 16 * n_blocks
        singles, single = np.empty((n, n_axes), np.float32), np.empty(n_head, np.float32)
        np.multiply(tiles.rows, unit, out=singles, casting="same_kind")
        longest = math.sqrt(np.einsum("ij,ij->i", tiles.rows, tiles.rows).max(initial=0.0)) * unit
        lanes = n_leaves, LEAF_ROWS
        picked = cls(
            rows=tiles.rows,
            unit=unit,
            singles=singles,
            rounding_error=_GRAIN * longest,
            leaf_of=np.zeros(n, np.int64),
            n_leaves=np.ones(1, np.int64),
            spans=np.empty((n_leaves, 2), np.int64),
            centers=np.zeros((n_leaves, n_axes), np.float32),
            low=np.full((n_blocks, BOX_AXES, 16), _EMPTY),
            high=np.full((n_blocks, BOX_AXES, 16), -_EMPTY),
            max_rounding=np.empty(n_leaves),
            last=np.full(n_leaves, -1, np.int32),
            counts=np.empty(n_leaves, np.int64),
            row_at=np.zeros(lanes, np.int64),
            ranks=np.empty(lanes, np.int32),
            bfloat16=np.empty((n_leaves, n_head, LEAF_ROWS // 2, 2), np.uint16),
            rounding_norms=np.zeros(lanes, np.float32),
            residual_norms=np.zeros(lanes, np.float32),
            single=single,
            bits=single.view(np.uint32),
        )
        _lay_out(picked, 0, np.empty(0, np.int64), np.empty(0, np.int32), 0, n)
        return picked


@jit_inline
def _put(picked, leaf, row, rank):
    """Put a row in the next lane of a leaf."""
    lane, single, bits = picked.counts[leaf], picked.single, picked.bits
    center, x, n_head = picked.centers[leaf], picked.singles[row], picked.single.shape[0]
    half, side, rounding_norms, residual_norm = lane % (LEAF_ROWS // 2), lane // (LEAF_ROWS // 2), 0.0, 0.0
    for c in range(n_head):
        single[c] = x[c] - center[c]
    for c in range(n_head):
        # To the nearest.
        bits[c] = (bits[c] + np.uint32(0x8000)) & np.uint32(0xFFFF0000)
        picked.bfloat16[leaf, c, half, side] = bits[c] >> np.uint32(16)
    for c in range(n_head):
        rounding_norms += np.float64((x[c] - center[c]) - single[c]) ** 2
    for c in range(n_head, x.shape[0]):
        residual_norm += np.float64(x[c] - center[c]) ** 2
    picked.rounding_norms[leaf, lane] = _LONGER * (math.sqrt(rounding_norms) + picked.rounding_error)
    picked.residual_norms[leaf, lane] = _LONGER * (math.sqrt(residual_norm) + picked.rounding_error)
    picked.max_rounding[leaf] = max(picked.max_rounding[leaf], picked.rounding_norms[leaf, lane])
    picked.row_at[leaf, lane], picked.ranks[leaf, lane] = row, rank
    picked.counts[leaf], picked.last[leaf] = lane + 1, max(picked.last[leaf], rank)
    low, high, place = picked.low[leaf // 16], picked.high[leaf // 16], leaf % 16
    for c in range(BOX_AXES):
        low[c, place], high[c, place] = min(low[c, place], x[c]), max(high[c, place], x[c])


@jit
def _lay_out(picked, leaf, rows, ranks, first, end):
    """Make a leaf for the rows ``first:end`` of those among them that are picked."""
    picked.spans[leaf, _START], picked.spans[leaf, _STOP] = first, end
    picked.leaf_of[first:end] = leaf
    picked.max_rounding[leaf], picked.last[leaf], picked.counts[leaf] = 0.0, -1, 0
    picked.low[leaf // 16, :, leaf % 16], picked.high[leaf // 16, :, leaf % 16] = _EMPTY, -_EMPTY
    picked.bfloat16[leaf], picked.ranks[leaf], center = _EMPTY_BFLOAT16, -1, picked.centers[leaf]
    if rows.shape[0]:
        center[:] = np.float32(0.0)
        for row in rows:
            for c in range(center.shape[0]):
                center[c] += picked.singles[row, c]
        for c in range(center.shape[0]):
            center[c] /= np.float32(rows.shape[0])
    for i in range(rows.shape[0]):
        _put(picked, leaf, rows[i], ranks[i])


@jit
def _split(picked, leaf):
    """Make two leaves of one that is full."""
    order, half = np.argsort(picked.row_at[leaf]), LEAF_ROWS // 2
    rows, ranks = picked.row_at[leaf][order], picked.ranks[leaf][order]
    first, end, other = picked.spans[leaf, _START], picked.spans[leaf, _STOP], picked.n_leaves[0]
    picked.n_leaves[0] = other + 1
    _lay_out(picked, leaf, rows[:half], ranks[:half], first, rows[half])
    _lay_out(picked, other, rows[half:], ranks[half:], rows[half], end)


@jit
def add_rows(picked, rows, rank):
    """Take note that these rows were picked."""
    for row in rows:
        if picked.counts[picked.leaf_of[row]] == LEAF_ROWS:
            _split(picked, picked.leaf_of[row])
        _put(picked, picked.leaf_of[row], row, rank)
