"""Compiled kernel sums of one tile of queries, for `GROUP_SIZE` references at a time.

The queries of a tile are stored in lanes, in a multiple of `BLOCK_LANES`, of which the last may be empty. The
state of a tile is a `LaneSums`. `quests_core.kernel_sums.sums` explains limits and errors.
"""

import math

import numpy as np

from ..utils.jit import jit_no_refcount
from .simd import GROUP_SIZE, kernels
from .tile_distances import FAR, box_distance_sq, group_distances_sq
from .tile_states import FARTHEST, N_DOUBLE, NEVER

# Single precision suffices for a query if its smallest exponent, and its distance from the tile's centre in
# units of h√2, are at most these.
MAX_SINGLE_EXPONENT, MAX_SINGLE_RADIUS = 10.0, 8.0
# It suffices for terms smaller than the largest one by this exponent, which may have an error of 1e-2. Twice
# the exponent is used at distances from the tile's centre above the radius, in units of h√2.
FADE_EXPONENT, DOUBLE_FADE_RADIUS = 10.0, 1000.0
EPS_SINGLE = 2.0**-24
# The bits of √½ in double precision, and a mask: mantissas are normalised to [√½, √2).
_ROOT_HALF, _MANTISSA = 0x3FE6A09E667F3BCD, 0x000FFFFFFFFFFFFF


@jit_no_refcount
def _log_sums(nearest, total, work):
    """Write ``ln(total) - nearest`` in double precision, with a relative error of 1e-15; vectorised."""
    mantissas, bits, out = work.mantissas, work.mantissa_bits, work.log_sums
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
    """Set the limits from the current sums, and write the logarithms of the sums.

    The limits include the error of squared distances in single precision.
    """
    nearest, total, limit = state.nearest, state.total, state.limit
    needs_double, offset, summary = state.needs_double, state.offset, state.summary
    scale, reach, fade = accuracy.scale, accuracy.reach, accuracy.fade
    root, log_sums = math.sqrt(scale), work.log_sums
    _log_sums(nearest, total, work)
    n_double = 0
    for j in range(total.shape[0]):
        fading = fade if radii[j] * root <= DOUBLE_FADE_RADIUS else 2.0 * fade
        far, near = min(reach - log_sums[j], 1e38 * scale), min(fading + nearest[j], 1e38 * scale)
        error = 8.0 * EPS_SINGLE * radii[j] * root
        wanted = limit[j] >= 0.0
        is_double = wanted & (
            (fade > reach) | (nearest[j] > MAX_SINGLE_EXPONENT) | (radii[j] * root > MAX_SINGLE_RADIUS)
        )
        far += 1e-5 * far + error * math.sqrt(far)
        near += 1e-5 * near + error * math.sqrt(near)
        limit[j] = np.float32(far / scale) if wanted else np.float32(-1.0)
        needs_double[j] = np.float32(min(near, far) / scale) if is_double else np.float32(-1.0)
        offset[j] = np.float32(nearest[j]) if wanted else NEVER
        n_double += is_double
    farthest = np.float32(-1.0)
    for j in range(total.shape[0]):
        farthest = max(farthest, limit[j])
    summary[FARTHEST], summary[N_DOUBLE] = farthest, n_double


@jit_no_refcount
def exact_square(x, y):
    """Return the squared distance of two rows in double precision."""
    total = 0.0
    for c in range(x.shape[0]):
        difference = x[c] - y[c]
        total += difference * difference
    return total


@jit_no_refcount
def _add_in_double(queries, row, weight, squares, state, scale, work):
    """Add one reference in double precision to the sums of the queries that need it.

    Returns the sum of the kernels, times the weights of the queries, which is meaningful only if ``nearest``
    is 0 for all of them.
    """
    rows, positions, flags, words = queries.rows, queries.positions, work.flags, work.words
    nearest, total, needs_double, offset = state.nearest, state.total, state.needs_double, state.offset
    for j in range(needs_double.shape[0]):
        flags[j] = squares[j] <= needs_double[j]
    added = 0.0
    for word in range(needs_double.shape[0] // 8):
        if words[word] == 0:
            continue
        for j in range(8 * word, 8 * word + 8):
            if flags[j]:
                exponent = scale * exact_square(rows[positions[j]], row)
                if exponent < nearest[j]:
                    total[j] *= math.exp(exponent - nearest[j])
                    nearest[j], offset[j] = exponent, np.float32(exponent)
                term = math.exp(nearest[j] - exponent)
                total[j] += weight * term
                added += queries.weights[positions[j]] * term
    return added


@jit_no_refcount
def _add_group(queries, tile, references, count, accuracy, state, work, symmetric):
    """Add the kernels of up to `GROUP_SIZE` rows to a tile's sums; return whether any was within the limits.

    The indices of the rows are in ``work.members``. If `symmetric`, the sum of the kernels of each row, times
    the weights of the queries, is written to ``work.added``, which is meaningful only if ``nearest`` is 0 for
    all queries.
    """
    rows, weights, total, members = references.rows, references.weights, state.total, work.members
    squares, terms, added = work.squares, work.terms, work.added
    lanes = total.shape[0]
    for r in range(count, GROUP_SIZE):
        members[r] = members[count - 1]
    if not group_distances_sq(rows, references.leading_axes, tile, accuracy.scale, state.limit, work):
        return False
    for r in range(count, GROUP_SIZE):
        squares[r, :lanes] = FAR
    kernels(squares, accuracy.scale, state.needs_double, state.offset, terms)
    added[:] = 0.0
    t0, t1, t2, t3 = terms[0], terms[1], terms[2], terms[3]
    w0, w1 = np.float32(weights[members[0]]), np.float32(weights[members[1]])
    w2, w3 = np.float32(weights[members[2]]), np.float32(weights[members[3]])
    for j in range(lanes):
        total[j] += (w0 * t0[j] + w1 * t1[j]) + (w2 * t2[j] + w3 * t3[j])
    if symmetric:
        lane_weights = tile.weights
        for r in range(GROUP_SIZE):
            row_sum = np.float32(0.0)
            for j in range(lanes):
                row_sum += lane_weights[j] * terms[r, j]
            added[r] = row_sum
    if state.summary[N_DOUBLE] > 0:
        for r in range(count):
            row, weight = rows[members[r]], weights[members[r]]
            added[r] += _add_in_double(queries, row, weight, squares[r], state, accuracy.scale, work)
    return True


@jit_no_refcount
def add_block(queries, tile, references, block, accuracy, state, work, symmetric, totals):
    """Add one block of references to a tile's sums; return whether any was within the limits.

    If `symmetric`, the kernels are also added to `totals` for the references.
    """
    low, high, rows, starts = tile.low, tile.high, references.leading_axes, references.starts
    summary, members, added = state.summary, work.members, work.added
    last = starts[block + 1]
    count, changed = 0, False
    for i in range(starts[block], last):
        if box_distance_sq(low, high, rows[i], rows[i]) <= summary[FARTHEST]:
            members[count] = i
            count += 1
        if count == GROUP_SIZE or (count > 0 and i + 1 == last):
            if _add_group(queries, tile, references, count, accuracy, state, work, symmetric):
                changed = True
                if symmetric:
                    for r in range(count):
                        totals[members[r]] += added[r]
                # The first references set limits, which exclude most of the others.
                if summary[FARTHEST] == np.inf:
                    update_limits(tile.radii, accuracy, state, work)
            count = 0
    return changed


@jit_no_refcount
def add_blocks(queries, tile, references, blocks, accuracy, state, work):
    """Add some blocks of references to a tile's sums; return whether any was within the limits.

    The nearest block is added first, as it sets the limits.
    """
    low, high, lows, highs = tile.low, tile.high, references.low, references.high
    nearest, smallest = -1, np.inf
    for k in range(blocks.shape[0]):
        distance_sq = box_distance_sq(low, high, lows[blocks[k]], highs[blocks[k]])
        if nearest < 0 or distance_sq < smallest:
            nearest, smallest = k, distance_sq
    # Typed, as a literal argument compiles a function once more.
    symmetric, changed = np.bool_(False), False
    for k in range(-1, blocks.shape[0]):
        if k == nearest:
            continue
        block = blocks[nearest if k < 0 else k]
        if box_distance_sq(low, high, lows[block], highs[block]) > state.summary[FARTHEST]:
            continue
        # `tile.radii` is a placeholder for `totals`, which are not written.
        if add_block(queries, tile, references, block, accuracy, state, work, symmetric, tile.radii):
            update_limits(tile.radii, accuracy, state, work)
            changed = True
    return changed
