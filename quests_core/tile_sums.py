"""Compiled kernel sums of one tile of queries, `GROUP` references at a time.

A tile's state is five rows of numbers, one for each of its queries, and three numbers (see `new_state`):

* ``nearest`` and ``total``: the sum so far is ``total · exp(-nearest)``;
* ``limit``: squared distance beyond which a reference no longer matters, negative for a query whose
  sum is not wanted any more;
* ``offset``: for a fast query its ``nearest``, which stays as it is: its exponents are taken in single
  precision. `SLOW` for the others, the careful queries: what matters to them is computed again in
  double precision;
* ``careful``: the limit of a careful query, negative for a fast one;
* ``farthest``, the largest limit, and the numbers of fast and of careful queries.

All loops run over the room for `TILE_ROWS` queries, taken or not: a fixed length is what vectors like.

`quests_core.kernel` explains bounds and error.
"""

import math

import numpy as np

from ._numba import kernel
from .tile_squares import FAR, GROUP, gap, outside, squares_of_group
from .tree import CHUNK, TILE_ROWS

# A query is fast if its nearest exponent, and its distance from the tile's centre in units of h√2,
# are at most these.
_NEAR, _WIDE = 10.0, 8.0
# An offset that makes every term vanish.
SLOW = np.float32(-1e30)
_UNIT = 2.0**-24
# The bits of √½ as a double: what lies between it and √2 is a mantissa.
_ROOT_HALF, _MANTISSA = 0x3FE6A09E667F3BCD, 0x000FFFFFFFFFFFFF


@kernel
def new_state(sizes):
    """Return the state of tiles of these numbers of queries before any reference was added."""
    n_tiles = sizes.shape[0]
    nearest, total = np.full((n_tiles, TILE_ROWS), np.inf), np.zeros((n_tiles, TILE_ROWS))
    limit = np.full((n_tiles, TILE_ROWS), np.float32(-1.0))
    summary = np.zeros((n_tiles, 3))
    for t in range(n_tiles):
        limit[t, : sizes[t]] = FAR
        summary[t, 0], summary[t, 2] = np.inf, sizes[t]
    return nearest, total, limit, limit.copy(), np.full(limit.shape, SLOW), summary


@kernel
def work_space(n_axes):
    """Return the buffers of one thread."""
    mantissas, bits, flags = np.empty(TILE_ROWS), np.empty(TILE_ROWS, np.int32), np.empty(TILE_ROWS, np.uint8)
    return (
        np.empty((GROUP, n_axes)),
        np.empty((GROUP, CHUNK), np.float32),
        np.empty((GROUP, TILE_ROWS), np.float32),
        np.empty((GROUP, TILE_ROWS), np.float32),
        bits,
        bits.view(np.float32),
        flags,
        flags.view(np.uint64),
        mantissas,
        mantissas.view(np.int64),
        np.empty(TILE_ROWS),
    )


@kernel
def _kernels(squares, scale, offset, terms, work):
    """Write ``exp(offset - scale · square)`` in single precision, as 2^whole · p(f); vectorised."""
    bits, powers = work[4], work[5]
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
def _log_sums(nearest, total, work):
    """Write ``ln(total) - nearest`` in double precision, to 1e-15 relatively; vectorised."""
    mantissas, bits, out = work[8], work[9], work[10]
    for j in range(TILE_ROWS):
        mantissas[j] = max(total[j], 1e-300)
    for j in range(TILE_ROWS):
        shifted = bits[j] - _ROOT_HALF
        bits[j] = (shifted & _MANTISSA) + _ROOT_HALF
        out[j] = np.float64(shifted >> 52)
    for j in range(TILE_ROWS):
        # ln m = 2 artanh(s), |s| < 0.172.
        s = (mantissas[j] - 1.0) / (mantissas[j] + 1.0)
        x = s * s
        p = x * (1 / 19) + 1 / 17
        p = p * x + 1 / 15
        p = p * x + 1 / 13
        p = p * x + 1 / 11
        p = p * x + 1 / 9
        p = p * x + 1 / 7
        p = p * x + 1 / 5
        p = p * x + 1 / 3
        out[j] = out[j] * 0.6931471805599453 + 2.0 * (s + s * x * p) - nearest[j]


@kernel
def refresh(radii, accuracy, state, work):
    """Set the limits by the sums so far, make queries fast that may be, and write the log sums.

    The limits bound squares in single precision: their error is in them.
    """
    nearest, total, limit, careful, offset, summary = state
    scale, reach, may_be_fast = accuracy
    root, log_sums = math.sqrt(scale), work[10]
    _log_sums(nearest, total, work)
    n_fast, n_careful = 0, 0
    for j in range(TILE_ROWS):
        exponent = min(reach - log_sums[j], 1e38 * scale)
        slack = 1e-5 * exponent + 8.0 * _UNIT * radii[j] * root * math.sqrt(exponent)
        wanted = limit[j] >= 0.0
        fast = wanted & may_be_fast & (nearest[j] <= _NEAR) & (radii[j] * root <= _WIDE)
        limit[j] = np.float32((exponent + slack) / scale) if wanted else np.float32(-1.0)
        careful[j] = np.float32(-1.0) if fast else limit[j]
        offset[j] = np.float32(nearest[j]) if fast else SLOW
        n_fast += fast
        n_careful += wanted & (not fast)
    farthest = np.float32(-1.0)
    for j in range(TILE_ROWS):
        farthest = max(farthest, limit[j])
    summary[0], summary[1], summary[2] = farthest, n_fast, n_careful


@kernel
def _exact_square(x, y):
    total = 0.0
    for c in range(x.shape[0]):
        difference = x[c] - y[c]
        total += difference * difference
    return total


@kernel
def _add_carefully(queries, row, squares, state, scale, reach, work):
    """Add one reference to the sums of the careful queries it matters to, in double precision.

    Returns the sum of what was added, which means something where ``nearest`` is 0 for all queries.
    """
    nearest, total, limit, careful, _, _ = state
    flags, words = work[6], work[7]
    for j in range(TILE_ROWS):
        flags[j] = squares[j] <= careful[j]
    added = 0.0
    for word in range(words.shape[0]):
        if words[word] == 0:
            continue
        for j in range(8 * word, 8 * word + 8):
            if flags[j]:
                exponent = scale * _exact_square(queries[j], row)
                if exponent < nearest[j]:
                    total[j] *= math.exp(exponent - nearest[j])
                    nearest[j] = exponent
                term = math.exp(nearest[j] - exponent)
                total[j] += term
                added += term
    return added


@kernel
def add_group(queries, rows, count, columns, center, state, accuracy, work, added):
    """Add the kernels of up to `GROUP` rows to a tile's sums; say whether any was within reach.

    `added`, if not None, is given the sum of what each row added, which means something where
    ``nearest`` is 0 for all queries.
    """
    _, total, limit, _, offset, summary = state
    chunk, squares, terms = work[1], work[2], work[3]
    scale, reach, _ = accuracy
    for r in range(count, GROUP):
        rows[r] = rows[count - 1]
    if not squares_of_group(rows, center, columns, limit, chunk, squares):
        return False
    squares[count:] = FAR
    if added is not None:
        added[:] = 0.0
    if summary[1] > 0:
        for r in range(GROUP):
            _kernels(squares[r], scale, offset, terms[r], work)
        t0, t1, t2, t3 = terms[0], terms[1], terms[2], terms[3]
        for j in range(TILE_ROWS):
            total[j] += (t0[j] + t1[j]) + (t2[j] + t3[j])
        if added is not None:
            for r in range(count):
                row_sum = np.float32(0.0)
                for j in range(TILE_ROWS):
                    row_sum += terms[r, j]
                added[r] = row_sum
    if summary[2] > 0:
        for r in range(count):
            by_row = _add_carefully(queries, rows[r], squares[r], state, scale, reach, work)
            if added is not None:
                added[r] += by_row
    return True


@kernel
def add_to_tile(queries, tile, references, accuracy, state, work):
    """Add all references to a tile's sums, the nearest reference tiles first; say whether any mattered.

    `queries` are the tile's rows, `tile` is ``(columns, radii, center, low, high)``, `references` is
    ``(rows, starts, low, high)``, `accuracy` is ``(scale, reach, may_be_fast)``.
    """
    columns, radii, center, low, high = tile
    rows, starts, reference_low, reference_high = references
    summary, members = state[5], work[0]
    bounds = np.empty(starts.shape[0] - 1)
    for r in range(bounds.shape[0]):
        bounds[r] = gap(low, high, reference_low[r], reference_high[r])
    sequence = np.argsort(bounds) if bounds.shape[0] > 1 else np.zeros(1, np.int64)
    changed = False
    for r in sequence:
        if bounds[r] > summary[0]:
            break
        count, added = 0, False
        for i in range(starts[r], starts[r + 1]):
            if not outside(rows[i], low, high, summary[0]):
                members[count] = rows[i]
                count += 1
            last = i + 1 == starts[r + 1]
            if count == GROUP or (count > 0 and last):
                added |= add_group(queries, members, count, columns, center, state, accuracy, work, None)
                count = 0
            # The very first references set limits, and so save most of the work on the others.
            if added and (last or summary[0] == np.inf):
                refresh(radii, accuracy, state, work)
                changed = True
    return changed
