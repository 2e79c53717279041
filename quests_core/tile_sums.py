"""Compiled kernel sums over one tile of queries, reference by reference.

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
from .tree import CHUNK, TILE_ROWS, fill_columns

# A query is fast if its nearest exponent, and its distance from the tile's centre in units of h√2,
# are at most these.
_NEAR, _WIDE = 10.0, 8.0
# Terms smaller than the largest by this exponent may have a relative error of 1e-3.
FADED = 14.0
_UNIT = 2.0**-24
_LARGEST_SINGLE = 3.4e38


def new_state(sizes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the state of tiles of these numbers of queries before any reference was added."""
    single, shape = np.float32, (len(sizes), TILE_ROWS)
    taken = np.arange(TILE_ROWS) < sizes[:, None]
    return (
        np.full(shape, np.inf),
        np.zeros(shape),
        np.where(taken, np.inf, -1.0).astype(single),
        np.zeros(shape, single),
        np.zeros(shape, single),
        np.tile([np.inf, 0.0], (len(sizes), 1)),
    )


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
def _squares_to_tile(rows, i, center, columns, limit, row, squares):
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
    """Add one term to one query's sum, its exponent in double precision if it matters."""
    exponent = scale * np.float64(squares[j])
    # Not less than `_slack`, as √e ≤ (1 + e) / 2.
    slack = 1e-5 * exponent + 4.0 * _UNIT * radius * math.sqrt(scale) * (1.0 + exponent)
    if exponent <= nearest[j] + fade + slack:
        exponent = scale * _exact_square(queries, j, rows, i)
    if exponent < nearest[j]:
        total[j] *= math.exp(exponent - nearest[j])
        nearest[j] = exponent
        limit[j] = _limit(exponent + reach, radius * math.sqrt(scale), scale)
    total[j] += math.exp(nearest[j] - exponent)


@kernel
def _refresh(n, radii, scale, reach, fade, state):
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
def _outside(rows, i, low, high, limit):
    """Say whether the squared distance of row i to a box is beyond the limit."""
    bound = 0.0
    for c in range(CHUNK):
        gap = max(max(low[c] - rows[i, c], rows[i, c] - high[c]), 0.0)
        bound += gap * gap
        if bound > limit:
            return True
    return False


@kernel
def _gap(low, high, other_low, other_high):
    """Return the squared distance of two boxes."""
    bound = 0.0
    for c in range(CHUNK):
        gap = max(max(low[c] - other_high[c], other_low[c] - high[c]), 0.0)
        bound += gap * gap
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
        bounds[r] = _gap(low, high, reference_low[r], reference_high[r])
    sequence = np.argsort(bounds) if bounds.shape[0] > 1 else np.zeros(1, np.int64)
    for r in sequence:
        if bounds[r] > summary[0]:
            break
        added = False
        for i in range(starts[r], starts[r + 1]):
            if _outside(rows, i, low, high, summary[0]):
                continue
            if _squares_to_tile(rows, i, center, columns, limit, row, squares):
                _add_terms(queries, radii, rows, i, state, scale, reach, fade, work)
                added = True
        if added:
            _refresh(n, radii, scale, reach, fade, state)
            changed = True
    return changed


@kernel
def _add_terms(queries, radii, rows, i, state, scale, reach, fade, work):
    """Add the kernels of row i, whose squared distances are known, to a tile's sums."""
    nearest, total, limit, offset, fast, summary = state
    squares, terms, flags, words = work[1], work[2], work[5], work[6]
    if summary[1] > 0.0:
        _kernels(scale, offset, work)
        for j in range(TILE_ROWS):
            total[j] += terms[j] * fast[j]
    if summary[1] < queries.shape[0]:
        _flag_careful(squares, limit, fast, flags)
        for word in range(words.shape[0]):
            if words[word] == 0:
                continue
            for j in range(8 * word, 8 * word + 8):
                if flags[j]:
                    _add_carefully(
                        queries, j, radii[j], rows, i, squares, nearest, total, limit, scale, reach, fade
                    )


@kernel
def _tile_of(tiles, t):
    """Return the rows of tile t and what `add_to_tile` wants to know of it."""
    rows, _, starts, centers, low, high, columns, radii = tiles
    return rows[starts[t] : starts[t + 1]], (columns[t], radii[t], centers[t], low[t], high[t])


@kernel
def _state_of(states, t):
    return (states[0][t], states[1][t], states[2][t], states[3][t], states[4][t], states[5][t])


@kernel
def add_to_tiles(tiles, first, last, references, accuracy, states, out):
    """Add all references to the sums of the tiles ``first:last`` and write their logarithms."""
    order, starts = tiles[1], tiles[2]
    work = work_space(tiles[0].shape[1])
    for t in range(first, last):
        queries, tile = _tile_of(tiles, t)
        state = _state_of(states, t)
        nearest, total, limit = state[0], state[1], state[2]
        if add_to_tile(queries, tile, references, accuracy, state, work):
            for j in range(queries.shape[0]):
                if limit[j] >= 0.0:
                    out[order[starts[t] + j]] = math.log(total[j]) - nearest[j]


@kernel
def add_own_tiles(tiles, first, last, accuracy, states, totals):
    """Add the kernels of the tiles ``first:last`` with themselves and with all later tiles.

    Each pair of rows is computed once. It counts in the state of the one in the earlier tile, and in
    `totals` for the other. All sums hold their own row, so ``nearest`` is 0 from the start.
    """
    rows, _, starts, _, lows, highs, _, _ = tiles
    scale, reach, fade = accuracy
    work = work_space(rows.shape[1])
    row, squares = work[0], work[1]
    for t in range(first, last):
        queries, (columns, radii, center, low, high) = _tile_of(tiles, t)
        state = _state_of(states, t)
        limit = state[2]
        n = queries.shape[0]
        # The limits are those of a query that has met itself; it will.
        state[1][:n] = 1.0
        _refresh(n, radii, scale, reach, fade, state)
        state[1][:n] = 0.0
        farthest = state[5][0]
        for r in range(t, starts.shape[0] - 1):
            if _gap(low, high, lows[r], highs[r]) > farthest:
                continue
            for i in range(starts[r], starts[r + 1]):
                if _outside(rows, i, low, high, farthest):
                    continue
                if _squares_to_tile(rows, i, center, columns, limit, row, squares):
                    added = _add_pairs(queries, rows, i, state, scale, fade, work)
                    if r > t:
                        totals[i] += added


@kernel
def _add_pairs(queries, rows, i, state, scale, fade, work):
    """Like `_add_terms` where ``nearest`` is 0; return the sum of the terms added."""
    _, total, limit, offset, fast, summary = state
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
                    exponent = scale * np.float64(squares[j])
                    if exponent <= fade:
                        exponent = scale * _exact_square(queries, j, rows, i)
                    term = math.exp(-exponent)
                    total[j] += term
                    added += term
    return added


@kernel
def frame_entropies(rotated, places, offsets, first, last, accuracy, out):
    """Write the entropy of each frame alone; -inf for a frame without environments."""
    n_axes = rotated.shape[1]
    work = work_space(n_axes)
    columns, radii = np.empty((n_axes, TILE_ROWS), np.float32), np.empty(TILE_ROWS)
    for frame in range(first, last):
        size = offsets[frame + 1] - offsets[frame]
        if size == 0:
            out[frame] = -np.inf
            continue
        rows = rotated[places[offsets[frame] : offsets[frame + 1]]]
        low, high = rows[0].copy(), rows[0].copy()
        for row in rows:
            low, high = np.minimum(low, row), np.maximum(high, row)
        center = 0.5 * (low + high)
        references = (rows, np.array([0, size]), low[:CHUNK].reshape(1, -1), high[:CHUNK].reshape(1, -1))
        log_sums = 0.0
        for start in range(0, size, TILE_ROWS):
            queries = rows[start : start + TILE_ROWS]
            fill_columns(queries, center, columns, radii)
            tile = (columns, radii, center, low[:CHUNK], high[:CHUNK])
            nearest, total = np.full(TILE_ROWS, np.inf), np.zeros(TILE_ROWS)
            limit = np.full(TILE_ROWS, np.float32(np.inf))
            limit[queries.shape[0] :] = -1.0
            offset, fast = np.zeros(TILE_ROWS, np.float32), np.zeros(TILE_ROWS, np.float32)
            state = (nearest, total, limit, offset, fast, np.array([np.inf, 0.0]))
            add_to_tile(queries, tile, references, accuracy, state, work)
            for j in range(queries.shape[0]):
                log_sums += math.log(total[j]) - nearest[j]
        out[frame] = math.log(size) - log_sums / size
