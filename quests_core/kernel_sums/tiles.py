"""Tiles of nearby environments with bounding boxes, which allow distant tiles to be skipped.

Rows are rotated to their principal axes, which preserves distances and concentrates them in the first axes.
They are then split along the widest axis until tiles have at most `TILE_ROWS` rows, and their leaves, which
are consecutive rows, at most `LEAF_ROWS`. The box of a tile in the first `CHUNK_AXES` axes provides a lower
bound of the distances to its rows. Rows are also stored as columns relative to the tile's centre, in single
precision, for contiguous access in compiled loops.
"""

import math
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit, jit_no_refcount
from ..utils.mapped_arrays import Empty
from .principal_axes import CHUNK_AXES, Axes
from .quickselect import nth_smallest

# Maximum number of rows of a tile: 128 × 64 numbers in single precision fit in the first-level cache.
TILE_ROWS = 128
# Maximum number of rows of a leaf, a group of nearby rows within a tile.
LEAF_ROWS = 32
# Number of rows from which principal axes are computed: results do not depend on the axes, only the speed
# does.
_SAMPLE = 2048
# Columns of the stack in `_grow`: first row, end, and whether the rows belong to one tile.
_FIRST, _END, _IS_PART = range(3)


class References(NamedTuple):
    """Blocks of rows to sum over; block b contains the rows ``starts[b]:starts[b + 1]``."""

    rows: np.ndarray  # (n, D)
    leading_axes: np.ndarray  # their first `CHUNK_AXES` axes
    starts: np.ndarray  # (n_blocks + 1,)
    low: np.ndarray  # box of each block in the first axes, (n_blocks, CHUNK_AXES)
    high: np.ndarray
    weights: np.ndarray  # number of environments that each row stands for, (n,)

    @classmethod
    def of_blocks(cls, rows: np.ndarray, starts: np.ndarray, empty: Empty = np.empty) -> "References":
        """Return blocks of rows of weight 1, some of which may be empty."""
        # Copied to be writable, because numba would compile functions again for read-only arrays.
        starts, leading_axes = starts.copy(), leading(rows, empty)
        low, high = boxes(leading_axes, starts)
        is_empty = np.diff(starts) == 0
        low[is_empty], high[is_empty] = 0.0, 0.0
        return cls(rows, leading_axes, starts, low, high, np.ones(len(rows)))


class TileArrays(NamedTuple):
    """The arrays of `Tiles`; lane j of tile t contains ``rows[positions[t, j]]``."""

    rows: np.ndarray  # (n, D)
    order: np.ndarray  # index of each row in the original matrix
    weights: np.ndarray  # number of environments that each row stands for, (n,)
    positions: np.ndarray  # row of each lane, (n_tiles, TILE_ROWS)
    lane_weights: np.ndarray  # its weight, single precision, 0 for an empty lane
    centers: np.ndarray  # (n_tiles, D)
    low: np.ndarray  # (n_tiles, CHUNK_AXES)
    high: np.ndarray
    columns: np.ndarray  # (n_tiles, D, TILE_ROWS), single precision
    radii: np.ndarray  # (n_tiles, TILE_ROWS)
    further: np.ndarray  # (n_tiles, TILE_ROWS), single precision
    most_further: np.ndarray  # (n_tiles,)


@jit_no_refcount
def _fill_columns(rows, center, columns, radii, further):
    """Write rows as columns relative to the centre, and their distances from the centre.

    Squares of the distances without the first axes are written to `further`; returns the largest.
    """
    most = 0.0
    for i in range(rows.shape[0]):
        leading, others = 0.0, 0.0
        for c in range(rows.shape[1]):
            difference = rows[i, c] - center[c]
            columns[c, i] = difference
            square = difference * difference
            leading += square if c < CHUNK_AXES else 0.0
            others += square if c >= CHUNK_AXES else 0.0
        radii[i], further[i], most = math.sqrt(leading + others), others, max(most, others)
    # Unused lanes are set, so that whole vectors can be processed.
    columns[:, rows.shape[0] :] = 0.0
    radii[rows.shape[0] :] = 0.0
    further[rows.shape[0] :] = 0.0
    return most


@jit
def _fill_all_columns(rows, starts, centers, columns, radii, further, most_further):
    for t in range(columns.shape[0]):
        tile = rows[starts[t] : starts[t + 1]]
        most_further[t] = _fill_columns(tile, centers[t], columns[t], radii[t], further[t])


@jit
def _widest_axis(leading_axes):
    low, high = leading_axes[0].copy(), leading_axes[0].copy()
    for i in range(leading_axes.shape[0]):
        for c in range(leading_axes.shape[1]):
            low[c], high[c] = min(low[c], leading_axes[i, c]), max(high[c], leading_axes[i, c])
    widest = 0
    for c in range(1, low.shape[0]):
        widest = c if high[c] - low[c] > high[widest] - low[widest] else widest
    return widest


@jit
def _split_at_median(leading_axes, order, n_rows, upper, upper_order):
    """Move the lower half along the widest axis before the upper half; return its number of rows.

    This number is a multiple of `n_rows`, so that all tiles, or leaves, but one are full. The order within
    the halves is kept, and of equal rows the first are assigned to the lower half. Rows are copied element by
    element: slice assignments take 1.5 to 2.3 times as long.
    """
    n, axis = leading_axes.shape[0], _widest_axis(leading_axes)
    n_lower = (-(-n // n_rows) // 2) * n_rows
    values = leading_axes[:, axis].copy()
    median = nth_smallest(values, n_lower)
    n_equal = n_lower
    for i in range(n):
        n_equal -= values[i] < median
    lower, above = 0, 0
    for i in range(n):
        value = leading_axes[i, axis]
        is_equal = value == median
        if value < median or (is_equal and n_equal > 0):
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
    for i in range(above):
        for c in range(CHUNK_AXES):
            leading_axes[lower + i, c] = upper[i, c]
        order[lower + i] = upper_order[i]
    return lower


@jit
def _grow(leading_axes, order, starts, upper, upper_order):
    """Sort rows into tiles and leaves; write the first row of each tile, and return the number of tiles.

    `upper` and `upper_order` are buffers like `leading_axes` and `order`.
    """
    n = order.shape[0]
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
        # The lower half is popped first, so that tiles are contiguous.
        stack[depth, _FIRST], stack[depth, _END], stack[depth, _IS_PART] = middle, last, is_part
        depth += 1
        stack[depth, _FIRST], stack[depth, _END], stack[depth, _IS_PART] = first, middle, is_part
        depth += 1
    starts[n_tiles] = n
    return n_tiles


@jit
def boxes(rows, starts):
    """Return the smallest and the largest coordinates of each block of rows."""
    low = np.full((starts.shape[0] - 1, rows.shape[1]), np.inf)
    high = np.full(low.shape, -np.inf)
    for t in range(low.shape[0]):
        for row in range(starts[t], starts[t + 1]):
            for c in range(rows.shape[1]):
                low[t, c], high[t, c] = min(low[t, c], rows[row, c]), max(high[t, c], rows[row, c])
    return low, high


def leading(rows: np.ndarray, empty: Empty = np.empty) -> np.ndarray:
    """Return a contiguous copy of the first `CHUNK_AXES` axes of rows."""
    out = empty((len(rows), CHUNK_AXES))
    out[:] = rows[:, :CHUNK_AXES]
    return out


def sample_rows(n_rows: int) -> np.ndarray | None:
    """Return the rows from which the axes of a set are computed; None for all of a small one."""
    return None if n_rows <= _SAMPLE else np.random.default_rng(0).integers(n_rows, size=_SAMPLE)


def sort_into_tiles(leading_axes: np.ndarray, empty: Empty = np.empty) -> tuple[np.ndarray, np.ndarray]:
    """Sort rows into tiles by their first axes in single precision, which are put into the same order.

    Returns the index of each row in tile order, and the first row of each tile, with n at the end.
    """
    n_rows = len(leading_axes)
    order, starts = np.arange(n_rows), np.empty(n_rows // TILE_ROWS + 2, dtype=np.int64)
    upper = empty(leading_axes.shape, np.float32)
    n_tiles = _grow(leading_axes, order, starts, upper, np.empty_like(order))
    return order, starts[: n_tiles + 1].copy()


@dataclass(frozen=True, eq=False)
class Tiles:
    """Rows in principal axes, sorted such that tiles are contiguous groups of nearby rows.

    Attributes
    ----------
    axes : Axes
        The axes, shared by sets that are compared.
    rows : ndarray of shape (n, D)
        Coordinates in tile order; D is a multiple of `CHUNK_AXES`.
    order : ndarray of shape (n,)
        Index of each row in the original matrix.
    starts : ndarray of shape (n_tiles + 1,)
        First row of each tile, and n at the end.
    centers : ndarray of shape (n_tiles, D)
        Centre of the box of each tile.
    low, high : ndarray of shape (n_tiles, CHUNK_AXES)
        The box of each tile in the first axes.
    weights : ndarray of shape (n,)
        Number of environments that each row stands for, in tile order.
    empty : callable
        Makes further arrays of the size of `rows`.
    """

    axes: Axes
    rows: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    centers: np.ndarray
    low: np.ndarray
    high: np.ndarray
    weights: np.ndarray
    empty: Empty = field(default=np.empty, repr=False)

    @classmethod
    def from_rows(
        cls,
        X: np.ndarray,
        axes: Axes | None = None,
        empty: Empty = np.empty,
        weights: np.ndarray | None = None,
    ) -> "Tiles":
        """Sort the rows of `X` into tiles, by default in their approximate principal axes and of weight 1."""
        if axes is None:
            sample = sample_rows(len(X))
            axes = Axes.from_rows(X if sample is None else X[sample])
        return cls.from_rotated(axes.rotate(X, empty), axes, empty, weights)

    @classmethod
    def from_rotated(
        cls, rows: np.ndarray, axes: Axes, empty: Empty = np.empty, weights: np.ndarray | None = None
    ) -> "Tiles":
        """Sort rows that are already in `axes` into tiles."""
        leading_axes = empty((len(rows), CHUNK_AXES), np.float32)
        leading_axes[:] = rows[:, :CHUNK_AXES]
        return cls.from_order(rows, axes, *sort_into_tiles(leading_axes, empty), empty, weights)

    @classmethod
    def from_order(
        cls, rows: np.ndarray, axes: Axes, order: np.ndarray, starts: np.ndarray, empty: Empty = np.empty,
        weights: np.ndarray | None = None,
    ) -> "Tiles":  # fmt: skip
        """Put rows that are already in `axes` into an order, in which tiles begin at `starts`."""
        rows = np.take(rows, order, axis=0, out=empty(rows.shape), mode="clip")
        low, high = boxes(rows, starts)
        low_box, high_box = low[:, :CHUNK_AXES].copy(), high[:, :CHUNK_AXES].copy()
        weights = np.ones(len(rows)) if weights is None else weights[order].astype(float)
        return cls(axes, rows, order, starts, 0.5 * (low + high), low_box, high_box, weights, empty)

    def __getstate__(self) -> dict[str, object]:
        """Pickle without cached arrays, which are larger than what they are computed from."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self.starts) - 1

    @property
    def n_environments(self) -> int:
        """Number of environments that all rows stand for."""
        return round(self.weights.sum())

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rows as float32 columns relative to the centres, and their distances from the centres.

        Then the squares of these without the first `CHUNK_AXES` axes, float32, and the largest of each tile.
        Shapes ``(n_tiles, D, TILE_ROWS)``, twice ``(n_tiles, TILE_ROWS)``, and ``(n_tiles,)``.
        """
        columns = self.empty((len(self), self.rows.shape[1], TILE_ROWS), np.float32)
        radii, most = np.empty((len(self), TILE_ROWS)), np.empty(len(self))
        further = np.empty(radii.shape, dtype=np.float32)
        _fill_all_columns(self.rows, self.starts, self.centers, columns, radii, further, most)
        return columns, radii, further, most

    @cached_property
    def leading_axes(self) -> np.ndarray:
        """A contiguous copy of the first axes of the rows, ``(n, CHUNK_AXES)``."""
        return leading(self.rows, self.empty)

    @cached_property
    def positions(self) -> np.ndarray:
        """Position in tile order of each row of the original matrix."""
        positions = np.empty_like(self.order)
        positions[self.order] = np.arange(len(self.order))
        return positions
