"""Kernel sums against the picked frames, and gains that are computed again only where they lead."""

from abc import abstractmethod

import numpy as np

from ..environments import Environments
from ..kernel_sums.frame_sums import FrameKernelSums
from ..kernel_sums.sums import log_kernel_sum
from ..progress import ProgressCallback
from ..utils.jit import jit
from ..utils.threads import parallel_blocks
from .greedy import Scorer

# Kernel sums of an environment and a frame are left out below this: e^-30.
EPSILON = float(np.exp(-30.0))
# Sums of logarithms are taken as logarithms of products, before these leave what a double can hold.
SMALL, LARGE = 1e-250, 1e250


@jit
def _add(frame, kernels, sums):
    """Add a frame to the kernel sums."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for run in range(first_run[frame], first_run[frame + 1]):
        for entry in range(start_of_run[run], stop_of_run[run]):
            sums[row_of_run[run] + lanes[entry]] += values[entry]


class LazyGains(Scorer):
    """Score of each frame from what picking it would change, as it was when last looked at.

    Sums are kept in the order of the tiles, where the environments of a neighbourhood are neighbours.

    Parameters
    ----------
    envs : Environments
        The full set.
    bandwidth : float
        h, Å⁻¹.
    costs : ndarray of shape (n_frames,)
        What each frame costs, above zero.
    reference : ndarray of shape (n_reference, d), optional
        Environments that are in every subset.
    progress : callable, optional
        See `quests_core.progress`.
    """

    at_once: int
    """Frames looked at together: the best, and the next best, who will be asked for."""

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        costs: np.ndarray,
        reference: np.ndarray | None,
        progress: ProgressCallback | None,
    ):
        self._costs, self._sizes = costs, envs.sizes
        self._kernels = FrameKernelSums.of(envs, bandwidth, EPSILON, progress).arrays
        self._sums = np.zeros(envs.n_envs)
        if reference is not None:
            log_sums = log_kernel_sum(envs, reference, bandwidth, progress=progress)
            self._sums = np.exp(log_sums[envs.tiles.order])
        self._n_picked = 0
        # Number of picked frames that what is known of each frame takes into account.
        self._known = np.full(len(envs), -1)

    @abstractmethod
    def _look(self, frames: np.ndarray) -> None:
        """Compute what picking each of the frames would change."""

    def _evaluate(self, frames: np.ndarray) -> None:
        size = max(1, min(64, len(frames) // 4))
        parallel_blocks(lambda first, last: self._look(frames[first:last]), len(frames), size)
        self._known[frames] = self._n_picked

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Look again at these frames where they are behind, and at some that will soon be asked for."""
        is_behind = (self._known < self._n_picked) & (self._sizes > 0)
        behind = best[is_behind[best]]
        if not len(behind):
            return False
        if len(behind) < self.at_once:
            others = np.flatnonzero(free & is_behind)
            n_next = min(self.at_once, len(others))
            behind = np.union1d(behind, others[np.argsort(-self.scores()[others], kind="stable")[:n_next]])
        self._evaluate(behind)
        return True

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to what the sums are against."""
        if self._sizes[frame]:
            _add(frame, self._kernels, self._sums)
        self._n_picked += 1
