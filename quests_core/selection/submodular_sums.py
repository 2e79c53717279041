"""What the submodular methods maximise: sums of a concave function of each environment's kernel sum.

``f(S) = Σ_e c(K_e(S))``, where ``K_e(S)`` is the kernel sum of environment e over the subset S, and c is
increasing, concave and constant from 1 on. Hence f is monotone and submodular: the gain of a frame can
only decrease as the subset grows.
"""

import math
from abc import abstractmethod

import numpy as np

from ..utils.jit import jit
from .lazy_gains import in_blocks
from .subset_sums import EPSILON, SMALL, SubsetSums


@jit
def _information_gains(chosen, kernels, sums, gains):
    """Write the gain of each of the chosen frames in ``Σ_e min(0, ln(K_e + ε))``."""
    for i in range(chosen.shape[0]):
        frame = chosen[i]
        gain, after, before = 0.0, 1.0, 1.0
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                old = sums[kernels.run_row[run] + kernels.lanes[entry]] + EPSILON
                after *= min(1.0, old + kernels.values[entry])
                before *= min(1.0, old)
                if before < SMALL:
                    gain += math.log(after / before)
                    after, before = 1.0, 1.0
        gains[i] = gain + math.log(after / before)


@jit
def _coverage_gains(chosen, kernels, sums, gains):
    """Write the gain of each of the chosen frames in ``Σ_e min(1, K_e)``."""
    for i in range(chosen.shape[0]):
        frame = chosen[i]
        gain = 0.0
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                old = sums[kernels.run_row[run] + kernels.lanes[entry]]
                gain += min(1.0, old + kernels.values[entry]) - min(1.0, old)
        gains[i] = gain


class SubmodularSums(SubsetSums):
    """Kernel sums over a subset S, and f(S), the only total."""

    n_totals = 1

    def changes(self, frames: np.ndarray) -> np.ndarray:
        """Return the gain of each of some frames, shape (n, 1)."""
        gains = np.empty(len(frames))
        in_blocks(lambda a, b: self._compute_gains(frames[a:b], gains[a:b]), len(frames))
        return gains[:, None]

    @abstractmethod
    def _compute_gains(self, frames: np.ndarray, gains: np.ndarray) -> None:
        """Write the gain of each of some frames."""


class InformationSums(SubmodularSums):
    """``f(S) = Σ_e min(0, ln(K_e + ε))``."""

    @property
    def totals(self) -> np.ndarray:
        """Return f(S), (1,)."""
        return np.array([np.minimum(0.0, np.log(self.sums + EPSILON)).sum()])

    def _compute_gains(self, frames: np.ndarray, gains: np.ndarray) -> None:
        _information_gains(frames, self.kernels, self.sums, gains)


class CoverageSums(SubmodularSums):
    """``f(S) = Σ_e min(1, K_e)``."""

    @property
    def totals(self) -> np.ndarray:
        """Return f(S), (1,)."""
        return np.array([np.minimum(1.0, self.sums).sum()])

    def _compute_gains(self, frames: np.ndarray, gains: np.ndarray) -> None:
        _coverage_gains(frames, self.kernels, self.sums, gains)


# By method.
SUBMODULAR_SUMS: dict[str, type[SubmodularSums]] = {
    "information_loss": InformationSums,
    "coverage": CoverageSums,
}
