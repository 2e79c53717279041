"""Compiled squared distances of references to one tile of queries, in single precision.

`GROUP` references are worked on at once, so that a column of the tile, once loaded, serves them all.
Differences of coordinates relative to the tile's centre are squared and added up `CHUNK` axes at a
time; between two chunks all may turn out to be too far.
"""

import numpy as np

from ._numba import kernel
from .tree import CHUNK, TILE_ROWS

# References worked on at once.
GROUP = 4
# Beyond every limit, but finite.
FAR = np.float32(3e38)


@kernel
def outside(row, low, high, limit):
    """Say whether the squared distance of a row to a box is beyond the limit."""
    bound = 0.0
    for c in range(CHUNK):
        beyond = max(max(low[c] - row[c], row[c] - high[c]), 0.0)
        bound += beyond * beyond
    return bound > limit


@kernel
def gap(low, high, other_low, other_high):
    """Return the squared distance of two boxes."""
    bound = 0.0
    for c in range(CHUNK):
        beyond = max(max(low[c] - other_high[c], other_low[c] - high[c]), 0.0)
        bound += beyond * beyond
    return bound


@kernel
def _load(rows, center, chunk):
    """Write one chunk of axes of some rows, relative to the centre."""
    for r in range(GROUP):
        row, out = rows[r], chunk[r]
        for c in range(CHUNK):
            out[c] = row[c] - center[c]


@kernel
def _add_axes(chunk, columns, squares):
    """Add the squared differences along one chunk of axes, of four references and along four axes at once."""
    s0, s1, s2, s3 = squares[0], squares[1], squares[2], squares[3]
    for c in range(0, CHUNK, 4):
        x0, x1, x2, x3 = columns[c], columns[c + 1], columns[c + 2], columns[c + 3]
        p0, p1, p2, p3 = chunk[0, c], chunk[0, c + 1], chunk[0, c + 2], chunk[0, c + 3]
        q0, q1, q2, q3 = chunk[1, c], chunk[1, c + 1], chunk[1, c + 2], chunk[1, c + 3]
        r0, r1, r2, r3 = chunk[2, c], chunk[2, c + 1], chunk[2, c + 2], chunk[2, c + 3]
        t0, t1, t2, t3 = chunk[3, c], chunk[3, c + 1], chunk[3, c + 2], chunk[3, c + 3]
        for j in range(TILE_ROWS):
            s0[j] += (p0 - x0[j]) ** 2 + (p1 - x1[j]) ** 2 + (p2 - x2[j]) ** 2 + (p3 - x3[j]) ** 2
            s1[j] += (q0 - x0[j]) ** 2 + (q1 - x1[j]) ** 2 + (q2 - x2[j]) ** 2 + (q3 - x3[j]) ** 2
            s2[j] += (r0 - x0[j]) ** 2 + (r1 - x1[j]) ** 2 + (r2 - x2[j]) ** 2 + (r3 - x3[j]) ** 2
            s3[j] += (t0 - x0[j]) ** 2 + (t1 - x1[j]) ** 2 + (t2 - x2[j]) ** 2 + (t3 - x3[j]) ** 2


@kernel
def any_within(squares, limit):
    """Say whether any of the squares is within its limit."""
    s0, s1, s2, s3 = squares[0], squares[1], squares[2], squares[3]
    within = 0
    for j in range(TILE_ROWS):
        within += min(min(s0[j], s1[j]), min(s2[j], s3[j])) <= limit[j]
    return within > 0


@kernel
def squares_of_group(rows, center, columns, limit, chunk, squares):
    """Write the squared distances of `GROUP` rows to the columns; False once all are beyond the limits."""
    squares[:] = 0.0
    for first in range(0, columns.shape[0], CHUNK):
        last = first + CHUNK
        _load(rows[:, first:last], center[first:last], chunk)
        _add_axes(chunk, columns[first:last], squares)
        if not any_within(squares, limit):
            return False
    return True
