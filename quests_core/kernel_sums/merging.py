r"""Merge environments that are nearly equal into one with a weight, before any pair is computed.

Each row is represented by an earlier row within a distance, or by itself. Kernel sums of representatives,
each term times the number of rows that it stands for, are those of a set whose rows have moved by at most
this distance.

**Search.** Space is divided into cells, 16 tolerances wide, along the 8 leading principal axes. Rows are
visited once, in their order: cells that the ball around a row touches are looked up in a hash table, and the
distances to the representatives in them are computed in full. The time is linear: where a cell is full of
rows that are further apart than the tolerance, only the last 64 of them are compared. With a tolerance of 0,
the bits of a row take the place of its cell, so that all equal rows are found.

**Error.** Let distances be in units of h. Move references by at most `t`, and the query as well, so that the
distances :math:`r_j` change at a rate of at most 2t while a parameter s goes from 0 to 1. With
:math:`p_j = K_j / \sum K`,

.. math:: \left| \frac{d\,\delta H}{ds} \right| = \left| \sum_j p_j r_j \frac{d r_j}{ds} \right|
    \le 2t \sum_j p_j r_j \le 2t \sqrt{\sum_j p_j r_j^2} .

Since :math:`\ln p_j = \delta H - r_j^2 / 2`, the last sum is
:math:`2 (\delta H - \sum_j p_j \ln p_j) \le 2 (\delta H + \ln n) = R^2`. Hence :math:`|dR / ds| \le 2t`: R
changes by at most 2t, and

.. math:: |\Delta \delta H| \le 2tR + 2t^2, \qquad R = \sqrt{2 (\ln n + \delta H)} .

The entropy is the mean of :math:`\ln n + \delta H` over its environments, so that, by Jensen's inequality,
the same holds for it with :math:`R = \sqrt{2H}`. For one reference, the bound of δH is attained.
"""

import math
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from ..progress import ProgressCallback
from ..utils.jit import jit, jit_no_refcount
from ..utils.mapped_arrays import ArraysInMemory, Empty
from ..utils.validation import check_not_negative
from .partition import Rows
from .principal_axes import Axes
from .shards import Shards
from .tiles import Tiles

STEP = "merging"
# Number of axes along which space is divided, width of a cell in tolerances, and distance from a boundary up
# to which the cell beyond it is looked up, with a margin for rounding.
_AXES, _WIDTH, _MARGIN = 8, 16.0, 1.000001
# Largest numbers of boundaries of a cell that are close to a row, and of representatives that are compared
# with it in each cell: beyond them, some rows are not merged.
_MOST_BOUNDARIES, _MOST_COMPARED = 6, 64
# Number of rows from which principal axes are computed, and that are visited at once.
_SAMPLE, _CHUNK = 2048, 16384
# Columns after which squared distances are compared with the tolerance.
_COLUMNS = 16
_SEED, _MINUS_ZERO = np.uint64(0x9E3779B97F4A7C15), np.uint64(1 << 63)


class _Table(NamedTuple):
    """A hash table of representatives by cell; `first` and `following` are -1 at the end of a list."""

    first: np.ndarray  # the last representative in each slot; their number is a power of two
    following: np.ndarray  # the one before it in the same slot
    hashes: np.ndarray  # hash of its cell
    rows: np.ndarray  # its row
    values: np.ndarray  # a copy of the row, (space, d)


class StoredMatrix(Protocol):
    """A matrix on disk. Its rows are not read from a mapped array, as the system maps many around each."""

    def read_rows(self, first: int, last: int) -> np.ndarray:
        """Return the rows ``first:last``."""

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return some rows."""


class Merging(NamedTuple):
    """Representatives of rows.

    Attributes
    ----------
    rows : ndarray of shape (n_representatives,)
        Row of each representative, in ascending order.
    representative : ndarray of shape (n_rows,)
        Number of the representative of each row.
    weights : ndarray of shape (n_representatives,)
        Number of rows that each stands for.
    values : ndarray of shape (n_representatives, d)
        The representatives.
    """

    rows: np.ndarray
    representative: np.ndarray
    weights: np.ndarray
    values: np.ndarray


@jit_no_refcount
def _hash(words):
    """Return a hash of numbers, given as 64-bit words; that of -0 is that of 0."""
    found = _SEED
    for word in words:
        found ^= word if word != _MINUS_ZERO else np.uint64(0)
        # One step of the generator xorshift64.
        found ^= found << np.uint64(13)
        found ^= found >> np.uint64(7)
        found ^= found << np.uint64(17)
    return found


@jit_no_refcount
def _slot(table, cell_hash):
    """Return the slot of a cell in the hash table."""
    return np.int64((cell_hash ^ (cell_hash >> np.uint64(32))) & np.uint64(table.first.shape[0] - 1))


@jit_no_refcount
def _is_within(x, y, tolerance_sq):
    """Return whether the squared distance of two rows is at most `tolerance_sq`."""
    total = 0.0
    for start in range(0, x.shape[0], _COLUMNS):
        for c in range(start, min(start + _COLUMNS, x.shape[0])):
            difference = x[c] - y[c]
            total += difference * difference
        if total > tolerance_sq:
            return False
    return True


@jit_no_refcount
def _find_in_cell(x, cell_hash, tolerance_sq, table):
    """Return a representative in a cell that is within the tolerance of a row, or -1."""
    found, n_compared = table.first[_slot(table, cell_hash)], np.int64(0)
    while found >= 0 and n_compared < _MOST_COMPARED:
        if table.hashes[found] == cell_hash:
            n_compared += 1
            if _is_within(x, table.values[found], tolerance_sq):
                return found
        found = table.following[found]
    return np.int64(-1)


@jit
def _merge(X, first, rotation, origin, tolerance, table, n, representative):
    """Represent the rows of `X`, numbered from `first`; return the number of representatives so far.

    Without columns of `rotation`, only equal rows are merged.
    """
    d, n_axes = rotation.shape
    key = np.empty(n_axes if n_axes else d)
    place, cell, shifts = np.empty(n_axes), np.empty(n_axes), np.empty(n_axes)
    words, near = key.view(np.uint64), np.empty(n_axes, np.int64)
    for i in range(X.shape[0]):
        x, n_near = X[i], 0
        if n_axes == 0:
            for c in range(d):
                key[c] = x[c]
        else:
            place[:] = origin
            for c in range(d):
                for a in range(n_axes):
                    place[a] += x[c] * rotation[c, a]
            for a in range(n_axes):
                position = place[a] / (_WIDTH * tolerance)
                cell[a] = math.floor(position)
                beyond = position - cell[a]
                is_low, is_high = beyond * _WIDTH < _MARGIN, (1.0 - beyond) * _WIDTH < _MARGIN
                if (is_low or is_high) and n_near < _MOST_BOUNDARIES:
                    near[n_near], shifts[n_near] = a, (-1.0 if is_low else 1.0)
                    n_near += 1
            key[:] = cell
        own = _hash(words)
        found = _find_in_cell(x, own, tolerance * tolerance, table)
        for neighbour in range(1, 1 << n_near):
            if found >= 0:
                break
            key[:] = cell
            for k in range(n_near):
                if neighbour >> k & 1:
                    key[near[k]] += shifts[k]
            found = _find_in_cell(x, _hash(words), tolerance * tolerance, table)
        if found < 0:
            slot = _slot(table, own)
            table.rows[n], table.hashes[n], table.following[n] = first + i, own, table.first[slot]
            for c in range(d):
                table.values[n, c] = x[c]
            table.first[slot] = found = n
            n += 1
        representative[first + i] = found
    return n


@jit
def _link(table, n):
    """Enter the first `n` representatives of a table into its empty slots."""
    for i in range(n):
        slot = _slot(table, table.hashes[i])
        table.following[i] = table.first[slot]
        table.first[slot] = i


def _grown(table: _Table | None, n: int, size: int, d: int, empty: Empty) -> _Table:
    """Return a table with space for `size` representatives with d columns, of which there are `n`."""
    n_slots = 1 << (size - 1).bit_length()
    first, following, rows = (empty((space,), np.int64) for space in (n_slots, size, size))
    grown = _Table(first, following, empty((size,), np.uint64), rows, empty((size, d)))
    grown.first[:] = -1
    if table is not None:
        grown.hashes[:n], grown.rows[:n], grown.values[:n] = (
            table.hashes[:n],
            table.rows[:n],
            table.values[:n],
        )
        _link(grown, n)
    return grown


def merge_rows(
    X: np.ndarray,
    tolerance: float,
    arrays: ArraysInMemory | None = None,
    progress: ProgressCallback | None = None,
    store: StoredMatrix | None = None,
) -> Merging:
    """Find a representative of each row of `X` within a distance.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows.
    tolerance : float
        Largest distance of a row from its representative; at 0, equal rows are merged.
    arrays : ArraysInMemory, optional
        Makes the arrays of the search, which hold representatives and up to 64 bytes for each.
    progress : callable, optional
        See `quests_core.progress`.
    store : StoredMatrix, optional
        Where the rows are read, if `X` is on disk.

    Examples
    --------
    >>> rows, representative, weights, values = merge_rows(np.array([[0.0], [2.0], [0.1], [0.0]]), 0.2)
    >>> representative.tolist(), weights.tolist(), values.tolist()
    ([0, 1, 0, 0], [3, 1], [[0.0], [2.0]])
    """
    n, representative = 0, np.empty(len(X), np.int64)
    rotation, origin = np.empty((X.shape[1], 0)), np.empty(0)
    if tolerance > 0:
        few = len(X) <= _SAMPLE
        some = np.arange(len(X)) if few else np.random.default_rng(0).integers(len(X), size=_SAMPLE)
        axes = Axes.from_rows(X[some] if store is None else store.rows(some))
        rotation = np.ascontiguousarray(axes.rotation[:, :_AXES])
        # The mean is in the middle of a cell, so that axes along which rows hardly differ have no boundaries.
        origin = 0.5 * _WIDTH * tolerance - axes.mean @ rotation
    arrays = arrays or ArraysInMemory()
    table = _grown(None, 0, min(2 * _CHUNK, len(X)), X.shape[1], arrays.empty)
    for first in range(0, len(X), _CHUNK):
        last = min(first + _CHUNK, len(X))
        if n + last - first > len(table.rows):
            table = _grown(table, n, min(2 * len(table.rows), len(X)), X.shape[1], arrays.empty)
        rows = X[first:last] if store is None else store.read_rows(first, last).view()
        rows.flags.writeable = False  # one type for the compiled function
        n = _merge(rows, first, rotation, origin, float(tolerance), table, n, representative)
        arrays.keep_limit()
        if progress is not None:
            progress(STEP, last, len(X))
    weights = np.bincount(representative, minlength=n)
    return Merging(np.array(table.rows[:n]), representative, weights, table.values[:n])


class MergedRows:
    """Representatives of the rows of a set, of which kernel sums are computed in place of the set's.

    Parameters
    ----------
    merging : Merging
        The representatives.
    empty : callable
        Makes arrays of their size.
    shards : Shards, optional
        The representatives, where they exceed a memory limit.
    stored_rows : Rows, optional
        The representatives for other processes, if these can read them from a store.
    """

    def __init__(
        self,
        merging: Merging,
        empty: Empty = np.empty,
        shards: Shards | None = None,
        stored_rows: Rows | None = None,
    ):
        self.merging, self.shards = merging, shards
        self._empty, self._stored_rows = empty, stored_rows

    def __len__(self) -> int:
        """Return the number of representatives."""
        return len(self.merging.rows)

    @property
    def X(self) -> np.ndarray:
        """The representatives, ``(n_representatives, d)``."""
        return self.merging.values

    @cached_property
    def tiles(self) -> Tiles:
        """The representatives sorted into tiles, with their weights."""
        return Tiles.from_rows(self.X, empty=self._empty, weights=self.weights)

    @property
    def weights(self) -> np.ndarray:
        """Number of rows that each representative stands for."""
        return self.merging.weights

    @property
    def stored_rows(self) -> Rows:
        """The representatives for other processes."""
        return self._stored_rows or Rows.of_matrix(self.X, self.weights)


def merged_rows(envs, X: np.ndarray, tolerance: float, progress: ProgressCallback | None) -> MergedRows:
    """Merge the rows of `Environments`, which keep the result, or of the validated matrix `X`."""
    merged: Callable[..., MergedRows] | None = getattr(envs, "merged", None)
    return (
        MergedRows(merge_rows(X, tolerance, progress=progress))
        if merged is None
        else merged(tolerance, progress)
    )


def merge_error_bound(entropy, merge: float):
    r"""Return the largest error of an entropy, or of δH, by ``merge``.

    .. math:: 2 t \sqrt{2 H} + 2 t^2

    for environments that are merged within t bandwidths. For the δH of one environment with respect to n
    references, H is :math:`\ln n + \delta H`, of which the entropy is the mean. The bound is rigorous, and
    holds whether the value given is exact or was computed with `merge`. The diversity changes by at most the
    largest change of δH, for which H is at most ln n. The error of ``precision`` is added to all of them.

    Parameters
    ----------
    entropy : float or array_like
        H, or ln n + δH, nats.
    merge : float
        t, bandwidths.

    Returns
    -------
    float or ndarray
        Nats.

    Raises
    ------
    ValueError
        If `merge` is negative or not finite.

    Notes
    -----
    The proof is in the docstring of `quests_core.kernel_sums.merging`.

    Examples
    --------
    >>> round(merge_error_bound(8.0, 1e-3), 6)
    0.008002
    """
    merge = check_not_negative(merge, "merge")
    # Rounding makes values that are 0 negative.
    found = 2 * merge * np.sqrt(2 * np.maximum(entropy, 0.0)) + 2 * merge**2
    return float(found) if np.ndim(found) == 0 else found
