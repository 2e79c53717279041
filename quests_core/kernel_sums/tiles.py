"""Tiles of nearby environments with bounds, so that far tiles are never multiplied.

The rows are turned into their principal axes, which changes no distance but gathers most of it in
the first few, and split along the widest axis until a tile holds at most `TILE_ROWS` rows, and its
leaves, which are consecutive rows, `LEAF_ROWS`.
A tile's box in the first `CHUNK_AXES` axes bounds all distances to it from below. Its rows stand once more
as columns, relative to its centre and in single precision: so they are what a kernel reads along.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit, jit_no_refcount
from ..utils.memory import check_fits

# Rows of a tile, at most: 128 × 64 numbers in single precision stay in the first-level cache.
TILE_ROWS = 128
# Within a tile, this many consecutive rows are near each other again.
LEAF_ROWS = 32
# Axes are added up this many at a time; between two chunks all may turn out to be too far.
CHUNK_AXES = 16
# Rows that are rotated at once, few enough to stay in the cache.
_AT_ONCE = 4096
# Rows from which the axes of tiles are found: any axes will do, only with worse ones more tiles are near.
_SAMPLE = 2048
# Columns of which a square matrix may not fit in memory.
_WIDE = 5000
# Columns of the stack in `_grow`: first row, end, and whether they are part of one tile.
_FIRST, _END, _IS_PART = range(3)


class References(NamedTuple):
    """Blocks of rows that are summed over; block b holds the rows ``starts[b]:starts[b + 1]``."""

    rows: np.ndarray  # (n, D)
    leading_axes: np.ndarray  # their first `CHUNK_AXES` axes
    starts: np.ndarray  # (n_blocks + 1,)
    low: np.ndarray  # box of each block in the first axes, (n_blocks, CHUNK_AXES)
    high: np.ndarray


class TileArrays(NamedTuple):
    """The arrays of `Tiles`; lane j of tile t holds ``rows[positions[t, j]]``."""

    rows: np.ndarray  # (n, D)
    order: np.ndarray  # index of each row in the matrix that the tiles were made from
    positions: np.ndarray  # row of each lane, (n_tiles, TILE_ROWS)
    centers: np.ndarray  # (n_tiles, D)
    low: np.ndarray  # (n_tiles, CHUNK_AXES)
    high: np.ndarray
    columns: np.ndarray  # (n_tiles, D, TILE_ROWS), single precision
    radii: np.ndarray  # (n_tiles, TILE_ROWS)


@jit_no_refcount
def _fill_columns(rows, center, columns, radii):
    """Write rows as columns relative to the centre, and their distances from it."""
    for i in range(rows.shape[0]):
        square = 0.0
        for c in range(rows.shape[1]):
            difference = rows[i, c] - center[c]
            columns[c, i] = difference
            square += difference * difference
        radii[i] = math.sqrt(square)
    # Room that no row takes is filled, so that whole vectors can be worked on.
    columns[:, rows.shape[0] :] = 0.0
    radii[rows.shape[0] :] = 0.0


@jit
def _fill_all_columns(rows, starts, centers, columns, radii):
    for t in range(columns.shape[0]):
        _fill_columns(rows[starts[t] : starts[t + 1]], centers[t], columns[t], radii[t])


@jit
def _widest_axis(leading_axes):
    low, high = leading_axes[0].copy(), leading_axes[0].copy()
    for i in range(leading_axes.shape[0]):
        for c in range(leading_axes.shape[1]):
            low[c], high[c] = min(low[c], leading_axes[i, c]), max(high[c], leading_axes[i, c])
    return np.argmax(high - low)


@jit
def _split_at_median(leading_axes, order, n_rows, upper, upper_order):
    """Move the lower half along the widest axis before the upper one; return how many rows it has.

    That is the multiple of `n_rows` next to half of them, so that all tiles, or leaves, but one are full.
    Within the halves rows stay in their order, and of equal ones the first are the lower. Rows are moved
    number by number: as assigned slices they take 1.5 to 2.3 times as long.
    """
    n, axis = leading_axes.shape[0], _widest_axis(leading_axes)
    n_lower = (-(-n // n_rows) // 2) * n_rows
    values = leading_axes[:, axis].copy()
    median = np.partition(values, n_lower)[n_lower]
    n_equal = n_lower - np.sum(values < median)
    lower, above = 0, 0
    for i in range(n):
        is_equal = values[i] == median
        if values[i] < median or (is_equal and n_equal > 0):
            n_equal -= is_equal
            for c in range(CHUNK_AXES):
                leading_axes[lower, c] = leading_axes[i, c]
            order[lower] = order[i]
            lower += 1
        else:
            for c in range(CHUNK_AXES):
                upper[above, c] = leading_axes[i, c]
            upper_order[above] = order[i]
            above += 1
    leading_axes[lower:], order[lower:] = upper[:above], upper_order[:above]
    return lower


@jit
def _grow(leading_axes, order, starts):
    """Sort rows into leaves of at most `LEAF_ROWS`; write the tiles' first rows, return their number."""
    n = order.shape[0]
    upper, upper_order = np.empty_like(leading_axes), np.empty_like(order)
    stack = np.zeros((128, 3), np.int64)
    stack[0, _END] = n
    depth, n_tiles = (1 if n else 0), 0
    while depth > 0:
        depth -= 1
        first, last, is_part = stack[depth, _FIRST], stack[depth, _END], stack[depth, _IS_PART]
        if not is_part and last - first <= TILE_ROWS:
            starts[n_tiles] = first
            n_tiles += 1
            is_part = 1
        n_rows = LEAF_ROWS if is_part else TILE_ROWS
        if last - first <= n_rows:
            continue
        middle = first + _split_at_median(
            leading_axes[first:last], order[first:last], n_rows, upper, upper_order
        )
        # The lower half comes off the stack first, so that tiles follow each other.
        stack[depth, _FIRST], stack[depth, _END], stack[depth, _IS_PART] = middle, last, is_part
        depth += 1
        stack[depth, _FIRST], stack[depth, _END], stack[depth, _IS_PART] = first, middle, is_part
        depth += 1
    starts[n_tiles] = n
    return n_tiles


@jit
def boxes(rows, starts):
    """Return the least and the greatest coordinates of the rows from each start to the next."""
    low = np.full((starts.shape[0] - 1, rows.shape[1]), np.inf)
    high = np.full(low.shape, -np.inf)
    for t in range(low.shape[0]):
        for row in range(starts[t], starts[t + 1]):
            for c in range(rows.shape[1]):
                low[t, c], high[t, c] = min(low[t, c], rows[row, c]), max(high[t, c], rows[row, c])
    return low, high


@dataclass(frozen=True, eq=False)
class Axes:
    """The principal axes of a set: ``rotate(X)`` keeps all distances.

    Attributes
    ----------
    mean : ndarray of shape (d,)
    rotation : ndarray of shape (d, d)
        Orthonormal columns, the axis of greatest variance first.
    """

    mean: np.ndarray
    rotation: np.ndarray

    @classmethod
    def from_rows(cls, X: np.ndarray) -> "Axes":
        """Return the principal axes of the rows of `X`; a ValueError where there are too many columns."""
        d = X.shape[1]
        if d > _WIDE:
            # The covariance, its copy, the vectors and their work space.
            check_fits(5 * 8 * d * d, f"the principal axes of {d:,} columns", "take fewer columns")
        mean = X.sum(axis=0) / max(1, len(X))
        centered = X - mean
        _, vectors = np.linalg.eigh(centered.T @ centered)
        return cls(mean, np.ascontiguousarray(vectors[:, ::-1]))

    def rotate(self, X: np.ndarray) -> np.ndarray:
        """Return `X` in these axes, with zero columns up to a multiple of `CHUNK_AXES`."""
        d = X.shape[1]
        rotation = np.zeros((d, -(-d // CHUNK_AXES) * CHUNK_AXES))
        rotation[:, :d] = self.rotation
        out = np.empty((len(X), rotation.shape[1]))
        for first in range(0, len(X), _AT_ONCE):
            rows = slice(first, first + _AT_ONCE)
            np.matmul(X[rows] - self.mean, rotation, out=out[rows])
        return out


@dataclass(frozen=True, eq=False)
class Tiles:
    """Rows in principal axes, ordered so that each tile is a run of nearby rows.

    Attributes
    ----------
    axes : Axes
        The axes; two sets that are compared share them.
    rows : ndarray of shape (n, D)
        Coordinates in tile order; D is a multiple of `CHUNK_AXES`.
    order : ndarray of shape (n,)
        Index of each row in the matrix that the tiles were made from.
    starts : ndarray of shape (n_tiles + 1,)
        First row of each tile.
    centers : ndarray of shape (n_tiles, D)
        Middle of each tile's box.
    low, high : ndarray of shape (n_tiles, CHUNK)
        The box in the first axes.
    """

    axes: Axes
    rows: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    centers: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def from_rows(cls, X: np.ndarray, axes: Axes | None = None) -> "Tiles":
        """Sort the rows of `X` into tiles; in about its own principal axes unless others are given."""
        if axes is None:
            few = len(X) <= _SAMPLE
            axes = Axes.from_rows(X if few else X[np.random.default_rng(0).integers(len(X), size=_SAMPLE)])
        return cls.from_rotated(axes.rotate(X), axes)

    @classmethod
    def from_rotated(cls, rows: np.ndarray, axes: Axes) -> "Tiles":
        """Sort rows that are in `axes` already."""
        order = np.arange(len(rows))
        starts = np.empty(len(rows) // TILE_ROWS + 2, dtype=np.int64)
        n_tiles = _grow(rows[:, :CHUNK_AXES].astype(np.float32), order, starts)
        starts = starts[: n_tiles + 1].copy()
        rows = rows[order]
        low, high = boxes(rows, starts)
        low_box, high_box = low[:, :CHUNK_AXES].copy(), high[:, :CHUNK_AXES].copy()
        return cls(axes, rows, order, starts, 0.5 * (low + high), low_box, high_box)

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self.starts) - 1

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows as float32 columns relative to the centres, and their distances from these.

        Shapes ``(n_tiles, D, TILE_ROWS)`` and ``(n_tiles, TILE_ROWS)``.
        """
        columns = np.empty((len(self), self.rows.shape[1], TILE_ROWS), dtype=np.float32)
        radii = np.empty((len(self), TILE_ROWS))
        _fill_all_columns(self.rows, self.starts, self.centers, columns, radii)
        return columns, radii

    @cached_property
    def leading_axes(self) -> np.ndarray:
        """The rows in the first axes alone, ``(n, CHUNK)``: what is read of all rows lies together."""
        return self.rows[:, :CHUNK_AXES].copy()

    @cached_property
    def positions(self) -> np.ndarray:
        """Place in tile order of each row of the matrix that the tiles were made from."""
        positions = np.empty_like(self.order)
        positions[self.order] = np.arange(len(self.order))
        return positions
