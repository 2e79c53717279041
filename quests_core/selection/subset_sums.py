"""Kernel sums of all environments over a subset to which frames are added.

Sums are stored in the order of the tiles, in which similar environments are adjacent in memory.
"""

import numpy as np

from ..environments import Environments
from ..kernel_sums.frame_sums import FrameKernelSums
from ..kernel_sums.sums import log_kernel_sum
from ..progress import ProgressCallback
from ..utils.jit import jit

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


class SubsetSums:
    """Kernel sums over a subset, or over a subset and a reference.

    Parameters
    ----------
    kernels : FrameKernelSums
        Those of the environments against each frame.
    sums : ndarray of shape (n_envs,)
        Those over the reference, in the order of the tiles, or 0.
    """

    def __init__(self, kernels: FrameKernelSums, sums: np.ndarray):
        self.kernels, self.sums = kernels, sums

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the subset."""
        _add(frame, self.kernels, self.sums)


def sums_over(
    reference: np.ndarray | None, envs: Environments | np.ndarray, bandwidth: float, order: np.ndarray,
    progress: ProgressCallback | None,
) -> np.ndarray:  # fmt: skip
    """Return the kernel sums of environments over a reference, in an order of theirs; 0 without one."""
    if reference is None:
        return np.zeros(len(order))
    return np.exp(log_kernel_sum(envs, reference, bandwidth, progress=progress)[order])
