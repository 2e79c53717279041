"""Kernel sums of all environments over a subset to which frames are added, and totals that follow from them.

Sums are stored in the order of the tiles, in which similar environments are adjacent in memory.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol, Self

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


class Subset(Protocol):
    """What a scorer needs of a subset; see `SubsetSums`."""

    @property
    def totals(self) -> np.ndarray:
        """Those of the present subset, (n_totals,)."""

    def restart(self) -> None:
        """Remove all frames from the subset."""

    def changes(self, frames: np.ndarray) -> np.ndarray:
        """Return the change in the totals by each of some frames, shape (n, n_totals)."""

    def add(self, frame: int, change: np.ndarray | None = None) -> None:
        """Add a frame to the subset; `change` is its present change, if known."""


class SubsetSums(ABC):
    """Kernel sums over a subset, or over a subset and a reference, and totals of all environments.

    Parameters
    ----------
    kernels : FrameKernelSums
        Those of the environments against each frame, of at least `EPSILON`.
    sums : ndarray of shape (n_envs,)
        Those over the reference, in the order of the tiles, or 0.
    positions : ndarray of shape (n_envs,)
        Place of each environment in the order of the tiles.
    offsets : ndarray of shape (n_frames + 1,)
        First environment of each frame, and `n_envs` at the end.

    Attributes
    ----------
    n_totals : int
        Number of sums over all environments, which each subclass names.
    """

    n_totals: ClassVar[int]

    def __init__(
        self, kernels: FrameKernelSums, sums: np.ndarray, positions: np.ndarray, offsets: np.ndarray
    ):
        self.kernels, self.sums = kernels, sums
        self.rows = positions, offsets
        self._initial = sums.copy()

    @classmethod
    def of(
        cls, envs: Environments, bandwidth: float, reference: np.ndarray | None,
        progress: ProgressCallback | None,
    ) -> Self:  # fmt: skip
        """Compute the kernel sums of environments against each of their frames, and over the reference."""
        kernels = FrameKernelSums.of(envs, bandwidth, EPSILON, progress)
        sums = sums_over(reference, envs, bandwidth, envs.tiles.order, progress)
        return cls(kernels, sums, envs.tiles.positions, envs.offsets)

    @property
    @abstractmethod
    def totals(self) -> np.ndarray:
        """Return those of the present subset, (n_totals,)."""

    @abstractmethod
    def changes(self, frames: np.ndarray) -> np.ndarray:
        """Return the change in the totals by each of some frames, shape (n, n_totals)."""

    def restart(self) -> None:
        """Remove all frames from the subset."""
        self.sums[:] = self._initial

    def add(self, frame: int, change: np.ndarray | None = None) -> None:
        """Add the environments of `frame` to the subset; `change` is its present change, if known."""
        _add(frame, self.kernels, self.sums)


def sums_over(
    reference: np.ndarray | None, envs: Environments | np.ndarray, bandwidth: float, order: np.ndarray,
    progress: ProgressCallback | None,
) -> np.ndarray:  # fmt: skip
    """Return the kernel sums of environments over a reference, in an order of theirs; 0 without one."""
    if reference is None:
        return np.zeros(len(order))
    return np.exp(log_kernel_sum(envs, reference, bandwidth, progress=progress)[order])
