"""The greedy loop: pick the frame with the highest score, update the scores, repeat."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.jit import jit


class Scorer(ABC):
    """Score frames for the greedy loop; each selection method is a subclass."""

    tolerance: float
    """Scores closer than this count as equal: they differ by rounding errors only."""

    @abstractmethod
    def scores(self) -> np.ndarray:
        """Return the score of every frame given the frames added so far, or an upper bound."""

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Tighten the bounds of the frames `best`; return False if these are exact scores already.

        `free` marks the frames that may be picked now.
        """
        return False

    @abstractmethod
    def add(self, frame: int) -> None:
        """Record that `frame` was picked."""


@jit
def _leaders(scores, free, tolerance):
    """Return the free frames whose scores equal the highest one."""
    highest = -np.inf
    for frame in range(free.shape[0]):
        if free[frame]:
            highest = max(highest, scores[frame])
    leaders, n = np.empty(free.shape[0], np.int64), 0
    for frame in range(free.shape[0]):
        leaders[n] = frame
        n += free[frame] & (scores[frame] >= highest - tolerance)
    return leaders[:n]


def best_frame(scorer: Scorer, free: np.ndarray) -> int:
    """Return the free frame with the highest score; ties: lowest index.

    A bound is refined only where it is the highest, so most scores are never computed.
    """
    while True:
        best = _leaders(scorer.scores(), free, scorer.tolerance)
        if not scorer.refine(best, free):
            return int(best[0])


def greedy_order(
    scorer: Scorer,
    n_frames: int,
    n_to_select: int,
    locked: Indices,
    step: str,
    progress: ProgressCallback | None,
    callback: Callable[[np.ndarray], None] | None = None,
) -> np.ndarray:
    """Return `locked`, then repeatedly the frame with the highest score.

    After each frame, `callback` gets the frames so far.
    """
    order = np.empty(n_to_select, dtype=np.int64)
    free = np.ones(n_frames, dtype=bool)
    for rank in range(n_to_select):
        frame = int(locked[rank]) if rank < len(locked) else best_frame(scorer, free)
        order[rank] = frame
        free[frame] = False
        if rank + 1 < n_to_select:
            scorer.add(frame)
        if progress is not None:
            progress(step, rank + 1, n_to_select)
        if callback is not None:
            callback(order[: rank + 1])
    return order
