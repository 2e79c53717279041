"""The submodular methods: sums of a concave function of each environment's kernel sum.

``f(S) = Σ_e c(K_e(S))``, where ``K_e(S)`` is the kernel sum of environment e over the subset S, and c is
increasing, concave and constant from 1 on. Hence f is monotone and submodular: the gain of a frame can
only decrease as the subset grows. So the greedy choice is within 1 - 1/e of the optimum, and a gain
computed earlier is an upper bound; most gains are never recomputed.
"""

import math

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.jit import jit
from .lazy_gains import EPSILON, SMALL, LazyGains


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
    envs, bandwidth, costs, reference, progress
        See `LazyGains`.
    is_logarithmic : bool
        Whether c is ``min(0, ln(K + ε))``, else ``min(1, K)``.
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
        super().__init__(envs, bandwidth, costs, reference, progress)
        self._gain_kernel = _information_gains if is_logarithmic else _coverage_gains
        # Kernels have a relative error of 1e-6, and so do the sums of them in a gain.
        self.tolerance = 1e-9 * max(1, envs.n_envs)
        self._gains = np.where(envs.sizes > 0, np.inf, -np.inf)
        self._evaluate(np.flatnonzero(envs.sizes))

    def _compute_gains(self, frames: np.ndarray) -> None:
        self._gain_kernel(frames, self._kernels, self._sums, self._gains)

    def scores(self) -> np.ndarray:
        """Return upper bounds of the gains per unit of cost; -inf for a frame without environments."""
        return self._gains / self._costs

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Recompute these gains, unless all are 0 to rounding: gains can only decrease."""
        return bool(self.scores()[best].max() > self.tolerance) and super().refine(best, free)
