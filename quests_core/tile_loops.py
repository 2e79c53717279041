"""Compiled loops over tiles: what `quests_core.kernel` hands out to threads."""

import numpy as np

from ._numba import kernel
from .tile_squares import GROUP, gap, outside
from .tile_sums import add_group, add_to_tile, new_state, refresh, work_space
from .tree import CHUNK, TILE_ROWS, fill_columns


@kernel
def _tile_of(tiles, t):
    """Return the rows of tile t and what `add_to_tile` wants to know of it."""
    rows, _, starts, centers, low, high, columns, radii = tiles
    return rows[starts[t] : starts[t + 1]], (columns[t], radii[t], centers[t], low[t], high[t])


@kernel
def _state_of(states, t):
    return (states[0][t], states[1][t], states[2][t], states[3][t], states[4][t], states[5][t])


@kernel
def add_to_tiles(tiles, first, step, references, accuracy, states, out):
    """Add all references to the sums of every `step`-th tile from `first` on, and write their logarithms."""
    order, starts = tiles[1], tiles[2]
    work = work_space(tiles[0].shape[1])
    log_sums = work[10]
    for t in range(first, starts.shape[0] - 1, step):
        queries, tile = _tile_of(tiles, t)
        state = _state_of(states, t)
        limit = state[2]
        if add_to_tile(queries, tile, references, accuracy, state, work):
            for j in range(queries.shape[0]):
                if limit[j] >= 0.0:
                    out[order[starts[t] + j]] = log_sums[j]


@kernel
def add_own_tiles(tiles, first, last, accuracy, states, totals):
    """Add the kernels of the tiles ``first:last`` with themselves and with all later tiles.

    Each pair of rows is computed once. It counts in the state of the one in the earlier tile, and in
    `totals` for the other. All sums hold their own row, so ``nearest`` is 0 from the start.
    """
    rows, _, starts, _, lows, highs, _, _ = tiles
    work = work_space(rows.shape[1])
    members, places, added = work[0], np.empty(GROUP, np.int64), np.empty(GROUP)
    for t in range(first, last):
        queries, (columns, radii, center, low, high) = _tile_of(tiles, t)
        state = _state_of(states, t)
        # The limits are those of a query that has met itself; it will.
        state[0][:] = 0.0
        state[1][:] = 1.0
        refresh(radii, accuracy, state, work)
        state[1][:] = 0.0
        farthest = state[5][0]
        for r in range(t, starts.shape[0] - 1):
            if gap(low, high, lows[r], highs[r]) > farthest:
                continue
            count = 0
            for i in range(starts[r], starts[r + 1]):
                if not outside(rows[i], low, high, farthest):
                    members[count], places[count] = rows[i], i
                    count += 1
                if count == GROUP or (count > 0 and i + 1 == starts[r + 1]):
                    if (
                        add_group(queries, members, count, columns, center, state, accuracy, work, added)
                        and r > t
                    ):
                        for k in range(count):
                            totals[places[k]] += added[k]
                    count = 0


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
            state = _state_of(new_state(np.array([queries.shape[0]])), 0)
            add_to_tile(queries, tile, references, accuracy, state, work)
            for j in range(queries.shape[0]):
                log_sums += work[10][j]
        out[frame] = np.log(size) - log_sums / size
