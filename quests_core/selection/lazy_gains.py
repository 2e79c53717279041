"""Lazy evaluation: recompute the gain of a frame only when it may be the best."""

from abc import abstractmethod

import numpy as np

from ..environments import Environments
from ..kernel_sums.frame_sums import FrameKernelSums
from ..kernel_sums.sums import log_kernel_sum
from ..progress import ProgressCallback
from ..utils.jit import jit
from ..utils.threads import parallel_blocks
from .greedy import Scorer

# Kernel sums of an environment with a frame are neglected below e^-30.
EPSILON = float(np.exp(-30.0))
# Logarithms are summed as the logarithm of a product, taken before the product over- or underflows.
SMALL, LARGE = 1e-250, 1e250


@jit
def _add(frame, kernels, sums):
    """Add a frame to the kernel sums."""
    for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
        for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
            sums[kernels.run_row[run] + kernels.lanes[entry]] += kernels.values[entry]


def _highest(scores: np.ndarray, n: int) -> np.ndarray:
    """Return the positions of the n highest scores, in any order; ties: lowest position."""
    if len(scores) <= n:
        return np.arange(len(scores))
    lowest = np.partition(scores, -n)[-n]
    above = np.flatnonzero(scores > lowest)
    return np.append(above, np.flatnonzero(scores == lowest)[: n - len(above)])


class LazyGains(Scorer):
    """Score each frame by the gain of picking it, as last computed.

    Sums are stored in the order of the tiles, in which similar environments are adjacent in memory.

    Parameters
    ----------
    envs : Environments
        The full set.
    bandwidth : float
        h, Å⁻¹.
    costs : ndarray of shape (n_frames,)
        Cost of each frame, positive.
    reference : ndarray of shape (n_reference, d), optional
        Environments that belong to every subset.
    progress : callable, optional
        See `quests_core.progress`.
    """

    batch_size: int
    """Number of frames evaluated together: the best and, ahead of time, the next best."""

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        costs: np.ndarray,
        reference: np.ndarray | None,
        progress: ProgressCallback | None,
    ):
        self._costs, self._sizes = costs, envs.sizes
        self._kernels = FrameKernelSums.of(envs, bandwidth, EPSILON, progress)
        self._sums = np.zeros(envs.n_envs)
        if reference is not None:
            log_sums = log_kernel_sum(envs, reference, bandwidth, progress=progress)
            self._sums = np.exp(log_sums[envs.tiles.order])
        self._n_picked = 0
        # Number of frames picked when the gain of each frame was last computed.
        self._evaluated_at = np.full(len(envs), -1)

    @abstractmethod
    def _compute_gains(self, frames: np.ndarray) -> None:
        """Compute the gain of picking each of the frames."""

    def _evaluate(self, frames: np.ndarray) -> None:
        size = max(1, min(64, len(frames) // 4))
        parallel_blocks(lambda first, last: self._compute_gains(frames[first:last]), len(frames), size)
        self._evaluated_at[frames] = self._n_picked

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Recompute outdated gains of these frames, and of some that are likely to be needed next."""
        is_outdated = (self._evaluated_at < self._n_picked) & (self._sizes > 0)
        outdated = best[is_outdated[best]]
        if not len(outdated):
            return False
        if len(outdated) < self.batch_size:
            others = np.flatnonzero(free & is_outdated)
            outdated = np.union1d(outdated, others[_highest(self.scores()[others], self.batch_size)])
        self._evaluate(outdated)
        return True

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the kernel sums."""
        if self._sizes[frame]:
            _add(frame, self._kernels, self._sums)
        self._n_picked += 1
