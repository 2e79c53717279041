"""A part of the environments of a set, whose totals over a subset a process keeps.

A part consists of tiles of one process. It is made from their rows and from all rows near them, and holds the
kernel sums of its rows against each frame of the set, so that a pick is no more than the number of a frame.
Totals of parts are summed (see `quests_core.selection.cluster_totals`).
"""

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np

from ..kernel_sums.frame_sums import FrameKernelSums
from ..kernel_sums.principal_axes import Axes
from ..kernel_sums.tiles import References, Tiles
from ..utils.cluster_part import ClusterPart
from ..utils.mapped_arrays import ArraysInMemory
from .subset_sums import EPSILON, SubsetSums, sums_over
from .subset_totals import Farthest, SubsetTotals

# Bytes for each environment of a part, beside 5 for each kernel that is stored.
BYTES_PER_ENV = 2000


class Block(NamedTuple):
    """Rows of consecutive frames: of the frame i after the first, the rows ``offsets[i]:offsets[i + 1]``."""

    read: Callable[[], np.ndarray]
    offsets: np.ndarray


class Content(NamedTuple):
    """What a part is made from."""

    kind: type[SubsetSums]
    own: Block  # the rows of the part, of all frames
    axes: Axes
    tiles: tuple[np.ndarray, np.ndarray]  # index of each of its rows in tile order, first row of each tile
    near: list[Block]  # all rows that are within reach of them, of some frames after the other
    order: np.ndarray  # that of `msc`, for `SubsetTotals`
    bandwidth: float
    reach: float  # see `FrameKernelSums.between`
    reference: Callable[[], np.ndarray] | None  # rows that belong to every subset


class Question(NamedTuple):
    """The subset, and what is asked about it."""

    first: int  # number of frames picked before
    picks: np.ndarray  # the frames picked since, in this order
    frames: np.ndarray  # whose changes are asked
    limit: float | None  # see `SubsetTotals.farthest`, which is not asked if it is None


class Answer(NamedTuple):
    """What a part contributes."""

    totals: np.ndarray  # see `SubsetSums`, (n_totals,)
    changes: np.ndarray  # by each of the frames, (n, n_totals)
    farthest: Farthest | None


class TotalsPart(ClusterPart[Content, SubsetSums]):
    """Some of the environments of all frames, and the frames picked so far."""

    # In the sums.
    _n_picked = 0

    def __sizeof__(self) -> int:
        """Return the size of the sums, by which Dask decides where the part is used."""
        kernels = 0 if self._sums is None else self._sums.kernels.values.nbytes * 5 // 4
        return 1000 + BYTES_PER_ENV * int(self._content.own.offsets[-1]) + kernels

    def walk(self) -> tuple[np.ndarray, np.ndarray]:
        """Return totals and least kernel sums along the order of `msc`; see `SubsetTotals.walk`."""
        with self._lock:
            subset = cast(SubsetTotals, self._taken())
            walked = subset.walk(self._content.order)
            self._sums, self._n_picked = subset, 0
            return walked

    def answer(self, question: Question) -> Answer | None:
        """Add picks that were not added yet, and answer.

        Returns None if picks before these are missing, as the sums were lost: then all picks are required.
        """
        with self._lock:
            if self._sums is None and question.first:
                return None
            n_picked, subset = self._n_picked, self._taken()
            if n_picked > question.first + len(question.picks) or n_picked < question.first:
                subset.restart()
                n_picked = 0
            if n_picked < question.first:
                self._sums = subset
                return None
            for frame in question.picks[n_picked - question.first :].tolist():
                subset.add(frame)
            answer = self._answer(subset, question)
            self._sums, self._n_picked = subset, question.first + len(question.picks)
            return answer

    def _taken(self) -> SubsetSums:
        """Return the sums, which are not kept if anything fails meanwhile."""
        subset, self._sums, self._n_picked = self._sums, None, 0
        return _made(self._content) if subset is None else subset

    def _answer(self, subset: SubsetSums, question: Question) -> Answer:
        farthest = None
        if question.limit is not None:
            ranks = np.empty(len(self._content.order), np.int64)
            ranks[self._content.order] = np.arange(len(ranks))
            farthest = cast(SubsetTotals, subset).farthest(question.limit, ranks)
        # A copy: see `_made`.
        return Answer(subset.totals.copy(), subset.changes(np.array(question.frames)), farthest)


def _made(content: Content) -> SubsetSums:
    """Read the rows of a part, and compute its kernel sums."""
    # Copies, as functions would be compiled again for the read-only arrays of messages.
    order, starts, offsets = (np.array(one) for one in (*content.tiles, content.own.offsets))
    X, axes, kernels = content.own.read(), content.axes, []
    tiles = Tiles.from_order(axes.rotate(X), axes, order, starts)
    for block in content.near:
        frames = References.of_blocks(axes.rotate(block.read()), np.array(block.offsets))
        given = content.bandwidth, EPSILON, content.reach, ArraysInMemory()
        kernels.append(FrameKernelSums.between(tiles, frames, *given))
    reference = None if content.reference is None else content.reference()
    sums = sums_over(reference, X, content.bandwidth, order, None)
    return content.kind(FrameKernelSums.joined(kernels), sums, tiles.positions, offsets)
