"""Metrics along an order of frames, from the kernel sums of all environments over each subset.

Each tile is processed for all sizes before the next one, so that it stays in the cache.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..utils.cluster_part import ClusterPart
from ..utils.tasks import Task, n_workers, run_in_order, submit
from . import tile_loops
from .incremental import BLOCK_PAIRS, query_arrays, thread_workspace, truncation_limits
from .symmetric_sums import add_partial, reduce_in_order
from .tile_states import new_states
from .tiles import TILE_ROWS

if TYPE_CHECKING:
    from distributed import Client

# Minimum number of blocks of a curve, if there are as many tiles.
_FEWEST_BLOCKS = 32
# Pairs in a task of a cluster: about a second.
_TASK_PAIRS = 500_000_000
_STEP = "compression curve"
# Bytes for each environment on a worker.
_BYTES_PER_ENV = 2300


class Order(NamedTuple):
    """An order of frames, and what is measured along it."""

    frames: np.ndarray
    sizes: np.ndarray  # of the subsets ``frames[:size]``
    threshold: float  # δH below which an environment is covered
    given: np.ndarray  # logarithms of the kernel sums over a reference; empty without one
    path_rows: np.ndarray  # the row in which δH is kept for each size, or -1
    bandwidth: float
    precision: str

    @property
    def n_kept(self) -> int:
        """Number of sizes for which δH is kept."""
        return int((self.path_rows >= 0).sum())


_ARRAYS = "frames", "sizes", "given", "path_rows"


class Totals(NamedTuple):
    """Sums over environments of `tile_loops.metrics_along_order`, and the largest δH, at each size."""

    added: np.ndarray  # (n_sizes, 4)
    largest: np.ndarray  # (n_sizes,)

    @classmethod
    def empty(cls, n_sizes: int) -> "Totals":
        """Return those of no environments."""
        return cls(np.zeros((n_sizes, 4)), np.full(n_sizes, -np.inf))


# How those of two parts of the environments are combined.
_COMBINE = np.add, np.maximum


class OrderMetrics:
    """The environments of a set in tiles, and their metrics along an order of its frames.

    Parameters
    ----------
    envs : Environments
        The full set.
    order : Order
        The order and what is measured.
    """

    def __init__(self, envs, order: Order):
        self._order, self._tiles, self._frames = order, envs.tiles, envs.blocks
        self._queries = query_arrays(envs.tiles)
        self._accuracy = truncation_limits(order.bandwidth, envs.n_envs, order.precision)
        step_of_frame = np.full(len(envs), len(order.sizes))
        ranks = np.arange(len(order.frames))
        step_of_frame[order.frames] = np.searchsorted(order.sizes, ranks, side="right")
        self._member_from = step_of_frame[envs.frame_index]

    @property
    def n_tiles(self) -> int:
        """Number of tiles."""
        return len(self._tiles)

    @property
    def block_size(self) -> int:
        """Number of tiles in a block, whose totals are added before those of the next one."""
        n_envs = len(self._queries.rows)
        return max(1, min(BLOCK_PAIRS // (TILE_ROWS * n_envs), self.n_tiles // _FEWEST_BLOCKS))

    def add(self, first: int, last: int, totals: Totals, path: np.ndarray) -> None:
        """Add the tiles ``first:last`` to totals, and write δH to `path`, (n_kept, n_envs)."""
        given = self._queries, self._tiles.starts, self._member_from, self._order.given
        self._run(*given, first, last, totals, path)

    def part(self, first: int, last: int) -> tuple[list[Totals], np.ndarray, np.ndarray]:
        """Return the totals of each block of the tiles ``first:last``, their rows, and the δH of these."""
        starts = self._tiles.starts[first : last + 1]
        here, tiles = slice(starts[0], starts[-1]), slice(first, last)
        rows, queries, given = self._queries.order[here], self._queries, self._order.given
        own = queries._replace(
            **{name: getattr(queries, name)[here] for name in ("rows", "weights")},
            **{name: getattr(queries, name)[tiles] for name in queries._fields[4:]},
            order=np.arange(len(rows)),
            positions=queries.positions[tiles] - starts[0],
        )
        taken = own, starts - starts[0], self._member_from[rows], given[rows] if len(given) else given
        path, totals = np.empty((self._order.n_kept, len(rows)), np.float32), []
        for block in range(0, last - first, self.block_size):
            totals.append(Totals.empty(len(self._order.sizes)))
            self._run(*taken, block, min(block + self.block_size, last - first), totals[-1], path)
        return totals, rows, path

    def _run(self, queries, starts, member_from, given, first, last, totals: Totals, path) -> None:
        frames, sizes, threshold, _, path_rows, _, _ = self._order
        buffers = new_states([TILE_ROWS]), thread_workspace()
        tile_loops.metrics_along_order(
            queries, starts, first, last, self._frames, frames, sizes, member_from, threshold,
            self._accuracy, given, path_rows, *buffers, *totals, path,
        )  # fmt: skip


def metrics_along_order(
    envs, order: Order, path: np.ndarray, progress, client: "Client | None" = None
) -> Totals:
    """Return totals along an order, and write δH to `path`, shape (n_kept, n_envs).

    On the workers of a `client`, blocks are those of one process, and results the same to the last bit.
    """
    if client is not None:
        return _on_workers(client, envs, order, path, progress)
    metrics, totals = OrderMetrics(envs, order), Totals.empty(len(order.sizes))

    def work(first: int, last: int, *partial: np.ndarray) -> None:
        metrics.add(first, last, Totals(*partial), path)

    reduce_in_order(tuple(totals), _COMBINE, work, metrics.n_tiles, metrics.block_size, _STEP, progress)
    return totals


class _Content(NamedTuple):
    envs: Any  # `Environments`, which are pickled without their tiles
    order: Order


class _Measured(ClusterPart[_Content, OrderMetrics]):
    """All environments on one worker, which sorts them into tiles when it is first asked."""

    def __sizeof__(self) -> int:
        """Return the size of the tiles, by which Dask decides where the part is used."""
        return 1000 + (_BYTES_PER_ENV * self._content.envs.n_envs if self._sums is not None else 0)

    def metrics(self) -> OrderMetrics:
        """Return the metrics, made once."""
        with self._lock:
            if self._sums is None:
                envs, order = self._content
                # Copies, as functions would be compiled again for the read-only arrays of messages.
                arrays: dict[str, Any] = {name: np.array(getattr(order, name)) for name in _ARRAYS}
                self._sums = OrderMetrics(envs, order._replace(**arrays))
            return self._sums


def _on_workers(client: "Client", envs, order: Order, path: np.ndarray, progress) -> Totals:
    envs.check_tiles_fit()
    parts = [submit(client, Task(_Measured, (_Content(envs, order),))) for _ in range(n_workers(client))]
    ((n_tiles, block),) = run_in_order(client, [Task(shape_of, (parts[0],))], _STEP, progress)
    # A whole number of blocks.
    n_blocks = -(-n_tiles // block)
    size = block * max(1, min(_TASK_PAIRS // (TILE_ROWS * envs.n_envs * block), n_blocks // _FEWEST_BLOCKS))
    totals = Totals.empty(len(order.sizes))

    def tasks() -> Iterator[Task]:
        for i, first in enumerate(range(0, n_tiles, size)):
            last = min(first + size, n_tiles)
            yield Task(measure, (parts[i % len(parts)], first, last), last - first)

    with closing(run_in_order(client, tasks(), _STEP, progress, n_tiles)) as results:
        for blocks, rows, deltas in results:
            for one in blocks:
                add_partial(totals, _COMBINE, one)
            if order.n_kept:
                path[:, rows] = deltas
    return totals


def shape_of(part: _Measured) -> tuple[int, int]:
    """Return the number of tiles, and of those in a block."""
    metrics = part.metrics()
    return metrics.n_tiles, metrics.block_size


def measure(part: _Measured, first: int, last: int) -> tuple[list[Totals], np.ndarray, np.ndarray]:
    """Return the totals of each block of some tiles, their rows, and the δH of these."""
    return part.metrics().part(first, last)
