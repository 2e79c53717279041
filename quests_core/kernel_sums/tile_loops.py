"""Compiled loops over tiles, which `quests_core.kernel_sums.sums` runs on several threads.

`tiles` are `TileArrays`: lane j of tile t contains ``rows[positions[t, j]]``, which is row
``order[positions[t, j]]`` of the original matrix.
"""

import math

import numpy as np

from ..utils.jit import jit_inline, jit_no_refcount
from .tile_distances import box_distance_sq
from .tile_states import FARTHEST, Queries, Tile, reset, state_of
from .tile_sums import add_block, add_blocks, exact_square, update_limits
from .tiles import CHUNK_AXES

# Columns of runs: the frame, the row of lane 0, and the first entry.
RUN_FRAME, RUN_ROW, RUN_START = range(3)
# Columns of `metrics_along_order`: the number of δH below the threshold and the sum of positive δH, over all
# rows; the sums of ln K and of 1 / K, over the rows in the subset.
COVERED, LOSS, LOG_SUM, INVERSE_SUM = range(4)


@jit_no_refcount
def _tile_of(tiles, t):
    """Return the queries and the arrays of tile t."""
    return (
        Queries(tiles.rows, tiles.positions[t], tiles.weights),
        Tile(
            tiles.lane_weights[t],
            tiles.columns[t],
            tiles.radii[t],
            tiles.further[t],
            tiles.most_further[t],
            tiles.centers[t],
            tiles.low[t],
            tiles.high[t],
        ),
    )


@jit_no_refcount
def _set_self_limits(radii, accuracy, state, work):
    """Set the limits to those of queries that are among their references, before any are added."""
    state.nearest[:], state.total[:] = 0.0, 1.0
    update_limits(radii, accuracy, state, work)
    state.total[:] = 0.0


@jit_no_refcount
def add_to_tiles(tiles, chosen, references, blocks, accuracy, states, work, out):
    """Add blocks of references to the sums of some tiles, and write the logarithms of the sums."""
    order, positions, log_sums = tiles.order, tiles.positions, work.log_sums
    for t in chosen:
        state = state_of(states, t)
        limit = state.limit
        queries, tile = _tile_of(tiles, t)
        if add_blocks(queries, tile, references, blocks, accuracy, state, work):
            for j in range(limit.shape[0]):
                if limit[j] >= 0.0:
                    out[order[positions[t, j]]] = log_sums[j]


@jit_no_refcount
def resume(tiles, nearest, total, accuracy, states, work):
    """Set the states of all tiles to sums of their rows, given as ``total · exp(-nearest)``."""
    for t in range(tiles.positions.shape[0]):
        state = state_of(states, t)
        for j in range(state.limit.shape[0]):
            if state.limit[j] >= 0.0:
                row = tiles.positions[t, j]
                state.nearest[j], state.total[j] = nearest[row], total[row]
        update_limits(tiles.radii[t], accuracy, state, work)


@jit_no_refcount
def add_symmetric(tiles, references, first, last, is_own, accuracy, states, work, totals):
    """Add the kernels of the tiles ``first:last`` with all references, and in return.

    Each pair of rows is computed once, and added to the state of the row in the tile and to `totals` for the
    reference. If `is_own`, the references are the tiles, and only the tile itself and later ones are added.
    Each row is among the references of the whole set, so ``nearest`` is 0 from the start.
    """
    lows, highs = references.low, references.high
    for t in range(first, last):
        state = state_of(states, t)
        queries, tile = _tile_of(tiles, t)
        _set_self_limits(tile.radii, accuracy, state, work)
        for r in range(t if is_own else 0, lows.shape[0]):
            if box_distance_sq(tile.low, tile.high, lows[r], highs[r]) <= state.summary[FARTHEST]:
                is_other = r > t or not is_own
                add_block(queries, tile, references, r, accuracy, state, work, is_other, totals)


@jit_no_refcount
def add_frames_apart(tiles, starts, t, frames, first, least, accuracy, states, work, lanes, values, runs):
    """Write the kernel sums of at least `least` of tile t against each single frame from `first` on.

    Runs have the columns `RUN_FRAME`, `RUN_ROW` and `RUN_START`; their entries are `lanes` and `values`.
    Returns the next frame, because the buffers may be too small for all, and the numbers of runs and entries.
    """
    n_queries = starts[t + 1] - starts[t]
    # Typed, as literal arguments compile a function once more.
    slot, symmetric = np.int64(0), np.bool_(False)
    reset(states, slot, n_queries)
    state = state_of(states, slot)
    queries, tile = _tile_of(tiles, t)
    total, summary = state.total, state.summary
    _set_self_limits(tile.radii, accuracy, state, work)
    n_runs, n_entries = 0, 0
    for frame in range(first, frames.starts.shape[0] - 1):
        if box_distance_sq(tile.low, tile.high, frames.low[frame], frames.high[frame]) > summary[FARTHEST]:
            continue
        if n_entries + n_queries > lanes.shape[0]:
            return frame, n_runs, n_entries
        total[:] = 0.0
        if not add_block(queries, tile, frames, frame, accuracy, state, work, symmetric, total):
            continue
        runs[n_runs, RUN_FRAME], runs[n_runs, RUN_ROW], runs[n_runs, RUN_START] = frame, starts[t], n_entries
        before = n_entries
        for j in range(n_queries):
            lanes[n_entries], values[n_entries] = j, total[j]
            n_entries += total[j] >= least
        n_runs += n_entries > before
    return frames.starts.shape[0] - 1, n_runs, n_entries


@jit_no_refcount
def frame_entropies(rows, positions, offsets, first, last, accuracy, frame_rows, sums, out):
    """Write the entropy of each frame alone; -inf for frames without environments.

    Row i of the original matrix is ``rows[positions[i]]``; `frame_rows` and `sums` are buffers for the
    largest frame. All pairs are computed once, in double precision: frames are too small for tiles.
    """
    scale, reach = accuracy.scale, accuracy.reach
    for frame in range(first, last):
        size, log_sums = offsets[frame + 1] - offsets[frame], 0.0
        for i in range(size):
            x, row = frame_rows[i], rows[positions[offsets[frame] + i]]
            sums[i] = 1.0
            for c in range(x.shape[0]):
                x[c] = row[c]
            for j in range(i):
                # The distance along the first axes excludes most distant pairs.
                if scale * exact_square(x[:CHUNK_AXES], frame_rows[j, :CHUNK_AXES]) > reach:
                    continue
                exponent = scale * exact_square(x, frame_rows[j])
                if exponent <= reach:
                    kernel = math.exp(-exponent)
                    sums[i] += kernel
                    sums[j] += kernel
        for i in range(size):
            log_sums += math.log(sums[i])
        out[frame] = math.log(size) - log_sums / size if size else -np.inf


@jit_inline
def _log_add(a, b):
    """Return ``ln(exp(a) + exp(b))``, which is finite if one of them is."""
    high, low = max(a, b), min(a, b)
    return high if low == -np.inf else high + math.log1p(math.exp(low - high))


@jit_no_refcount
def metrics_along_order(
    tiles,
    starts,
    first,
    last,
    frames,
    order,
    ends,
    member_from,
    threshold,
    accuracy,
    given,
    path_rows,
    states,
    work,
    added,
    largest,
    path,
):
    """Add frames step by step to the tiles ``first:last``, and accumulate metrics after each step.

    Step s ends before ``order[ends[s]]``; row i of the original matrix is in the subset from step
    ``member_from[i]`` on. `given` holds the logarithm of each row's kernel sum against a reference, which
    δH includes; it is empty without one. `states` and `work` are buffers for one tile. Adds to `added`,
    ``(n_steps, 4)``, with the columns `COVERED`, `LOSS`, `LOG_SUM` and `INVERSE_SUM`; updates `largest`,
    the largest δH, ``(n_steps,)``; and writes the δH of step s to ``path[path_rows[s]]``, unless that is -1.
    """
    original, positions, log_sums = tiles.order, tiles.positions, work.log_sums
    has_reference, slot = given.shape[0] > 0, np.int64(0)
    for t in range(first, last):
        n_queries = starts[t + 1] - starts[t]
        reset(states, slot, n_queries)
        state = state_of(states, slot)
        queries, tile = _tile_of(tiles, t)
        for j in range(n_queries):
            log_sums[j] = -np.inf
        covered, loss, own, inverse, most = 0, np.inf, 0.0, 0.0, np.inf
        before = 0
        for step in range(ends.shape[0]):
            blocks = order[before : ends[step]]
            before = ends[step]
            # Otherwise the step changes nothing, and the metrics are those of the step before.
            is_changed = add_blocks(queries, tile, frames, blocks, accuracy, state, work)
            if is_changed or (has_reference and step == 0):
                covered, loss, own, inverse, most = 0, 0.0, 0.0, 0.0, -np.inf
                for j in range(n_queries):
                    row = original[positions[t, j]]
                    delta = 0.0 - (_log_add(log_sums[j], given[row]) if has_reference else log_sums[j])
                    covered += delta < threshold
                    loss += max(delta, 0.0)
                    most = max(most, delta)
                    if member_from[row] <= step:
                        own += log_sums[j]
                        inverse += np.exp(-log_sums[j])
            added[step, COVERED] += covered
            added[step, LOSS] += loss
            added[step, LOG_SUM] += own
            added[step, INVERSE_SUM] += inverse
            largest[step] = max(largest[step], most)
            if path_rows[step] >= 0:
                for j in range(n_queries):
                    row = original[positions[t, j]]
                    log_sum = _log_add(log_sums[j], given[row]) if has_reference else log_sums[j]
                    path[path_rows[step], row] = 0.0 - log_sum
