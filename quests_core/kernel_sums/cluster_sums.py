"""Kernel sums on the workers of a Dask cluster, from pairs of shards.

Rows are divided into shards that are compact in descriptor space (see `quests_core.kernel_sums.partition`). A
worker reads the rows of a shard and sorts them into tiles. Dask keeps these, moves them to where they are
needed, and has them made again if they are lost. Another task adds the kernels of a pair of shards. Pairs
whose boxes are too far apart are never scheduled.

Partial sums are added in the order of the pairs, and each is computed by one thread, so that the result
depends neither on the number of workers nor on which finishes first. It is that of one process within the
errors of `quests_core.kernel_sums.sums`.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..progress import ProgressCallback
from ..utils.tasks import Task, run_in_order, submit
from .incremental import IncrementalKernelSums, truncation_limits
from .partition import Placed, Planes, Rows, SpatialShards, place, planes_of
from .principal_axes import Axes
from .shards import rows_within
from .symmetric_sums import symmetric_sums
from .tiles import Tiles

# Memory of a task, bytes, if no limit is given.
_MEMORY = 256_000_000
# Shards of a set that is small enough, so that several workers have something to do, and their smallest size.
_ENOUGH_SHARDS, _FEWEST_ROWS = 12, 4096
# Shards of which tiles are kept, and the pairs of a block, which need no more of them.
_KEPT, _BLOCK = 16, 8


class KernelParameters(NamedTuple):
    """Parameters of kernel sums."""

    bandwidth: float
    n_references: int
    precision: str


def cluster_self_sums(
    client, rows: Rows, bandwidth: float, precision: str, step: str, progress: ProgressCallback | None
) -> np.ndarray:
    """Return ``ln Σ_j K`` of each row against all rows; each pair of rows is computed once.

    Parameters
    ----------
    client : Client
        See `quests_core.utils.tasks`.
    rows : Rows
        At least one.
    bandwidth, precision
        See `quests_core.kernel_sums.sums.log_kernel_sum`.
    step, progress
        See `quests_core.progress`.
    """
    size = rows_per_shard(rows)
    planes = planes_of(rows, size // 2)
    shards = spatial_shards(client, rows, planes, size, progress)
    parameters = KernelParameters(bandwidth, rows.n_environments, precision)
    accuracy = truncation_limits(*parameters)
    pairs = list(_near_pairs(shards, accuracy.reach / accuracy.scale))
    tiles = _kept_tiles(client, rows, shards)
    # The tiles of a pair are submitted when the pair is.
    tasks = (Task(_pair, (tiles(i), None if i == j else tiles(j), parameters)) for i, j in pairs)
    sums = np.zeros(rows.n_rows)
    with closing(run_in_order(client, tasks, step, progress, len(pairs))) as results:
        for (i, j), (first, second) in zip(pairs, results, strict=True):
            sums[shards.slice(i)] += first
            if j != i:
                sums[shards.slice(j)] += second
    out = np.empty(rows.n_rows)
    out[shards.order] = np.log(sums)
    return out


def cluster_log_kernel_sums(
    client, queries: Rows, references: Rows, bandwidth: float, precision: str, step: str,
    progress: ProgressCallback | None,
) -> np.ndarray:  # fmt: skip
    """Return ``ln Σ_j K`` of each query.

    Each shard of queries is compared with the nearest shard of references first. Its sums set limits, beyond
    which other shards are not compared with it.
    """
    size = rows_per_shard(references)
    planes = planes_of(references, size // 2)
    near = spatial_shards(client, references, planes, size, progress)
    shards = spatial_shards(client, queries, planes, rows_per_shard(queries), progress)
    parameters = KernelParameters(bandwidth, references.n_environments, precision)
    of_queries, of_references = _kept_tiles(client, queries, shards), _kept_tiles(client, references, near)
    distances = [shards.distances_sq(i, near) for i in range(len(shards))]
    nearest = [int(np.argmin(one)) for one in distances]

    def run(tasks: Iterator[Task], pairs: list[tuple[int, int]], n_done: int, n_pairs: int):
        def report(step: str, done: int, _: int) -> None:
            if progress is not None:
                progress(step, n_done + done, n_pairs)

        with closing(run_in_order(client, tasks, step, report, n_pairs)) as results:
            yield from zip(pairs, results, strict=True)

    first = list(enumerate(nearest))
    tasks = (Task(_add, (of_queries(i), of_references(j), parameters, None)) for i, j in first)
    most = len(shards) * len(near)
    sums = [found for _, found in run(tasks, first, 0, most)]
    accuracy = truncation_limits(*parameters)
    pairs = [
        (i, int(j))
        for i, base in enumerate(sums)
        for j in np.flatnonzero(distances[i] * accuracy.scale <= 1.00001 * (accuracy.reach - base.min()))
        if j != nearest[i]
    ]
    bases = list(sums)
    tasks = (Task(_add, (of_queries(i), of_references(j), parameters, bases[i])) for i, j in pairs)
    for (i, _), found in run(tasks, pairs, len(first), len(first) + len(pairs)):
        sums[i] = np.logaddexp(sums[i], found)
    out = np.empty(queries.n_rows)
    out[shards.order] = np.concatenate(sums)
    return out


def rows_per_shard(rows: Rows) -> int:
    """Return the largest number of rows of a shard, which depends on the set and its memory limit only."""
    most = rows_within(rows.memory_limit or _MEMORY, rows.n_columns)
    return min(most, max(_FEWEST_ROWS, rows.n_rows // _ENOUGH_SHARDS))


def spatial_shards(
    client, rows: Rows, planes: Planes, size: int, progress: ProgressCallback | None
) -> SpatialShards:
    """Divide rows by planes into shards of at most `size` rows; workers read the rows."""
    starts = range(0, rows.n_rows, size)
    indices = (np.arange(start, min(start + size, rows.n_rows)) for start in starts)
    tasks = (Task(place, (rows.part(some), planes)) for some in indices)
    placed: Iterator[Placed] = run_in_order(client, tasks, "sorting into shards", progress, len(starts))
    return SpatialShards.from_placed(planes.axes, placed, size)


def _near_pairs(shards: SpatialShards, limit_sq: float) -> Iterator[tuple[int, int]]:
    """Yield pairs of shards, each once, in blocks that need the tiles of few shards."""
    n = len(shards)
    is_near = [shards.distances_sq(i, shards) <= 1.00001 * limit_sq for i in range(n)]
    for first in range(0, n, _BLOCK):
        for second in range(first, n, _BLOCK):
            for i in range(first, min(first + _BLOCK, n)):
                for j in range(max(i, second), min(second + _BLOCK, n)):
                    if is_near[i][j]:
                        yield i, j


def _kept_tiles(client, rows: Rows, shards: SpatialShards):
    """Return a function that returns the future tiles of a shard, of which a few are kept."""

    def tiles(shard: int):
        indices = shards.rows(shard)
        weights = None if rows.weights is None else rows.weights[indices]
        return submit(client, Task(_tiles, (rows.part(indices), shards.axes, weights)))

    return lru_cache(maxsize=_KEPT)(tiles)


def _tiles(read, axes: Axes, weights: np.ndarray | None) -> Tiles:
    return Tiles.from_rotated(axes.rotate(read()), axes, weights=weights)


def _pair(tiles: Tiles, others: Tiles | None, parameters: KernelParameters) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of two shards against each other, or of one against itself, each in its order."""
    first, second = symmetric_sums(tiles, others, truncation_limits(*parameters))
    return _in_order(tiles, first), _in_order(tiles if others is None else others, second)


def _in_order(tiles: Tiles, values: np.ndarray) -> np.ndarray:
    out = np.empty_like(values)
    out[tiles.order] = values
    return out


def _add(queries: Tiles, references: Tiles, parameters: KernelParameters, base: np.ndarray | None):
    """Return the logarithms of the sums of a shard of queries against a shard of references.

    Terms that are negligible beside sums whose logarithms are `base` are left out.
    """
    sums = IncrementalKernelSums(queries, *parameters)
    if base is not None:
        sums.start(base)
    sums.add(references)
    if base is None:
        return sums.log_sums
    with np.errstate(divide="ignore"):
        # ln(exp(a) - exp(b)), -inf where nothing was added.
        return sums.log_sums + np.log(-np.expm1(np.minimum(base - sums.log_sums, 0.0)))
