"""The totals of a subset on the workers of a Dask cluster: each keeps a part of the environments.

Totals, and the change of each by every frame, are sums over environments, so that those of parts are summed;
the farthest environment is the farthest one of all parts. Gains computed earlier are estimates, so that any
difference in a sum changes what is evaluated, and finally the order. Therefore a part consists of tiles of
one process, which the client makes from the first axes of all rows, and kernels have the same bits. A part is
made from the rows of its tiles and those of all frames within reach of them, of which it keeps the kernel
sums: a message contains numbers of frames and sums, but no rows.

In a round, parts receive the frames picked since the last one, and return the totals, the farthest
environment, and the changes by the frames that the scorer is likely to evaluate next. It evaluates the same
ones, in the same order, as in one process: what was computed ahead is used only then, and what is missing
takes another round.

If a worker dies, Dask makes its parts on another one, which then receives all picks so far.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..kernel_sums.frame_sums import reach_of
from ..kernel_sums.partition import Rows
from ..kernel_sums.principal_axes import CHUNK_AXES, Axes
from ..kernel_sums.tiles import sample_rows, sort_into_tiles
from ..progress import ProgressCallback
from ..utils.cluster_part import ask_all
from ..utils.tasks import Task, n_threads, run_in_order, run_together, submit
from .cluster_msc import FrameRows
from .subset_sums import EPSILON, SubsetSums
from .subset_totals import Farthest
from .totals_part import Answer, Block, Content, Question, TotalsPart

# Fewest environments of a part, groups of tiles in each, and rows that are read at a time while it is made: a
# multiple of the rows that are rotated at once.
_FEWEST_ROWS, _GROUPS, _ROWS_AT_ONCE = 4096, 8, 98_304


class ClusterTotals:
    """Totals of a subset, as `SubsetSums` of some kind, from parts.

    Parameters
    ----------
    kind : type
        A subclass of `SubsetSums`; `walk` and `farthest` are those of `SubsetTotals`.
    client : Client
        See `quests_core.utils.tasks`.
    frames : FrameRows
        The frames to select from, with at least one row.
    bandwidth : float
        h, Å⁻¹.
    reference : Rows, optional
        Environments that belong to every subset.
    order : ndarray of shape (n_frames,)
        That of `msc`, for `SubsetTotals`.
    step : str
        Name of the step that is reported while picks are made.
    progress : callable, optional
        See `quests_core.progress`; also called while workers compute.

    Attributes
    ----------
    n_rounds, n_lost : int
        Number of rounds, and of parts that were made again as their worker died.
    """

    def __init__(
        self, kind: type[SubsetSums], client, frames: FrameRows, bandwidth: float, reference: Rows | None,
        order: np.ndarray, step: str, progress: ProgressCallback | None,
    ):  # fmt: skip
        self._kind, self._client, self._progress = kind, client, progress
        contents = _contents(kind, client, frames, bandwidth, reference, order, progress)
        self._parts = [submit(client, Task(TotalsPart, (content,))) for content in contents]
        # Chooses frames that are likely to be evaluated next.
        self.likely: Callable[[np.ndarray], np.ndarray] = lambda totals: np.empty(0, np.int64)
        self.n_rounds = self.n_lost = 0
        self._order, self._step, self._n_frames = order, step, len(frames.sizes)
        self.restart()

    def restart(self) -> None:
        """Remove all frames from the subset."""
        self._picks: list[int] = []
        self._n_sent = 0
        self._forget()
        self._expected = np.zeros(self._kind.n_totals)

    def _forget(self) -> None:
        # What is known of the present subset: whether the totals are, and the changes by some frames.
        self._is_known = False
        self._frames, self._changes = np.empty(0, np.int64), np.empty((0, self._kind.n_totals))

    @property
    def totals(self) -> np.ndarray:
        """Return the totals; see `SubsetSums`."""
        if not self._is_known:
            self._ask(np.empty(0, np.int64), None)
        return self._expected

    def walk(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the totals of each subset of the order of `msc`, and its least kernel sum.

        See `SubsetTotals.walk`. Parts are made for it.
        """
        if not np.array_equal(order, self._order):
            raise ValueError("order: expected that of msc, got another one")
        tasks = [Task(walk, (part,)) for part in self._parts]
        steps = run_in_order(self._client, tasks, "kernels of frames", self._progress, len(tasks))
        with closing(steps) as results:
            totals, least = zip(*results, strict=True)
        return np.sum(totals, axis=0), np.min(least, axis=0)

    def changes(self, frames: np.ndarray) -> np.ndarray:
        """Return the change in the totals by each of some frames, shape (n, n_totals)."""
        missing = np.setdiff1d(frames, self._frames)
        if len(missing):
            likely = np.setdiff1d(self.likely(self._expected), self._frames)
            self._ask(np.union1d(missing, likely), None)
        order = np.argsort(self._frames)
        return self._changes[order[np.searchsorted(self._frames, frames, sorter=order)]]

    def add(self, frame: int, change: np.ndarray | None = None) -> None:
        """Record that `frame` was picked; `change` is its change, if known."""
        self._picks.append(frame)
        self._forget()
        if change is not None:
            self._expected = self._expected + change

    def farthest(self, limit: float, ranks: np.ndarray) -> Farthest:
        """Return the environment that is farthest from the subset; see `SubsetTotals.farthest`."""
        answers = self._ask(np.setdiff1d(self.likely(self._expected), self._frames), limit)
        found = [one.farthest for one in answers if one.farthest is not None]
        least = min(found, key=lambda one: one.least)
        return least._replace(first=min(one.first for one in found))

    def _ask(self, frames: np.ndarray, limit: float | None) -> list[Answer]:
        """Start a round: send the picks since the last one, and ask for changes by frames."""
        ask = partial(self._answers, frames=frames, limit=limit)
        found, n_lost = ask_all(len(self._parts), self._n_sent, ask)
        self.n_lost += n_lost
        self._n_sent = len(self._picks)
        self._expected, self._is_known = np.sum([one.totals for one in found], axis=0), True
        self._frames = np.concatenate([self._frames, frames])
        self._changes = np.concatenate([self._changes, np.sum([one.changes for one in found], axis=0)])
        self.n_rounds += 1
        return found

    def _answers(
        self, parts: Sequence[int], first: int, frames: np.ndarray, limit: float | None
    ) -> list[Answer | None]:
        question = Question(first, np.array(self._picks[first:], dtype=np.int64), frames, limit)
        tasks = [Task(answer, (self._parts[i], question)) for i in parts]
        return run_together(self._client, tasks, self._report)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self._step, len(self._picks), self._n_frames)


def walk(part: TotalsPart) -> tuple[np.ndarray, np.ndarray]:
    """Return the totals of a part along the order of `msc`."""
    return part.walk()


def answer(part: TotalsPart, question: Question) -> Answer | None:
    """Add picks to a part, which is changed, and return what it contributes."""
    return part.answer(question)


class _Tiles(NamedTuple):
    """The rows of a set in the tiles that one process would make, and boxes of groups of tiles."""

    axes: Axes
    order: np.ndarray  # index of each row in tile order
    starts: np.ndarray  # first row of each tile, and n at the end
    frame_of_row: np.ndarray  # frame of each row, in the order of the frames
    groups: np.ndarray  # first tile of each group, and the number of tiles at the end
    low: np.ndarray
    high: np.ndarray

    def rows_of(self, some: Iterable[int]) -> np.ndarray:
        """Return the indices of the rows of some groups, in tile order."""
        edges = self.starts[self.groups]
        return np.concatenate([self.order[slice(*edges[group : group + 2])] for group in some])

    def starts_of(self, some: Iterable[int]) -> np.ndarray:
        """Return the first of these rows in each tile, and their number at the end."""
        n_rows = np.diff(self.starts)
        sizes = [n_rows[slice(*self.groups[group : group + 2])] for group in some]
        return np.cumsum(np.concatenate([[0], *sizes]))

    def near(self, some: Iterable[int], distance: float) -> np.ndarray:
        """Return the groups within a distance of some groups."""
        gaps = (np.maximum(self.low - self.high[group], self.low[group] - self.high) for group in some)
        is_near = [(np.maximum(gap, 0.0) ** 2).sum(axis=1) <= distance**2 for gap in gaps]
        return np.flatnonzero(np.any(is_near, axis=0))


def _tiles(client, rows: Rows, sizes: np.ndarray, n_groups: int, progress) -> _Tiles:
    """Sort rows into tiles; workers read and rotate them."""
    n, sample = rows.n_rows, sample_rows(rows.n_rows)
    axes = Axes.from_rows(rows.part(np.arange(n) if sample is None else sample)())
    first = range(0, n, _ROWS_AT_ONCE)
    indices = (np.arange(start, min(start + _ROWS_AT_ONCE, n)) for start in first)
    tasks = (Task(leading_axes, (rows.part(some), axes)) for some in indices)
    with closing(run_in_order(client, tasks, "sorting into tiles", progress, len(first))) as results:
        leading = np.concatenate(list(results))
    order, starts = sort_into_tiles(leading)
    groups = np.unique(np.linspace(0, len(starts) - 1, n_groups + 1).astype(np.int64))
    low, high = (some.reduceat(leading, starts[groups[:-1]]) for some in (np.minimum, np.maximum))
    # Rounded to single precision.
    error = 1e-6 * np.maximum(np.abs(low), np.abs(high))
    frame_of_row = np.repeat(np.arange(len(sizes)), sizes)
    return _Tiles(axes, order, starts, frame_of_row, groups, low - error, high + error)


def leading_axes(read: Callable[[], np.ndarray], axes: Axes) -> np.ndarray:
    """Return the first axes of some rows, in single precision."""
    return axes.rotate(read())[:, :CHUNK_AXES].astype(np.float32)


def _contents(
    kind: type[SubsetSums], client, frames: FrameRows, bandwidth: float, reference: Rows | None,
    order: np.ndarray, progress: ProgressCallback | None,
) -> Iterator[Content]:  # fmt: skip
    """Divide the tiles of frames into parts, each with all rows within reach of it."""
    rows, n_frames = frames.rows.take(frames.indices(np.arange(len(frames.sizes)))), len(frames.sizes)
    n_parts = max(1, min(n_threads(client), rows.n_rows // _FEWEST_ROWS))
    tiles = _tiles(client, rows, frames.sizes, _GROUPS * n_parts, progress)
    n_groups, position = len(tiles.groups) - 1, np.empty(rows.n_rows, np.int64)
    position[tiles.order] = np.arange(rows.n_rows)
    reach = reach_of(EPSILON, int(frames.sizes.max()))
    distance = 1.00001 * bandwidth * (2.0 * reach) ** 0.5
    read = None if reference is None else reference.part(np.arange(reference.n_rows))
    for part in range(min(n_parts, n_groups)):
        # Far from each other, so that dense regions are divided among parts.
        own = range(part, n_groups, n_parts)
        in_tiles = tiles.rows_of(own)
        indices = np.sort(in_tiles)
        near = tiles.rows_of(tiles.near(own, distance))
        # In the order of the tiles within each frame, as in one process: sums have the same bits then.
        near = near[np.lexsort((position[near], tiles.frame_of_row[near]))]
        block = _block(rows, indices, tiles.frame_of_row, 0, n_frames)
        sorted_rows = np.searchsorted(indices, in_tiles), tiles.starts_of(own)
        blocks = list(_blocks(rows, near, tiles.frame_of_row, n_frames))
        yield Content(kind, block, tiles.axes, sorted_rows, blocks, order, bandwidth, reach, read)


def _block(rows: Rows, indices: np.ndarray, frame_of_row: np.ndarray, first: int, last: int) -> Block:
    """Return those of some rows, sorted by frame, that belong to the frames ``first:last``."""
    starts = np.searchsorted(frame_of_row[indices], np.arange(first, last + 1))
    return Block(rows.part(indices[starts[0] : starts[-1]]), starts - starts[0])


def _blocks(rows: Rows, indices: np.ndarray, frame_of_row: np.ndarray, n_frames: int) -> Iterator[Block]:
    """Yield some rows, sorted by frame, of some frames at a time."""
    cuts = frame_of_row[indices[_ROWS_AT_ONCE::_ROWS_AT_ONCE]]
    for first, last in pairwise(np.unique([0, *cuts, n_frames]).tolist()):
        yield _block(rows, indices, frame_of_row, first, last)
