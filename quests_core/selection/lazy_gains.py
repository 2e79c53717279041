"""Lazy evaluation: recompute the gain of a frame only when it may be the best."""

from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from ..utils.threads import parallel_blocks
from .greedy import Scorer


def highest(scores: np.ndarray, n: int) -> np.ndarray:
    """Return the positions of the n highest scores, in any order; ties: lowest position."""
    if len(scores) <= n:
        return np.arange(len(scores))
    lowest = np.partition(scores, -n)[-n]
    above = np.flatnonzero(scores > lowest)
    return np.append(above, np.flatnonzero(scores == lowest)[: n - len(above)])


def in_blocks(work: Callable[[int, int], None], n_frames: int) -> None:
    """Call ``work(first, last)`` for blocks of some frames on all threads."""
    parallel_blocks(work, n_frames, max(1, min(64, n_frames // 4)))


class LazyGains(Scorer):
    """Score each frame by the gain of picking it, as last computed.

    Parameters
    ----------
    sizes : ndarray of shape (n_frames,)
        Number of environments of each frame.
    costs : ndarray of shape (n_frames,)
        Cost of each frame, positive.
    """

    batch_size: int
    """Number of frames evaluated together: the best and, ahead of time, the next best."""

    def __init__(self, sizes: np.ndarray, costs: np.ndarray):
        self._sizes, self._costs = sizes, costs
        self._n_picked = 0
        # Number of frames picked when the gain of each frame was last computed.
        self._evaluated_at = np.full(len(sizes), -1)

    @abstractmethod
    def _compute_gains(self, frames: np.ndarray) -> None:
        """Compute the gain of picking each of the frames."""

    def _evaluate(self, frames: np.ndarray) -> None:
        self._compute_gains(frames)
        self._evaluated_at[frames] = self._n_picked

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Recompute outdated gains of these frames, and of some that are likely to be needed next."""
        is_outdated = (self._evaluated_at < self._n_picked) & (self._sizes > 0)
        outdated = best[is_outdated[best]]
        if not len(outdated):
            return False
        if len(outdated) < self.batch_size:
            others = np.flatnonzero(free & is_outdated)
            outdated = np.union1d(outdated, others[highest(self.scores()[others], self.batch_size)])
        self._evaluate(outdated)
        return True

    def add(self, frame: int) -> None:
        """Record that `frame` was picked."""
        self._n_picked += 1
