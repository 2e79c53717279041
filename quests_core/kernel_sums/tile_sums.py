"""Compiled kernel sums of one tile of queries, `GROUP_SIZE` references at a time.

A tile's queries stand in lanes: `BLOCK_LANES` at a time, as vectors are long; the last ones may be empty.
Its state is five rows of numbers, one for each lane, and three numbers (see `new_states`):

* ``nearest`` and ``total``: the sum so far is ``total · exp(-nearest)``;
* ``limit``: squared distance beyond which a reference no longer matters, negative for a lane that is
  empty or whose sum is not wanted any more;
* ``offset``: ``nearest`` in single precision, in which the terms are computed;
* ``needs_double``: squared distance up to which a term is computed again in double precision, negative
  where single precision will do;
* ``farthest``, the largest limit, the number of careful queries, and the number of lanes.

`quests_core.kernel_sums.sums` explains bounds and error.
"""

import math

import numpy as np

from ..utils.jit import jit_inline, jit_no_refcount
from .simd import BLOCK_LANES, GROUP_SIZE
from .tile_distances import FAR, box_distance_sq, group_distances_sq
from .tiles import CHUNK_AXES, TILE_ROWS

# Single precision will do for a query if its nearest exponent, and its distance from the tile's centre
# in units of h√2, are at most these.
MAX_SINGLE_EXPONENT, MAX_SINGLE_RADIUS = 10.0, 8.0
# It will do for terms that are smaller than the largest by this exponent: they need not be good to 1e-2.
# In tiles wider than this, in units of h√2, twice the exponent.
FADE_EXPONENT, DOUBLE_FADE_RADIUS = 10.0, 1000.0
# An offset that makes every term vanish.
_NEVER = np.float32(-1e30)
EPS_SINGLE = 2.0**-24
# 2^f on [-1/2, 1/2]: Taylor's series to the sixth order, relative error below 2e-7.
POWER_OF_TWO = (1.5403530e-4, 1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 2.4022651e-1, 6.9314718e-1, 1.0)
_P6, _P5, _P4, _P3, _P2, _P1, _P0 = np.array(POWER_OF_TWO, np.float32)
# The bits of √½ as a double: what lies between it and √2 is a mantissa.
_ROOT_HALF, _MANTISSA = 0x3FE6A09E667F3BCD, 0x000FFFFFFFFFFFFF


@jit_no_refcount
def n_lanes(n_queries):
    """Return the number of lanes for this many queries."""
    return -(-n_queries // BLOCK_LANES) * BLOCK_LANES


@jit_no_refcount
def reset(states, t, n_queries):
    """Forget all references of tile t, which has this many queries."""
    nearest, total, limit, needs_double, offset, summary = states
    nearest[t], total[t], offset[t] = np.inf, 0.0, _NEVER
    limit[t, :n_queries], limit[t, n_queries:] = FAR, np.float32(-1.0)
    needs_double[t, :n_queries], needs_double[t, n_queries:] = FAR, np.float32(-1.0)
    summary[t, 0], summary[t, 1], summary[t, 2] = np.inf, n_queries, n_lanes(n_queries)


def new_states(sizes):
    """Return the states of tiles of these numbers of queries before any reference was added."""
    shape = len(sizes), TILE_ROWS
    singles = [np.empty(shape, np.float32) for _ in range(3)]
    states = (np.empty(shape), np.empty(shape), *singles, np.empty((len(sizes), 3)))
    for t, size in enumerate(sizes):
        reset(states, t, size)
    return states


@jit_no_refcount
def state_of(states, t):
    """Return the state of tile t."""
    lanes = int(states[5][t, 2])
    return (
        states[0][t, :lanes],
        states[1][t, :lanes],
        states[2][t, :lanes],
        states[3][t, :lanes],
        states[4][t, :lanes],
        states[5][t],
    )


def work_space():
    """Return the buffers of one thread: all that hold lanes are as long as a full tile has."""
    mantissas, bits, flags = np.empty(TILE_ROWS), np.empty(TILE_ROWS, np.int32), np.empty(TILE_ROWS, np.uint8)
    return (
        np.empty(GROUP_SIZE, np.int64),  # 0: indices of the references worked on
        np.empty(
            (GROUP_SIZE, CHUNK_AXES), np.float32
        ),  # 1: a chunk of their axes, relative to the tile's centre
        np.empty((GROUP_SIZE, TILE_ROWS), np.float32),  # 2: squared distances
        np.empty((GROUP_SIZE, TILE_ROWS), np.float32),  # 3: terms
        bits,  # 4: powers of two, as bits
        bits.view(np.float32),  # 5: and as numbers
        flags,  # 6: what is to be computed carefully
        flags.view(np.uint64),  # 7: and eight lanes at a time
        mantissas,  # 8: mantissas as numbers
        mantissas.view(np.int64),  # 9: and as bits
        np.empty(TILE_ROWS),  # 10: logarithms of the sums, after `update_limits`
        np.empty(GROUP_SIZE),  # 11: what each reference added
    )


@jit_inline
def exponential(exponent):
    """Return ``exp(-exponent)`` in single precision, as p in [0.70, 1.42] and the bits of a power of two.

    Exponents beyond ±80 are taken for ±80.
    """
    x = max(min(exponent, np.float32(80.0)), np.float32(-80.0)) * np.float32(-1.44269504)
    whole = np.floor(x + np.float32(0.5))
    f = x - whole
    p = ((((_P6 * f + _P5) * f + _P4) * f + _P3) * f + _P2) * f + _P1
    return p * f + _P0, (np.int32(whole) + np.int32(127)) << np.int32(23)


@jit_no_refcount
def _kernels(squares, scale, needs_double, offset, terms, work):
    """Write ``exp(offset - scale · square)`` in single precision, as 2^whole · p(f); vectorised.

    Terms that are to be computed carefully are 0.
    """
    bits, powers = work[4], work[5]
    factor, most = np.float32(scale), np.float32(1e30 / max(scale, 1.0))
    for j in range(offset.shape[0]):
        terms[j], bits[j] = exponential(min(squares[j], most) * factor - offset[j])
    for j in range(offset.shape[0]):
        terms[j] = terms[j] * powers[j] if squares[j] > needs_double[j] else np.float32(0.0)


@jit_no_refcount
def _log_sums(nearest, total, work):
    """Write ``ln(total) - nearest`` in double precision, to 1e-15 relatively; vectorised."""
    mantissas, bits, out = work[8], work[9], work[10]
    for j in range(total.shape[0]):
        mantissas[j] = max(total[j], 1e-300)
    for j in range(total.shape[0]):
        shifted = bits[j] - _ROOT_HALF
        bits[j] = (shifted & _MANTISSA) + _ROOT_HALF
        out[j] = np.float64(shifted >> 52)
    for j in range(total.shape[0]):
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


@jit_no_refcount
def update_limits(radii, accuracy, state, work):
    """Set the limits by the sums so far, and write the log sums.

    The limits bound squares in single precision: their error is in them.
    """
    nearest, total, limit, needs_double, offset, summary = state
    scale, reach, faded = accuracy
    root, log_sums = math.sqrt(scale), work[10]
    _log_sums(nearest, total, work)
    n_careful = 0
    for j in range(total.shape[0]):
        fading = faded if radii[j] * root <= DOUBLE_FADE_RADIUS else 2.0 * faded
        far, near = min(reach - log_sums[j], 1e38 * scale), min(fading + nearest[j], 1e38 * scale)
        error = 8.0 * EPS_SINGLE * radii[j] * root
        wanted = limit[j] >= 0.0
        is_double = wanted & (
            (faded > reach) | (nearest[j] > MAX_SINGLE_EXPONENT) | (radii[j] * root > MAX_SINGLE_RADIUS)
        )
        far += 1e-5 * far + error * math.sqrt(far)
        near += 1e-5 * near + error * math.sqrt(near)
        limit[j] = np.float32(far / scale) if wanted else np.float32(-1.0)
        needs_double[j] = np.float32(min(near, far) / scale) if is_double else np.float32(-1.0)
        offset[j] = np.float32(nearest[j]) if wanted else _NEVER
        n_careful += is_double
    farthest = np.float32(-1.0)
    for j in range(total.shape[0]):
        farthest = max(farthest, limit[j])
    summary[0], summary[1] = farthest, n_careful


@jit_no_refcount
def exact_square(x, y):
    """Return the squared distance of two rows in double precision."""
    total = 0.0
    for c in range(x.shape[0]):
        difference = x[c] - y[c]
        total += difference * difference
    return total


@jit_no_refcount
def _add_in_double(queries, row, squares, state, scale, work):
    """Add one reference to the sums of the careful queries it matters to, in double precision.

    Returns the sum of what was added, which means something where ``nearest`` is 0 for all queries.
    """
    rows, places = queries
    nearest, total, _, needs_double, offset, _ = state
    flags, words = work[6], work[7]
    for j in range(needs_double.shape[0]):
        flags[j] = squares[j] <= needs_double[j]
    added = 0.0
    for word in range(needs_double.shape[0] // 8):
        if words[word] == 0:
            continue
        for j in range(8 * word, 8 * word + 8):
            if flags[j]:
                exponent = scale * exact_square(rows[places[j]], row)
                if exponent < nearest[j]:
                    total[j] *= math.exp(exponent - nearest[j])
                    nearest[j], offset[j] = exponent, np.float32(exponent)
                term = math.exp(nearest[j] - exponent)
                total[j] += term
                added += term
    return added


@jit_no_refcount
def _add_group(queries, tile, references, count, accuracy, state, work, symmetric):
    """Add the kernels of up to `GROUP_SIZE` rows to a tile's sums; say whether any was within reach.

    Their indices are in ``work[0]``. If `symmetric`, ``work[11]`` is given the sum of what each added,
    which means something where ``nearest`` is 0 for all queries.
    """
    columns, _, center, _, _ = tile
    rows, heads, _, _, _ = references
    _, total, limit, needs_double, offset, summary = state
    members, chunk, squares, terms, added = work[0], work[1], work[2], work[3], work[11]
    lanes = total.shape[0]
    for r in range(count, GROUP_SIZE):
        members[r] = members[count - 1]
    if not group_distances_sq(rows, heads, members, center, columns, limit, chunk, squares):
        return False
    for r in range(count, GROUP_SIZE):
        squares[r, :lanes] = FAR
    for r in range(GROUP_SIZE):
        _kernels(squares[r], accuracy[0], needs_double, offset, terms[r], work)
        added[r] = 0.0
    t0, t1, t2, t3 = terms[0], terms[1], terms[2], terms[3]
    for j in range(lanes):
        total[j] += (t0[j] + t1[j]) + (t2[j] + t3[j])
    if symmetric:
        for r in range(GROUP_SIZE):
            row_sum = np.float32(0.0)
            for j in range(lanes):
                row_sum += terms[r, j]
            added[r] = row_sum
    if summary[1] > 0:
        for r in range(count):
            added[r] += _add_in_double(queries, rows[members[r]], squares[r], state, accuracy[0], work)
    return True


@jit_no_refcount
def add_block(queries, tile, references, block, accuracy, state, work, symmetric, totals):
    """Add one block of references to a tile's sums; say whether any was within reach.

    `queries` are ``(rows, places)``: lane j holds ``rows[places[j]]``; `tile` is ``(columns, radii,
    center, low, high)``. `references` are ``(rows, heads, starts, low, high)``: block b holds the rows
    ``starts[b]:starts[b + 1]`` and has the box ``low[b], high[b]``; `heads` are the first `CHUNK_AXES` axes.
    `accuracy` is ``(scale, reach, faded)``. If `symmetric`, the kernels count in `totals` too, for
    the references.
    """
    _, radii, _, low, high = tile
    _, heads, starts, _, _ = references
    summary, members, added = state[5], work[0], work[11]
    last = starts[block + 1]
    count, changed = 0, False
    for i in range(starts[block], last):
        if box_distance_sq(low, high, heads[i], heads[i]) <= summary[0]:
            members[count] = i
            count += 1
        if count == GROUP_SIZE or (count > 0 and i + 1 == last):
            if _add_group(queries, tile, references, count, accuracy, state, work, symmetric):
                changed = True
                if symmetric:
                    for r in range(count):
                        totals[members[r]] += added[r]
                # The very first references set limits, and so save most of the work on the others.
                if summary[0] == np.inf:
                    update_limits(radii, accuracy, state, work)
            count = 0
    return changed


@jit_no_refcount
def add_blocks(queries, tile, references, blocks, accuracy, state, work):
    """Add some blocks of references to a tile's sums; say whether any mattered.

    The nearest is the first, as it sets the limits.
    """
    _, radii, _, low, high = tile
    _, _, _, lows, highs = references
    nearest, nearest_gap = -1, np.inf
    for k in range(blocks.shape[0]):
        block_gap = box_distance_sq(low, high, lows[blocks[k]], highs[blocks[k]])
        if nearest < 0 or block_gap < nearest_gap:
            nearest, nearest_gap = k, block_gap
    changed = False
    for k in range(-1, blocks.shape[0]):
        if k == nearest:
            continue
        block = blocks[nearest if k < 0 else k]
        if box_distance_sq(low, high, lows[block], highs[block]) > state[5][0]:
            continue
        # Nothing is written into what stands in the place of `totals`.
        if add_block(queries, tile, references, block, accuracy, state, work, False, radii):
            update_limits(radii, accuracy, state, work)
            changed = True
    return changed
