"""Compiled loops over tiles: what `quests_core.kernel_sums.sums` hands out to threads.

`tiles` are ``(rows, order, places, centers, low, high, columns, radii)``, see
`quests_core.kernel_sums.tiles`: lane j of tile t holds ``rows[places[t, j]]``, which is row
``order[places[t, j]]`` of the matrix.
"""

import math

import numpy as np

from ..utils.jit import jit_no_refcount
from .tile_distances import box_distance_sq
from .tile_sums import add_block, add_blocks, exact_square, reset, state_of, update_limits
from .tiles import CHUNK_AXES


@jit_no_refcount
def _tile_of(tiles, t):
    """Return what `add_blocks` wants to know of tile t."""
    rows, _, places, centers, low, high, columns, radii = tiles
    return (rows, places[t]), (columns[t], radii[t], centers[t], low[t], high[t])


@jit_no_refcount
def _expect_itself(radii, accuracy, state, work):
    """Set the limits of a tile without references to those of queries that have met themselves; they will."""
    state[0][:], state[1][:] = 0.0, 1.0
    update_limits(radii, accuracy, state, work)
    state[1][:] = 0.0


@jit_no_refcount
def add_to_tiles(tiles, chosen, references, blocks, accuracy, states, work, out):
    """Add blocks of references to the sums of some tiles, and write their logarithms."""
    order, places = tiles[1], tiles[2]
    log_sums = work[10]
    for t in chosen:
        state = state_of(states, t)
        limit = state[2]
        queries, tile = _tile_of(tiles, t)
        if add_blocks(queries, tile, references, blocks, accuracy, state, work):
            for j in range(limit.shape[0]):
                if limit[j] >= 0.0:
                    out[order[places[t, j]]] = log_sums[j]


@jit_no_refcount
def add_own_tiles(tiles, references, first, last, accuracy, states, work, totals):
    """Add the kernels of the tiles ``first:last`` with themselves and with all later tiles.

    Each pair of rows is computed once. It counts in the state of the one in the earlier tile, and in
    `totals` for the other. All sums hold their own row, so ``nearest`` is 0 from the start.
    """
    lows, highs = references[3], references[4]
    for t in range(first, last):
        state = state_of(states, t)
        queries, tile = _tile_of(tiles, t)
        _expect_itself(tile[1], accuracy, state, work)
        for r in range(t, lows.shape[0]):
            if box_distance_sq(lows[t], highs[t], lows[r], highs[r]) <= state[5][0]:
                add_block(queries, tile, references, r, accuracy, state, work, r > t, totals)


@jit_no_refcount
def add_frames_apart(tiles, starts, t, frames, first, least, accuracy, states, work, lanes, values, runs):
    """Write the kernel sums of tile t against each single frame from `first` on, those of at least `least`.

    Run r is ``(frame, row of lane 0, first entry)``; its entries are `lanes` and `values`. Returns the
    frame to go on with where there is no room for more, and the numbers of runs and entries.
    """
    n_queries = starts[t + 1] - starts[t]
    reset(states, 0, n_queries)
    state = state_of(states, 0)
    queries, tile = _tile_of(tiles, t)
    total = state[1]
    _expect_itself(tile[1], accuracy, state, work)
    n_runs, n_entries = 0, 0
    for frame in range(first, frames[2].shape[0] - 1):
        if box_distance_sq(tile[3], tile[4], frames[3][frame], frames[4][frame]) > state[5][0]:
            continue
        if n_entries + n_queries > lanes.shape[0]:
            return frame, n_runs, n_entries
        total[:] = 0.0
        if not add_block(queries, tile, frames, frame, accuracy, state, work, False, total):
            continue
        runs[n_runs, 0], runs[n_runs, 1], runs[n_runs, 2] = frame, starts[t], n_entries
        before = n_entries
        for j in range(n_queries):
            lanes[n_entries], values[n_entries] = j, total[j]
            n_entries += total[j] >= least
        n_runs += n_entries > before
    return frames[2].shape[0] - 1, n_runs, n_entries


@jit_no_refcount
def frame_entropies(rows, places, offsets, first, last, accuracy, room, sums, out):
    """Write the entropy of each frame alone; -inf for a frame without environments.

    Row i of the matrix is ``rows[places[i]]``; `room` and `sums` are for the rows of the largest frame. All
    is in double precision, and each pair is computed once: frames are too small to make tiles of them.
    """
    scale, reach, _ = accuracy
    for frame in range(first, last):
        size, log_sums = offsets[frame + 1] - offsets[frame], 0.0
        for i in range(size):
            x, row = room[i], rows[places[offsets[frame] + i]]
            sums[i] = 1.0
            for c in range(x.shape[0]):
                x[c] = row[c]
            for j in range(i):
                # Along the first axes most of those that are far are so.
                if scale * exact_square(x[:CHUNK_AXES], room[j, :CHUNK_AXES]) > reach:
                    continue
                exponent = scale * exact_square(x, room[j])
                if exponent <= reach:
                    kernel = math.exp(-exponent)
                    sums[i] += kernel
                    sums[j] += kernel
        for i in range(size):
            log_sums += math.log(sums[i])
        out[frame] = math.log(size) - log_sums / size if size else -np.inf


@jit_no_refcount
def metrics_along_order(
    tiles, starts, first, last, frames, order, ends, member_from, threshold, accuracy, tile_work, out
):
    """Add frames step by step to the tiles ``first:last``, and add up what their sums make of each step.

    Step s ends before ``order[ends[s]]``; row i of the matrix is in the subset from step
    ``member_from[i]`` on. `tile_work` is room for one tile, ``(states, work)``, and `out` is ``(added,
    largest, path)``: over the rows, the number of δH below the threshold, the sum of positive δH, and
    over those in the subset the sums of ln K and of 1 / K, ``(n_steps, 4)``; the largest δH,
    ``(n_steps,)``; each δH, ``(n_steps, n_rows)``, unless there is no room for them.
    """
    original, places = tiles[1], tiles[2]
    states, work = tile_work
    added, largest, path = out
    log_sums = work[10]
    for t in range(first, last):
        n_queries = starts[t + 1] - starts[t]
        reset(states, 0, n_queries)
        state = state_of(states, 0)
        queries, tile = _tile_of(tiles, t)
        for j in range(n_queries):
            log_sums[j] = -np.inf
        covered, loss, own, inverse, most = 0, np.inf, 0.0, 0.0, np.inf
        before = 0
        for step in range(ends.shape[0]):
            blocks = order[before : ends[step]]
            before = ends[step]
            # Only what a step changes is looked at again.
            if add_blocks(queries, tile, frames, blocks, accuracy, state, work):
                covered, loss, own, inverse, most = 0, 0.0, 0.0, 0.0, -np.inf
                for j in range(n_queries):
                    delta = 0.0 - log_sums[j]
                    covered += delta < threshold
                    loss += max(delta, 0.0)
                    most = max(most, delta)
                    if member_from[original[places[t, j]]] <= step:
                        own += log_sums[j]
                        inverse += np.exp(delta)
            added[step, 0] += covered
            added[step, 1] += loss
            added[step, 2] += own
            added[step, 3] += inverse
            largest[step] = max(largest[step], most)
            if path.shape[0] > 0:
                for j in range(n_queries):
                    path[step, original[places[t, j]]] = 0.0 - log_sums[j]
