"""Sums of a concave function of each environment's kernel sum: what a subset covers, and how well.

``f(S) = Σ_e c(K_e(S))``, with ``K_e(S)`` the kernel sum of environment e against the subset S and c
rising, concave and 0 from 1 on. So f is monotone and submodular: what a frame adds can only fall as
the subset grows, so the greedy choice is within 1 - 1/e of the best, and what it added when it was last
looked at bounds what it adds now. Most gains are never computed again.
"""

import math

import numpy as np

from .._numba import inner_kernel, kernel
from ..environments import Environments
from ..progress import ProgressCallback
from .lazy import EPSILON, LazySums


@inner_kernel
def _worth(total, is_logarithmic):
    """Return c(K): ``min(0, ln(K + ε))``, or ``min(1, K)``."""
    if is_logarithmic:
        return min(0.0, math.log(total + EPSILON))
    return min(1.0, total)


@kernel
def _gains(chosen, kernels, sums, worth, is_logarithmic, gains):
    """Write what each of the chosen frames adds to f."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for frame in chosen:
        gain = 0.0
        for run in range(first_run[frame], first_run[frame + 1]):
            for entry in range(start_of_run[run], stop_of_run[run]):
                row = row_of_run[run] + lanes[entry]
                # What is covered in full can gain no more.
                if sums[row] < 1.0:
                    gain += _worth(sums[row] + values[entry], is_logarithmic) - worth[row]
        gains[frame] = gain


@kernel
def _add(frame, kernels, sums, worth, is_logarithmic):
    """Add a frame to the kernel sums."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for run in range(first_run[frame], first_run[frame + 1]):
        for entry in range(start_of_run[run], stop_of_run[run]):
            row = row_of_run[run] + lanes[entry]
            sums[row] += values[entry]
            worth[row] = _worth(sums[row], is_logarithmic)


class ConcaveCover(LazySums):
    """Score(s) = (f(S ∪ s) - f(S)) / cost(s).

    Parameters
    ----------
    envs, bandwidth, costs, reference, progress
        See `LazySums`.
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
        self._is_logarithmic = is_logarithmic
        self._worth = np.minimum(1.0, self._sums)
        if is_logarithmic:
            self._worth = np.minimum(0.0, np.log(self._sums + EPSILON))
        # A kernel is good to 1e-6 of itself, and so is a gain to that of all that it adds up.
        self.tolerance = 1e-9 * max(1, envs.n_envs)
        self._gains = np.where(envs.sizes > 0, np.inf, -np.inf)
        self._evaluate(np.flatnonzero(envs.sizes))

    def _look(self, frames: np.ndarray) -> None:
        _gains(frames, self._kernels, self._sums, self._worth, self._is_logarithmic, self._gains)

    def scores(self) -> np.ndarray:
        """Return bounds of the gains a unit of cost; -inf for a frame without environments."""
        return self._gains / self._costs

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Look again at these frames; not where all gains are 0 to rounding, as they can only fall."""
        return bool(self.scores()[best].max() > self.tolerance) and super().refine(best, free)

    def _add(self, frame: int) -> None:
        _add(frame, self._kernels, self._sums, self._worth, self._is_logarithmic)
