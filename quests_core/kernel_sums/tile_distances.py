"""Compiled squared distances of references to one tile of queries, in single precision.

`GROUP_SIZE` references are processed at once, so that each column of the tile is loaded once for all of them.
Squared differences of coordinates relative to the tile's centre are summed over `CHUNK_AXES` axes at a time,
and compared with the limits in between.
"""

import numpy as np

from ..utils.jit import jit_no_refcount
from .simd import GROUP_SIZE, add_axes
from .tiles import CHUNK_AXES

# Above every limit, but finite.
FAR = np.float32(3e38)


@jit_no_refcount
def box_distance_sq(low, high, other_low, other_high):
    """Return the squared distance of two boxes; a row is a box with `low` equal to `high`."""
    bound = 0.0
    for c in range(low.shape[0]):
        beyond = max(max(low[c] - other_high[c], other_low[c] - high[c]), 0.0)
        bound += beyond * beyond
    return bound


@jit_no_refcount
def _load(rows, members, center, first, chunk):
    """Write `CHUNK_AXES` axes of some rows, relative to the centre."""
    for r in range(GROUP_SIZE):
        row, middle, out = (
            rows[members[r], first : first + CHUNK_AXES],
            center[first : first + CHUNK_AXES],
            chunk[r],
        )
        for c in range(out.shape[0]):
            out[c] = row[c] - middle[c]


@jit_no_refcount
def _any_within(squares, limit):
    s0, s1, s2, s3 = squares[0], squares[1], squares[2], squares[3]
    within = 0
    for j in range(limit.shape[0]):
        within += min(min(s0[j], s1[j]), min(s2[j], s3[j])) <= limit[j]
    return within > 0


@jit_no_refcount
def group_distances_sq(rows, leading_axes, members, center, columns, limit, chunk, squares):
    """Write squared distances of `GROUP_SIZE` rows to the columns; return False if all exceed the limits."""
    for r in range(GROUP_SIZE):
        squares[r, : limit.shape[0]] = np.float32(0.0)
    for first in range(0, columns.shape[0], CHUNK_AXES):
        _load(rows if first else leading_axes, members, center, first, chunk)
        add_axes(chunk, columns, first, limit.shape[0], squares)
        if not _any_within(squares, limit):
            return False
    return True
