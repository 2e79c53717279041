"""The submodular methods: the frame with the largest gain per unit of cost.

As gains can only decrease, the greedy choice is within 1 - 1/e of the optimum, and a gain computed earlier is
an upper bound; most gains are never recomputed. See `quests_core.selection.submodular_sums`.
"""

import numpy as np

from .lazy_gains import LazyGains
from .subset_sums import Subset


class SubmodularCoverage(LazyGains):
    """Score(s) = (f(S ∪ s) - f(S)) / cost(s).

    Parameters
    ----------
    subset : Subset
        The subset S, empty, whose only total is f(S).
    sizes, costs : ndarray of shape (n_frames,)
        See `LazyGains`.
    batch_size : int
        Number of frames evaluated together. The order does not depend on it.
    """

    def __init__(self, subset: Subset, sizes: np.ndarray, costs: np.ndarray, batch_size: int = 8):
        super().__init__(sizes, costs)
        self._subset, self.batch_size = subset, batch_size
        # Kernels have a relative error of 1e-6, and so do the sums of them in a gain.
        self.tolerance = 1e-9 * max(1, int(sizes.sum()))
        self._gains = np.where(sizes > 0, np.inf, -np.inf)
        self._evaluate(np.flatnonzero(sizes))

    def _compute_gains(self, frames: np.ndarray) -> None:
        self._gains[frames] = self._subset.changes(frames)[:, 0]

    def scores(self) -> np.ndarray:
        """Return upper bounds of the gains per unit of cost; -inf for a frame without environments."""
        return self._gains / self._costs

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Recompute these gains, unless all are 0 to rounding: gains can only decrease."""
        return bool(self.scores()[best].max() > self.tolerance) and super().refine(best, free)

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the kernel sums."""
        self._subset.add(frame)
        super().add(frame)
