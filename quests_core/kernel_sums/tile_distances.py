"""Compiled squared distances of references to one tile of queries, in single precision.

`GROUP_SIZE` references are processed at once, so that each column of the tile is loaded once for all of them.
Squared differences of coordinates relative to the tile's centre are summed over `CHUNK_AXES` axes at a time,
and compared with the limits in between.

The leading axes contain nearly all of a distance where environments are similar. If what references and
queries have along the others is small, no limit decides there, and little can cancel:
``|x - y|² = |x|² + |y|² - 2 x·y`` takes one operation per axis in place of two.
"""

import numpy as np

from ..utils.jit import jit_no_refcount
from .simd import GROUP_SIZE, add_axes, add_products
from .tiles import CHUNK_AXES

# Above every limit, but finite.
FAR = np.float32(3e38)
# Largest |x|² + |y|² along the axes after the leading ones, as an exponent, for which the distance is
# computed from products. Its error is a few 2⁻²⁴ of that.
MAX_PRODUCT_EXPONENT = 2.0


@jit_no_refcount
def box_distance_sq(low, high, other_low, other_high):
    """Return the squared distance of two boxes; a row is a box with `low` equal to `high`."""
    bound = 0.0
    for c in range(low.shape[0]):
        beyond = max(max(low[c] - other_high[c], other_low[c] - high[c]), 0.0)
        bound += beyond * beyond
    return bound


@jit_no_refcount
def _load(rows, members, center, first, factor, chunk):
    """Write `CHUNK_AXES` axes of some rows, relative to the centre and multiplied by a factor."""
    for r in range(GROUP_SIZE):
        row, middle, out = (
            rows[members[r], first : first + CHUNK_AXES],
            center[first : first + CHUNK_AXES],
            chunk[r],
        )
        for c in range(out.shape[0]):
            out[c] = factor * (row[c] - middle[c])


@jit_no_refcount
def _any_within(squares, limit):
    s0, s1, s2, s3 = squares[0], squares[1], squares[2], squares[3]
    within = 0
    for j in range(limit.shape[0]):
        within += min(min(s0[j], s1[j]), min(s2[j], s3[j])) <= limit[j]
    return within > 0


@jit_no_refcount
def _further_squares(rows, members, center, out):
    """Write the squared distance of some rows from the centre along all but the leading axes."""
    middle = center[CHUNK_AXES:]
    for r in range(GROUP_SIZE):
        row, square = rows[members[r], CHUNK_AXES:], 0.0
        for c in range(middle.shape[0]):
            difference = row[c] - middle[c]
            square += difference * difference
        out[r] = square
    return max(max(out[0], out[1]), max(out[2], out[3]))


@jit_no_refcount
def _add_further_axes(rows, members, tile, lanes, chunk, further, squares):
    """Add the squared distances along all but the leading axes, computed from products."""
    for r in range(GROUP_SIZE):
        of_row, of_reference = squares[r], further[r]
        for j in range(lanes):
            of_row[j] += tile.further[j] + of_reference
    for first in range(CHUNK_AXES, tile.columns.shape[0], CHUNK_AXES):
        _load(rows, members, tile.center, first, -2.0, chunk)
        add_products(chunk, tile.columns, first, lanes, squares)


@jit_no_refcount
def group_distances_sq(rows, leading_axes, tile, scale, limit, work):
    """Write squared distances of `GROUP_SIZE` rows to the columns; return False if all exceed the limits.

    All may also exceed them otherwise, where nearly all of a distance is in the leading axes.

    The indices of the rows are in ``work.members``; the distances are written to ``work.squares``.
    """
    members, chunk, squares, further = work.members, work.chunk, work.squares, work.further
    columns, lanes = tile.columns, limit.shape[0]
    for r in range(GROUP_SIZE):
        squares[r, :lanes] = np.float32(0.0)
    _load(leading_axes, members, tile.center, 0, 1.0, chunk)
    add_axes(chunk, columns, 0, lanes, squares)
    if not _any_within(squares, limit):
        return False
    room = MAX_PRODUCT_EXPONENT - scale * tile.most_further
    if room > 0.0 and scale * _further_squares(rows, members, tile.center, further) <= room:
        _add_further_axes(rows, members, tile, lanes, chunk, further, squares)
        return True
    for first in range(CHUNK_AXES, columns.shape[0], CHUNK_AXES):
        _load(rows, members, tile.center, first, 1.0, chunk)
        add_axes(chunk, columns, first, lanes, squares)
        if not _any_within(squares, limit):
            return False
    return True
