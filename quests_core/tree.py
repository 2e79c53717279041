"""Tiles of nearby environments with bounds, so that far tiles are never multiplied.

The rows are turned into their principal axes, which changes no distance but gathers most of it in
the first few, and split along the widest axis until a tile holds at most `TILE_ROWS` rows, and its
leaves, which are consecutive rows, `LEAF_ROWS`.
A tile's box in the first `CHUNK` axes bounds all distances to it from below. Its rows stand once more
as columns, relative to its centre and in single precision: so they are what a kernel reads along.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ._numba import inner_kernel, kernel

# Rows of a tile, at most: 128 × 64 numbers in single precision stay in the first-level cache.
TILE_ROWS = 128
# Within a tile, this many consecutive rows are near each other again.
LEAF_ROWS = 32
# Axes are added up this many at a time; between two chunks all may turn out to be too far.
CHUNK = 16


@inner_kernel
def fill_columns(rows, center, columns, radii):
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


@kernel
def _fill_all_columns(rows, starts, centers, columns, radii):
    for t in range(columns.shape[0]):
        fill_columns(rows[starts[t] : starts[t + 1]], centers[t], columns[t], radii[t])


@kernel
def _split_at_median(coordinates, order, first, last, n_rows):
    """Order ``order[first:last]`` along its widest axis; return the place of the split.

    That is the multiple of `n_rows` next to the median, so that all tiles, or leaves, but one are full.
    """
    rows = order[first:last].copy()
    widest, axis = -1.0, 0
    for c in range(coordinates.shape[1]):
        low, high = np.inf, -np.inf
        for row in rows:
            low, high = min(low, coordinates[row, c]), max(high, coordinates[row, c])
        if high - low > widest:
            widest, axis = high - low, c
    values = np.empty(rows.shape[0])
    for i in range(rows.shape[0]):
        values[i] = coordinates[rows[i], axis]
    # A stable sort: the tiles do not depend on the machine.
    ranks = np.argsort(values, kind="mergesort")
    for i in range(rows.shape[0]):
        order[first + i] = rows[ranks[i]]
    n_parts = -(-rows.shape[0] // n_rows)
    return first + (n_parts // 2) * n_rows


@kernel
def _grow(coordinates, order, starts):
    """Split until no leaf is larger than `LEAF_ROWS`; write the tiles' first rows, return their number."""
    n = order.shape[0]
    # First and last row, and whether they are part of one tile.
    stack = np.zeros((128, 3), np.int64)
    stack[0, 1] = n
    depth, n_tiles = (1 if n else 0), 0
    while depth > 0:
        depth -= 1
        first, last, is_part = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        if not is_part and last - first <= TILE_ROWS:
            starts[n_tiles] = first
            n_tiles += 1
            is_part = 1
        n_rows = LEAF_ROWS if is_part else TILE_ROWS
        if last - first <= n_rows:
            continue
        middle = _split_at_median(coordinates, order, first, last, n_rows)
        # The lower half comes off the stack first, so that tiles follow each other.
        stack[depth, 0], stack[depth, 1], stack[depth, 2] = middle, last, is_part
        stack[depth + 1, 0], stack[depth + 1, 1], stack[depth + 1, 2] = first, middle, is_part
        depth += 2
    starts[n_tiles] = n
    return n_tiles


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
    def of(cls, X: np.ndarray) -> "Axes":
        """Return the principal axes of the rows of `X`."""
        mean = X.sum(axis=0) / max(1, len(X))
        centered = X - mean
        _, vectors = np.linalg.eigh(centered.T @ centered)
        return cls(mean, np.ascontiguousarray(vectors[:, ::-1]))

    def rotate(self, X: np.ndarray) -> np.ndarray:
        """Return `X` in these axes, with zero columns up to a multiple of `CHUNK`."""
        d = X.shape[1]
        out = np.zeros((len(X), -(-d // CHUNK) * CHUNK))
        np.matmul(X - self.mean, self.rotation, out=out[:, :d])
        return out


@dataclass(frozen=True, eq=False)
class Tiles:
    """Rows in principal axes, ordered so that each tile is a run of nearby rows.

    Attributes
    ----------
    axes : Axes
        The axes; two sets that are compared share them.
    rows : ndarray of shape (n, D)
        Coordinates in tile order; D is a multiple of `CHUNK`.
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
    def of(cls, X: np.ndarray, axes: Axes | None = None) -> "Tiles":
        """Sort the rows of `X` into tiles; in its own principal axes unless others are given."""
        axes = Axes.of(X) if axes is None else axes
        return cls.of_rotated(axes.rotate(X), axes)

    @classmethod
    def of_rotated(cls, rows: np.ndarray, axes: Axes) -> "Tiles":
        """Sort rows that are in `axes` already."""
        order = np.arange(len(rows))
        starts = np.empty(len(rows) // TILE_ROWS + 2, dtype=np.int64)
        n_tiles = _grow(rows[:, :CHUNK], order, starts)
        starts = starts[: n_tiles + 1].copy()
        rows = rows[order]
        low = np.minimum.reduceat(rows, starts[:-1])
        high = np.maximum.reduceat(rows, starts[:-1])
        low_box, high_box = low[:, :CHUNK].copy(), high[:, :CHUNK].copy()
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
    def heads(self) -> np.ndarray:
        """The rows in the first axes alone, ``(n, CHUNK)``: what is read of all rows lies together."""
        return self.rows[:, :CHUNK].copy()

    @cached_property
    def places(self) -> np.ndarray:
        """Place in tile order of each row of the matrix that the tiles were made from."""
        places = np.empty_like(self.order)
        places[self.order] = np.arange(len(self.order))
        return places

    def take(self, rows: np.ndarray) -> "Tiles":
        """Return tiles of the given rows of the matrix, in the same axes."""
        return Tiles.of_rotated(self.rows[self.places[rows]], self.axes)
