"""The submodular methods: sums of a concave function of each environment's kernel sum.

``f(S) = Σ_e c(K_e(S))``, where ``K_e(S)`` is the kernel sum of environment e over the subset S, and c is
increasing, concave and constant from 1 on. Hence f is monotone and submodular: the gain of a frame can
only decrease as the subset grows. So the greedy choice is within 1 - 1/e of the optimum, and a gain
computed earlier is an upper bound; most gains are never recomputed.
"""

import math

import numpy as np

from ..environments import Environments
from ..kernel_sums.frame_sums import FrameKernelSums
from ..progress import ProgressCallback
from ..utils.jit import jit
from .lazy_gains import LazyGains, in_blocks
from .subset_sums import EPSILON, SMALL, SubsetSums, sums_over


@jit
def _information_gains(chosen, kernels, sums, gains):
    """Write the gain of each of the chosen frames in ``Σ_e min(0, ln(K_e + ε))``."""
    for frame in chosen:
        gain, after, before = 0.0, 1.0, 1.0
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                old = sums[kernels.run_row[run] + kernels.lanes[entry]] + EPSILON
                after *= min(1.0, old + kernels.values[entry])
                before *= min(1.0, old)
                if before < SMALL:
                    gain += math.log(after / before)
                    after, before = 1.0, 1.0
        gains[frame] = gain + math.log(after / before)


@jit
def _coverage_gains(chosen, kernels, sums, gains):
    """Write the gain of each of the chosen frames in ``Σ_e min(1, K_e)``."""
    for frame in chosen:
        gain = 0.0
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                old = sums[kernels.run_row[run] + kernels.lanes[entry]]
                gain += min(1.0, old + kernels.values[entry]) - min(1.0, old)
        gains[frame] = gain


class SubmodularCoverage(LazyGains):
    """Score(s) = (f(S ∪ s) - f(S)) / cost(s).

    Parameters
    ----------
    envs : Environments
        The full set.
    bandwidth : float
        h, Å⁻¹.
    is_logarithmic : bool
        Whether c is ``min(0, ln(K + ε))``, else ``min(1, K)``.
    costs : ndarray of shape (n_frames,)
        Cost of each frame, positive.
    reference : ndarray of shape (n_reference, d), optional
        Environments that belong to every subset.
    progress : callable, optional
        See `quests_core.progress`.
    """

    batch_size = 8

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        is_logarithmic: bool,
        costs: np.ndarray,
        reference: np.ndarray | None,
        progress: ProgressCallback | None,
    ):
        super().__init__(envs.sizes, costs)
        kernels = FrameKernelSums.of(envs, bandwidth, EPSILON, progress)
        self._subset = SubsetSums(kernels, sums_over(reference, envs, bandwidth, envs.tiles.order, progress))
        self._gain_kernel = _information_gains if is_logarithmic else _coverage_gains
        # Kernels have a relative error of 1e-6, and so do the sums of them in a gain.
        self.tolerance = 1e-9 * max(1, envs.n_envs)
        self._gains = np.where(envs.sizes > 0, np.inf, -np.inf)
        self._evaluate(np.flatnonzero(envs.sizes))

    def _compute_gains(self, frames: np.ndarray) -> None:
        kernels, sums = self._subset.kernels, self._subset.sums

        def work(first: int, last: int) -> None:
            self._gain_kernel(frames[first:last], kernels, sums, self._gains)

        in_blocks(work, len(frames))

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
