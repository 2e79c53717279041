"""Compiled kernel sums of one tile of queries, reference by reference.

A tile's state is five rows of numbers, one for each of its queries, and two numbers (see `new_state`):

* ``nearest`` and ``total``: the sum so far is ``total · exp(-nearest)``;
* ``limit``: squared distance beyond which a reference no longer matters, negative for a query whose
  sum is not wanted any more;
* ``offset`` and ``fast``: fast queries (1, others 0) take their exponents in single precision, and
  their ``nearest`` stays as it is. The others are careful: what matters to them is computed again in
  double precision;
* ``farthest``, the largest limit, and the number of fast queries.

All loops run over the room for `TILE_ROWS` queries, taken or not: a fixed length is what vectors like.

`quests_core.kernel` explains bounds and error.
"""

import math

import numpy as np

from ._numba import kernel
from .tree import CHUNK, TILE_ROWS

# A query is fast if its nearest exponent, and its distance from the tile's centre in units of h√2,
# are at most these.
_NEAR, _WIDE = 10.0, 8.0
# Terms smaller than the largest by this exponent may have a relative error of 1e-3.
FADED = 14.0
_UNIT = 2.0**-24
_LARGEST_SINGLE = 3.4e38


@kernel
def new_state(sizes):
    """Return the state of tiles of these numbers of queries before any reference was added."""
    n_tiles = sizes.shape[0]
    nearest, total = np.full((n_tiles, TILE_ROWS), np.inf), np.zeros((n_tiles, TILE_ROWS))
    limit = np.full((n_tiles, TILE_ROWS), np.float32(-1.0))
    offset, fast = np.zeros(limit.shape, np.float32), np.zeros(limit.shape, np.float32)
    summary = np.zeros((n_tiles, 2))
    summary[:, 0] = np.inf
    for t in range(n_tiles):
        limit[t, : sizes[t]] = np.inf
    return nearest, total, limit, offset, fast, summary


@kernel
def work_space(n_axes):
    """Return the buffers of one thread."""
    bits, flags = np.empty(TILE_ROWS, np.int32), np.empty(TILE_ROWS, np.uint8)
    return (
        np.empty(n_axes, np.float32),
        np.empty(TILE_ROWS, np.float32),
        np.empty(TILE_ROWS, np.float32),
        bits,
        bits.view(np.float32),
        flags,
        flags.view(np.uint64),
    )


@kernel
def _slack(exponent, radius):
    """Bound the error of an exponent in single precision, for a query this far from its tile's centre."""
    # The root is of a finite number, as 0 · inf is not one.
    return 1e-5 * exponent + 8.0 * _UNIT * radius * math.sqrt(min(exponent, 1e300))


@kernel
def _limit(exponent, radius, scale):
    """Return the squared distance in single precision beyond which no exponent is below the given one."""
    return min((exponent + _slack(exponent, radius)) / scale, _LARGEST_SINGLE)


@kernel
def _add_axes(row, columns, first, squares, limit):
    """Add `CHUNK` axes to the squared distances; return how many are within their limits."""
    for c in range(first, first + CHUNK, 8):
        x0, x1, x2, x3 = row[c], row[c + 1], row[c + 2], row[c + 3]
        x4, x5, x6, x7 = row[c + 4], row[c + 5], row[c + 6], row[c + 7]
        for j in range(TILE_ROWS):
            d0, d1 = x0 - columns[c, j], x1 - columns[c + 1, j]
            d2, d3 = x2 - columns[c + 2, j], x3 - columns[c + 3, j]
            d4, d5 = x4 - columns[c + 4, j], x5 - columns[c + 5, j]
            d6, d7 = x6 - columns[c + 6, j], x7 - columns[c + 7, j]
            squares[j] += (d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3) + (d4 * d4 + d5 * d5 + d6 * d6 + d7 * d7)
    within = 0
    for j in range(TILE_ROWS):
        within += squares[j] <= limit[j]
    return within


@kernel
def squares_to_tile(rows, i, center, columns, limit, row, squares):
    """Write the squared distances of row i to the columns; False once none is within its limit."""
    squares[:] = 0.0
    for first in range(0, columns.shape[0], CHUNK):
        for c in range(first, first + CHUNK):
            row[c] = rows[i, c] - center[c]
        if _add_axes(row, columns, first, squares, limit) == 0:
            return False
    return True


@kernel
def _kernels(scale, offset, work):
    """Write ``exp(offset - scale · square)`` in single precision, as 2^whole · p(f); vectorised."""
    squares, terms, bits, powers = work[1], work[2], work[3], work[4]
    factor = np.float32(scale)
    for j in range(TILE_ROWS):
        exponent = min(squares[j] * factor - offset[j], np.float32(80.0))
        x = exponent * np.float32(-1.44269504)
        whole = np.floor(x + np.float32(0.5))
        f = x - whole
        # 2^f on [-1/2, 1/2]: Taylor's series to the sixth order, relative error below 2e-7.
        p = np.float32(1.5403530e-4) * f + np.float32(1.3333558e-3)
        p = p * f + np.float32(9.6181291e-3)
        p = p * f + np.float32(5.5504109e-2)
        p = p * f + np.float32(2.4022651e-1)
        p = p * f + np.float32(6.9314718e-1)
        terms[j] = p * f + np.float32(1.0)
        bits[j] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for j in range(TILE_ROWS):
        terms[j] *= powers[j]


@kernel
def _exact_square(queries, j, rows, i):
    total = 0.0
    for c in range(rows.shape[1]):
        difference = queries[j, c] - rows[i, c]
        total += difference * difference
    return total


@kernel
def _add_carefully(queries, j, radius, rows, i, squares, nearest, total, limit, scale, reach, fade):
    """Add one term to one query's sum, its exponent in double precision if it matters; return it."""
    exponent = scale * np.float64(squares[j])
    # Not less than `_slack`, as √e ≤ (1 + e) / 2.
    slack = 1e-5 * exponent + 4.0 * _UNIT * radius * math.sqrt(scale) * (1.0 + exponent)
    if exponent <= nearest[j] + fade + slack:
        exponent = scale * _exact_square(queries, j, rows, i)
    if exponent < nearest[j]:
        total[j] *= math.exp(exponent - nearest[j])
        nearest[j] = exponent
        limit[j] = _limit(exponent + reach, radius * math.sqrt(scale), scale)
    term = math.exp(nearest[j] - exponent)
    total[j] += term
    return term


@kernel
def refresh(n, radii, scale, reach, fade, state):
    """Set the limits by the sums so far, and make queries fast that may be."""
    nearest, total, limit, offset, fast, summary = state
    farthest, n_fast = -1.0, 0
    root = math.sqrt(scale)
    for j in range(n):
        if limit[j] < 0.0:
            continue
        exponent = nearest[j] - math.log(total[j]) + reach
        limit[j] = _limit(exponent, radii[j] * root, scale)
        farthest = max(farthest, limit[j])
        if fast[j] == 0.0 and nearest[j] <= _NEAR and radii[j] * root <= _WIDE and fade < np.inf:
            fast[j], offset[j] = 1.0, nearest[j]
        n_fast += fast[j] > 0.0
    summary[0], summary[1] = farthest, n_fast


@kernel
def _flag_careful(squares, limit, fast, flags):
    """Flag the careful queries that are within their limits."""
    for j in range(TILE_ROWS):
        flags[j] = (squares[j] <= limit[j]) & (fast[j] == 0.0)


@kernel
def outside(rows, i, low, high, limit):
    """Say whether the squared distance of row i to a box is beyond the limit."""
    bound = 0.0
    for c in range(CHUNK):
        beyond = max(max(low[c] - rows[i, c], rows[i, c] - high[c]), 0.0)
        bound += beyond * beyond
        if bound > limit:
            return True
    return False


@kernel
def gap(low, high, other_low, other_high):
    """Return the squared distance of two boxes."""
    bound = 0.0
    for c in range(CHUNK):
        beyond = max(max(low[c] - other_high[c], other_low[c] - high[c]), 0.0)
        bound += beyond * beyond
    return bound


@kernel
def add_to_tile(queries, tile, references, accuracy, state, work):
    """Add all references to a tile's sums, the nearest reference tiles first; say whether any mattered.

    `queries` are the tile's rows, `tile` is ``(columns, radii, center, low, high)``, `references` is
    ``(rows, starts, low, high)``, `accuracy` is ``(scale, reach, fade)``.
    """
    columns, radii, center, low, high = tile
    rows, starts, reference_low, reference_high = references
    scale, reach, fade = accuracy
    n, changed = queries.shape[0], False
    limit, summary, row, squares = state[2], state[5], work[0], work[1]
    bounds = np.empty(starts.shape[0] - 1)
    for r in range(bounds.shape[0]):
        bounds[r] = gap(low, high, reference_low[r], reference_high[r])
    sequence = np.argsort(bounds) if bounds.shape[0] > 1 else np.zeros(1, np.int64)
    for r in sequence:
        if bounds[r] > summary[0]:
            break
        added = False
        for i in range(starts[r], starts[r + 1]):
            if outside(rows, i, low, high, summary[0]):
                continue
            if squares_to_tile(rows, i, center, columns, limit, row, squares):
                add_terms(queries, radii, rows, i, state, scale, reach, fade, work)
                added = True
        if added:
            refresh(n, radii, scale, reach, fade, state)
            changed = True
    return changed


@kernel
def add_terms(queries, radii, rows, i, state, scale, reach, fade, work):
    """Add the kernels of row i, whose squared distances are known, to a tile's sums.

    Returns the sum of what was added, which means something where ``nearest`` is 0 for all queries.
    """
    nearest, total, limit, offset, fast, summary = state
    squares, terms, flags, words = work[1], work[2], work[5], work[6]
    added = 0.0
    if summary[1] > 0.0:
        _kernels(scale, offset, work)
        for j in range(TILE_ROWS):
            term = terms[j] * fast[j]
            total[j] += term
            added += term
    if summary[1] < queries.shape[0]:
        _flag_careful(squares, limit, fast, flags)
        for word in range(words.shape[0]):
            if words[word] == 0:
                continue
            for j in range(8 * word, 8 * word + 8):
                if flags[j]:
                    added += _add_carefully(
                        queries, j, radii[j], rows, i, squares, nearest, total, limit, scale, reach, fade
                    )
    return added
