"""Kernel sums of sets that do not fit in memory: tiles are built from some rows at a time.

A set is divided into shards of consecutive rows. Each shard of queries is compared with its own rows first,
which set the limits, and then with all other shards; pairs of distant tiles are skipped as usual, but each
shard is read once for each shard of queries, and each pair of rows is computed twice. Truncation and errors
are those of `quests_core.kernel_sums.sums`, since sums of any number of additions are.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ..progress import ProgressCallback
from .incremental import IncrementalKernelSums
from .principal_axes import Axes
from .tiles import Tiles

# Bytes for each row of a shard: 1.0 kB as queries, and 1.8 kB while references are read, rotated and sorted,
# for 64 columns.
_BYTES_PER_COLUMN = 46
# Freed pieces of the heap and buffers of the threads, measured.
_FIXED_BYTES = 32_000_000
# Rows that are kept whatever the limit: fewer would take longer to read than to compare.
_FEWEST_ROWS = 4096
_SAMPLE = 2048
_PARTS = 1000


class Shards:
    """Rows of a matrix on disk, divided into shards.

    Parameters
    ----------
    read : callable
        ``read(first, last)`` returns a copy of the rows ``first:last``.
    n_rows : int
        Number of rows, at least 1.
    rows_per_shard : int
        Largest number of rows of a shard.
    weights : ndarray of shape (n_rows,), optional
        Number of environments that each row stands for, by default 1.

    Examples
    --------
    >>> X = np.arange(10.0).reshape(5, 2)
    >>> shards = Shards(lambda first, last: X[first:last].copy(), 5, 2)
    >>> len(shards), [len(shards.tiles(i, shards.axes).rows) for i in range(3)]
    (3, [1, 2, 2])
    """

    def __init__(
        self,
        read: Callable[[int, int], np.ndarray],
        n_rows: int,
        rows_per_shard: int,
        weights: np.ndarray | None = None,
    ):
        n_shards = -(-n_rows // rows_per_shard)
        # Shards of nearly equal size.
        self.starts = np.arange(n_shards + 1) * n_rows // n_shards
        self._read, self._weights = read, weights

    @classmethod
    def of_rows(cls, X: np.ndarray, weights: np.ndarray | None = None) -> "Shards":
        """Return the rows of a matrix in memory, at least one, as one shard."""
        return cls(lambda first, last: X[first:last], len(X), len(X), weights)

    def __len__(self) -> int:
        """Return the number of shards."""
        return len(self.starts) - 1

    @property
    def n_rows(self) -> int:
        """Number of rows of all shards."""
        return int(self.starts[-1])

    @property
    def n_environments(self) -> int:
        """Number of environments that all rows stand for."""
        return self.n_rows if self._weights is None else int(self._weights.sum())

    @cached_property
    def axes(self) -> Axes:
        """Approximate principal axes, from a sample of the rows."""
        if self.n_rows <= _SAMPLE:
            return Axes.from_rows(self._read(0, self.n_rows))
        rows = np.random.default_rng(0).integers(self.n_rows, size=_SAMPLE).tolist()
        return Axes.from_rows(np.concatenate([self._read(row, row + 1) for row in rows]))

    def tiles(self, shard: int, axes: Axes) -> Tiles:
        """Read the rows of a shard, and sort them into tiles."""
        first, last = self.starts[shard : shard + 2].tolist()
        # Rows are freed when they are rotated, and these when they are sorted.
        weights = None if self._weights is None else self._weights[first:last]
        return Tiles.from_rotated(axes.rotate(self._read(first, last)), axes, weights=weights)


def rows_within(memory_limit: int, n_columns: int) -> int:
    """Return the largest number of rows of a shard such that kernel sums take up to `memory_limit` bytes.

    Examples
    --------
    >>> rows_within(2_000_000_000, 63)
    668478
    """
    padded = -(-n_columns // 16) * 16
    return max(_FEWEST_ROWS, (memory_limit - _FIXED_BYTES) // (_BYTES_PER_COLUMN * padded))


def sharded_log_kernel_sums(
    queries: Shards,
    references: Shards,
    bandwidth: float,
    precision: str,
    step: str = "",
    progress: ProgressCallback | None = None,
) -> np.ndarray:
    """Return ``ln Σ_j K`` of each query; see `quests_core.kernel_sums.sums.log_kernel_sum`.

    Two shards are in memory at a time, one of them as references. If the queries are the references, each
    shard is its own first reference.
    """
    out = np.empty(queries.n_rows)
    n_pairs, n_done = len(queries) * len(references), 0

    def report(step: str, done: int, total: int) -> None:
        if progress is not None:
            progress(step, _PARTS * n_done + _PARTS * done // max(1, total), _PARTS * n_pairs)

    for i in range(len(queries)):
        tiles = queries.tiles(i, references.axes)
        sums = IncrementalKernelSums(tiles, bandwidth, references.n_environments, precision)
        first = i if queries is references else 0
        for j in np.roll(np.arange(len(references)), -first).tolist():
            is_own = queries is references and i == j
            sums.add(tiles if is_own else references.tiles(j, references.axes), step, report)
            n_done += 1
        out[queries.starts[i] : queries.starts[i + 1]] = sums.log_sums
    return out
