"""`msc` on the workers of a Dask cluster: each keeps the kernel sums of a part of the frames.

In a round, every worker receives the frames picked since the last one, reads their rows, and returns its best
frames with bounds of their sums, and one bound for all its other frames: a few kB. The best frame of all is
picked. Scores only decrease, so that further frames are picked in the same round as long as the best score,
updated here by the picks of the round, is above all bounds: the order is the same as with one pick per round.

A part is a future of Dask, and its sums are changed in place: they are a cache, from which the same follows
as from the rows (see `quests_core.selection.msc_part`). If a worker dies, Dask makes its parts on another
one, which then receives all picks so far.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..kernel_sums.partition import Rows
from ..kernel_sums.principal_axes import Axes
from ..kernel_sums.shards import rows_within
from ..kernel_sums.tiles import Tiles
from ..progress import ProgressCallback
from ..utils.arrays import Indices, ranges
from ..utils.cluster_part import ask_all
from ..utils.tasks import Task, n_threads, run_together, submit
from .candidate_pool import CandidatePool
from .greedy import Scorer, greedy_order
from .msc import MSCOrder, tolerance_of
from .msc_part import Candidates, Content, Part, Picks
from .quotas import Quotas, Strata, Stratified

# Frames of which scores are known and updated here, and the fewest and most of them of one part.
_POOL, _FEWEST, _MOST = 64, 2, 16
# Fewest environments of a part: more parts take longer, as each adds all picks (benchmarks/cluster.py).
_FEWEST_ROWS = 20_000


class FrameRows(NamedTuple):
    """Frames whose rows other processes can read."""

    rows: Rows
    first: np.ndarray  # index of the first row of each frame
    sizes: np.ndarray  # number of rows of each frame

    def indices(self, frames: np.ndarray) -> np.ndarray:
        """Return the indices of the rows of some frames, in this order."""
        return ranges(self.first[frames], self.sizes[frames])

    def read(self, frames: np.ndarray) -> Callable[[], np.ndarray]:
        """Return a picklable reader of the rows of some frames."""
        return self.rows.part(self.indices(frames))


class ClusterMSC(Scorer):
    """The scores of `msc`, of the best frames of each worker.

    Parameters
    ----------
    client : Client
        See `quests_core.utils.tasks`.
    frames : FrameRows
        The frames to select from.
    bandwidth, precision
        See `select`.
    reference : Rows, optional
        Environments that belong to every subset.
    count : int
        Number of frames to select.
    label_of : ndarray of shape (n_frames,), optional
        Number of the label of each frame, if quotas decide which labels may supply the next one; as these
        change, there is then a round for nearly each pick.
    progress : callable, optional
        See `quests_core.progress`; also called while workers compute.

    Attributes
    ----------
    novelties : list of float
        Of each frame that was added, see `quests_core.selection.msc.MSC.novelty`.
    n_rounds, n_lost : int
        Number of rounds, and of parts that were made again as their worker died.
    """

    def __init__(
        self, client, frames: FrameRows, bandwidth: float, reference: Rows | None, precision: str, count: int,
        progress: ProgressCallback | None, label_of: np.ndarray | None = None,
    ):  # fmt: skip
        self.tolerance = tolerance_of(precision)
        self._client, self._frames, self._bandwidth = client, frames, bandwidth
        # The labels of the frames that the parts were asked for.
        self._label_of, self._asked = label_of, np.empty(0, np.int64)
        n_reference = 0 if reference is None else reference.n_rows
        self._n_references = int(frames.sizes.sum()) + n_reference
        self._has_reference, self._count, self._progress = n_reference > 0, count, progress
        read = None if reference is None else reference.part(np.arange(n_reference))
        contents = [self._content(some, precision, read) for some in _divide(frames, n_threads(client))]
        self._parts = [submit(client, Task(Part, (content,))) for content in contents]
        self._set_pool([])
        # All picks with environments, and how many of these the parts received.
        self._picks: list[int] = []
        self._n_sent = self._n_added = 0
        self._axes: Axes | None = None
        self.novelties: list[float] = []
        self.n_rounds = self.n_lost = 0

    def _content(self, some: np.ndarray, precision: str, reference) -> Content:
        sizes, read = self._frames.sizes[some], self._frames.read(some)
        n_others = int(self._frames.sizes.sum() - sizes.sum())
        label_of = None if self._label_of is None else self._label_of[some]
        return Content(read, sizes, int(some[0]), n_others, self._bandwidth, precision, reference, label_of)

    def scores(self) -> np.ndarray:
        """Return the scores that are known, -inf for all other frames."""
        scores, known = np.full(len(self._frames.sizes), -np.inf), self._pool.is_known
        scores[self._pool.frames[known]] = self._pool.scores[known]
        return scores

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Start another round, unless the best of the free frames is known."""
        free = free & (self._frames.sizes > 0)
        allowed = self._asked if self._label_of is None else np.unique(self._label_of[free])
        if not free.any() or (self._pool.has_best and np.array_equal(allowed, self._asked)):
            return False
        self._asked = allowed
        found, n_lost = ask_all(len(self._parts), self._n_sent, self._advance)
        self.n_lost += n_lost
        self._n_sent = len(self._picks)
        self._set_pool(found)
        self.n_rounds += 1
        return True

    def add(self, frame: int) -> None:
        """Record that `frame` was picked, and update the scores that are known."""
        self._n_added += 1
        self.novelties.append(self._novelty(frame))
        if not self._frames.sizes[frame]:
            return
        self._picks.append(frame)
        if (len(self._picks) == 1 and not self._has_reference) or frame not in self._pool.frames:
            # Scores before the first pick are the entropies of the frames alone, and the rows of a locked
            # frame are not here.
            self._set_pool([])
            return
        if not self._pool.has_sums:
            rows = self._frames.read(self._pool.frames)()
            # Any axes serve.
            self._axes = Axes.from_rows(rows) if self._axes is None else self._axes
            tiles = Tiles.from_rows(rows, self._axes)
            self._pool.start(tiles, self._bandwidth, self._n_references)
        self._pool.add(frame)

    def _novelty(self, frame: int) -> float:
        if not self._frames.sizes[frame]:
            return -np.inf
        if not self._picks and not self._has_reference:
            return 0.0
        return self._pool.novelty(frame) if frame in self._pool.frames else np.inf

    def _set_pool(self, found: list[Candidates]) -> None:
        self._pool = CandidatePool(found, _POOL, self.tolerance)

    def _advance(self, parts: Sequence[int], first: int) -> list[Candidates | None]:
        """Send the picks from `first` on to some parts; return their best frames, None from lost parts."""
        new = np.array(self._picks[first:], dtype=np.int64)
        picks = Picks(first, new, self._frames.sizes[new], self._frames.read(new))
        n = min(max(_POOL // len(self._parts), _FEWEST), _MOST)
        allowed = None if self._label_of is None else self._asked
        tasks = [Task(advance, (self._parts[i], picks, n, allowed)) for i in parts]
        return run_together(self._client, tasks, self._report)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress("msc order", self._n_added, self._count)


def _divide(frames: FrameRows, n: int) -> list[np.ndarray]:
    """Divide frames into up to n parts of consecutive ones, with nearly equal numbers of rows."""
    ends = np.cumsum(frames.sizes)
    n_rows = int(ends[-1])
    limit = frames.rows.memory_limit
    n = max(1, min(n, n_rows // _FEWEST_ROWS))
    if limit is not None:
        n = max(n, -(-n_rows // rows_within(limit, frames.rows.n_columns)))
    cuts = np.searchsorted(ends, n_rows * np.arange(1, n) / n)
    return [part for part in np.split(np.arange(len(ends)), cuts) if frames.sizes[part].any()]


def advance(part: Part, picks: Picks, n: int, allowed: np.ndarray | None) -> Candidates | None:
    """Add picks to a part, which is changed, and return its n best frames."""
    return part.advance(picks, n, allowed)


def cluster_msc_order(
    client, frames: FrameRows, bandwidth: float, reference: Rows | None, locked: Indices, precision: str,
    progress: ProgressCallback | None, callback: Callable[[np.ndarray], None] | None = None,
    n_to_select: int | None = None, strata: Strata | None = None,
) -> MSCOrder:  # fmt: skip
    """Return the order of `msc`, or the first part of it; see `quests_core.selection.msc.msc_order`."""
    count = len(frames.sizes) if n_to_select is None else n_to_select
    quotas = None if strata is None else Quotas(strata)
    label_of = None if quotas is None else quotas.label_of
    msc = ClusterMSC(client, frames, bandwidth, reference, precision, count, progress, label_of)
    scorer = msc if quotas is None else Stratified(msc, quotas)
    order = greedy_order(scorer, len(frames.sizes), count, locked, "msc order", progress, callback)
    return MSCOrder(order, np.array(msc.novelties))
