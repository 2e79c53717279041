"""The environments picked so far, in leaves that split as they fill up.

What is picked stands in lanes by the order of the tiles (see `quests_core.tree`), which keeps near
together what is near: a leaf holds what was picked from one run of rows, and a tile `LEAVES` leaves that
follow each other. A tile without room is laid out anew, or becomes two. So there are always as few
leaves as the picks need, full enough to be worth the reading; leaves and tiles have boxes, by which
whatever is far is skipped.
"""

import math
from typing import NamedTuple

import numpy as np

from ._numba import inlined_kernel, kernel
from .tile_squares import FAR
from .tree import CHUNK, LEAF_ROWS, Tiles

LEAVES = 4
# Picks of a tile, at most, that are only laid out anew; with more it becomes two.
_ONE_TILE = 96
# Coordinates of a lane that is empty: far from all, but its square is finite.
_EMPTY = np.float32(1e18)
# A box in single precision is wider by this share of its coordinates, so that it holds what is in it.
_OUTWARD = 2.0**-22


class Picked(NamedTuple):
    """The picked environments by leaves, of which those from ``LEAVES * t`` on are tile t's."""

    rows: np.ndarray  # all environments in tile order, (n, D)
    unit: float  # 1 / h√2
    leaf_of: np.ndarray  # leaf where each row stands, or would
    columns: np.ndarray  # coordinates relative to the tile's centre, (n_leaves, D, LEAF_ROWS)
    row_at: np.ndarray  # row of each lane, (n_leaves, LEAF_ROWS)
    ranks: np.ndarray  # when it was picked, likewise
    counts: np.ndarray  # lanes of each leaf that are taken
    last_of_leaf: np.ndarray  # rank of the last pick in it
    leaf_low: np.ndarray  # box of each leaf's lanes in the first axes, (n_leaves, CHUNK)
    leaf_high: np.ndarray
    n_tiles: np.ndarray  # how many tiles are in use, shape (1,)
    spans: np.ndarray  # rows that each of them is for, (n_tiles, 2)
    centers: np.ndarray  # (n_tiles, D)
    widths: np.ndarray  # farthest lane from the centre of each, in units of h√2
    last: np.ndarray  # rank of the last pick in each
    low: np.ndarray  # box of each, (CHUNK, n_tiles)
    high: np.ndarray

    @classmethod
    def none_of(cls, tiles: Tiles, bandwidth: float) -> "Picked":
        """Return room for the rows of `tiles`, none of which is picked."""
        n, n_axes = tiles.rows.shape
        # All but the first have had half of more than `_ONE_TILE`.
        n_tiles = 1 + n // (_ONE_TILE // 2)
        n_leaves = n_tiles * LEAVES
        picked = cls(
            rows=tiles.rows,
            unit=math.sqrt(0.5) / bandwidth,
            leaf_of=np.zeros(n, np.int64),
            columns=np.empty((n_leaves, n_axes, LEAF_ROWS), np.float32),
            row_at=np.empty((n_leaves, LEAF_ROWS), np.int64),
            ranks=np.empty((n_leaves, LEAF_ROWS), np.int32),
            counts=np.empty(n_leaves, np.int64),
            last_of_leaf=np.empty(n_leaves, np.int64),
            leaf_low=np.empty((n_leaves, CHUNK), np.float32),
            leaf_high=np.empty((n_leaves, CHUNK), np.float32),
            n_tiles=np.ones(1, np.int64),
            spans=np.empty((n_tiles, 2), np.int64),
            centers=np.empty((n_tiles, n_axes)),
            widths=np.empty(n_tiles),
            last=np.empty(n_tiles, np.int64),
            low=np.empty((CHUNK, n_tiles), np.float32),
            high=np.empty((CHUNK, n_tiles), np.float32),
        )
        _lay_out(picked, 0, np.empty(0, np.int64), np.empty(0, np.int64), 0, n)
        return picked


@inlined_kernel
def _put(picked, leaf, row, rank):
    """Put a row in the next lane of a leaf."""
    tile, lane = leaf // LEAVES, picked.counts[leaf]
    square = 0.0
    for c in range(picked.rows.shape[1]):
        difference = picked.rows[row, c] - picked.centers[tile, c]
        picked.columns[leaf, c, lane] = difference
        square += difference * difference
    picked.widths[tile] = max(picked.widths[tile], math.sqrt(square) * picked.unit)
    picked.row_at[leaf, lane], picked.ranks[leaf, lane] = row, rank
    picked.counts[leaf] = lane + 1
    picked.last_of_leaf[leaf] = max(picked.last_of_leaf[leaf], rank)
    for c in range(CHUNK):
        x = picked.rows[row, c]
        low, high = np.float32(x - abs(x) * _OUTWARD), np.float32(x + abs(x) * _OUTWARD)
        picked.leaf_low[leaf, c] = min(picked.leaf_low[leaf, c], low)
        picked.leaf_high[leaf, c] = max(picked.leaf_high[leaf, c], high)


@inlined_kernel
def _widen(picked, tile, leaf):
    """Have a tile hold what is in one of its leaves."""
    picked.last[tile] = max(picked.last[tile], picked.last_of_leaf[leaf])
    for c in range(CHUNK):
        picked.low[c, tile] = min(picked.low[c, tile], picked.leaf_low[leaf, c])
        picked.high[c, tile] = max(picked.high[c, tile], picked.leaf_high[leaf, c])


@kernel
def _lay_out(picked, tile, rows, ranks, first, end):
    """Make a tile for the rows ``first:end`` of those among them that are picked, in their order."""
    n = rows.shape[0]
    picked.spans[tile, 0], picked.spans[tile, 1] = first, end
    picked.widths[tile], picked.last[tile] = 0.0, -1
    picked.low[:, tile], picked.high[:, tile] = FAR, -FAR
    for c in range(picked.centers.shape[1]):
        low, high = (np.inf, -np.inf) if n else (0.0, 0.0)
        for row in rows:
            low, high = min(low, picked.rows[row, c]), max(high, picked.rows[row, c])
        picked.centers[tile, c] = 0.5 * (low + high)
    for k in range(LEAVES):
        leaf, start, stop = LEAVES * tile + k, k * n // LEAVES, (k + 1) * n // LEAVES
        picked.counts[leaf], picked.last_of_leaf[leaf] = 0, -1
        picked.leaf_low[leaf], picked.leaf_high[leaf] = FAR, -FAR
        picked.columns[leaf] = _EMPTY
        for i in range(start, stop):
            _put(picked, leaf, rows[i], ranks[i])
        _widen(picked, tile, leaf)
        after = rows[stop] if stop < n else end
        picked.leaf_of[first:after] = leaf
        first = after


@kernel
def _make_room(picked, tile):
    """Lay out a tile anew, so that each leaf has room; as two if it holds too much for one."""
    n = picked.counts[LEAVES * tile : LEAVES * tile + LEAVES].sum()
    rows, ranks, i = np.empty(n, np.int64), np.empty(n, np.int64), 0
    for leaf in range(LEAVES * tile, LEAVES * tile + LEAVES):
        for lane in range(picked.counts[leaf]):
            rows[i], ranks[i] = picked.row_at[leaf, lane], picked.ranks[leaf, lane]
            i += 1
    order = np.argsort(rows)
    rows, ranks = rows[order], ranks[order]
    first, end, half = picked.spans[tile, 0], picked.spans[tile, 1], n // 2
    if n <= _ONE_TILE:
        _lay_out(picked, tile, rows, ranks, first, end)
        return
    other = picked.n_tiles[0]
    picked.n_tiles[0] = other + 1
    _lay_out(picked, tile, rows[:half], ranks[:half], first, rows[half])
    _lay_out(picked, other, rows[half:], ranks[half:], rows[half], end)


@kernel
def pick(picked, rows, rank):
    """Take note that these rows were picked."""
    for row in rows:
        if picked.counts[picked.leaf_of[row]] == LEAF_ROWS:
            _make_room(picked, picked.leaf_of[row] // LEAVES)
        leaf = picked.leaf_of[row]
        _put(picked, leaf, row, rank)
        _widen(picked, leaf // LEAVES, leaf)
