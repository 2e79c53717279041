"""Sums of a concave function of each environment's kernel sum: what a subset covers, and how well.

``f(S) = Σ_e c(K_e(S))``, with ``K_e(S)`` the kernel sum of environment e against the subset S and c
rising, concave and 0 from 1 on. So f is monotone and submodular: what a frame adds can only fall as
the subset grows, so the greedy choice is within 1 - 1/e of the best, and what it added when it was last
looked at bounds what it adds now. Most gains are never computed again.
"""

import math

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.jit import jit
from .lazy_gains import EPSILON, SMALL, LazyGains


@jit
def _information_gains(chosen, kernels, sums, gains):
    """Write what each of the chosen frames adds to ``Σ_e min(0, ln(K_e + ε))``."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for frame in chosen:
        gain, after, before = 0.0, 1.0, 1.0
        for run in range(first_run[frame], first_run[frame + 1]):
            for entry in range(start_of_run[run], stop_of_run[run]):
                old = sums[row_of_run[run] + lanes[entry]] + EPSILON
                after *= min(1.0, old + values[entry])
                before *= min(1.0, old)
                if before < SMALL:
                    gain += math.log(after / before)
                    after, before = 1.0, 1.0
        gains[frame] = gain + math.log(after / before)


@jit
def _coverage_gains(chosen, kernels, sums, gains):
    """Write what each of the chosen frames adds to ``Σ_e min(1, K_e)``."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for frame in chosen:
        gain = 0.0
        for run in range(first_run[frame], first_run[frame + 1]):
            for entry in range(start_of_run[run], stop_of_run[run]):
                old = sums[row_of_run[run] + lanes[entry]]
                gain += min(1.0, old + values[entry]) - min(1.0, old)
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

    at_once = 8

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
        self._look_at = _information_gains if is_logarithmic else _coverage_gains
        # A kernel is good to 1e-6 of itself, and so is a gain to that of all that it adds up.
        self.tolerance = 1e-9 * max(1, envs.n_envs)
        self._gains = np.where(envs.sizes > 0, np.inf, -np.inf)
        self._evaluate(np.flatnonzero(envs.sizes))

    def _look(self, frames: np.ndarray) -> None:
        self._look_at(frames, self._kernels, self._sums, self._gains)

    def scores(self) -> np.ndarray:
        """Return bounds of the gains a unit of cost; -inf for a frame without environments."""
        return self._gains / self._costs

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Look again at these frames; not where all gains are 0 to rounding, as they can only fall."""
        return bool(self.scores()[best].max() > self.tolerance) and super().refine(best, free)
