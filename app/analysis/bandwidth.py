"""Help with the choice of a bandwidth: entropy against h, warnings, and the rule from the density."""

import math
from dataclasses import dataclass

import numpy as np

from quests_core import bandwidth_curve, bandwidth_from_volume
from quests_core.information.bandwidth import BANDWIDTHS
from quests_core.io.dataset import DataSet, volume_per_atom
from quests_core.progress import ProgressCallback

from .parameters import RANDOM_STATE

# Å⁻¹; the range of the slider is that of the curve.
GRID = BANDWIDTHS
LOWEST, HIGHEST = float(GRID[0]), float(GRID[-1])
SAMPLE = 5000
# Shares of ln n, beyond which H hardly depends on the structures.
NEARLY_ALL_DIFFER, NEARLY_ALL_ALIKE = 0.99, 0.05


@dataclass(frozen=True, eq=False)
class EntropyCurve:
    """H of a sample of environments against h.

    Attributes
    ----------
    bandwidths, entropies : ndarray of shape (n,)
        Å⁻¹, rising, and nats.
    n_sample, n_envs : int
        Number of environments in the sample and in the data set.
    """

    bandwidths: np.ndarray
    entropies: np.ndarray
    n_sample: int
    n_envs: int

    @property
    def bound(self) -> float:
        """Return ln n of the sample, nats."""
        return math.log(self.n_sample)

    def at(self, bandwidth: float) -> float:
        """Return H at a bandwidth, interpolated, nats."""
        return float(np.interp(math.log(bandwidth), np.log(self.bandwidths), self.entropies))

    def warning(self, bandwidth: float) -> str:
        """Return a warning about a bandwidth, "" if there is none."""
        if self.n_sample < 2:
            return ""
        share = self.at(bandwidth) / self.bound
        if share > NEARLY_ALL_DIFFER:
            return "Too small: H is within 1 % of ln n, so nearly every environment counts as unique."
        if share < NEARLY_ALL_ALIKE:
            return "Too large: H is below 5 % of ln n, so nearly all environments count as alike."
        return ""


def entropy_curve(X: np.ndarray, progress: ProgressCallback | None = None) -> EntropyCurve:
    """Return H against h for the rows of `X`, or for a random `SAMPLE` of them."""
    curve = bandwidth_curve(X, GRID, SAMPLE, RANDOM_STATE, progress)
    return EntropyCurve(GRID, curve["entropy"].to_numpy(), min(len(X), SAMPLE), len(X))


def suggestion(dataset: DataSet) -> tuple[float | None, str]:
    """Return the bandwidth for the density of a data set, None if it has no density, and the reason."""
    volume, n_frames = volume_per_atom(dataset)
    if volume is None:
        return None, "No frame is periodic in three directions, so the volume per atom is undefined."
    bandwidth = bandwidth_from_volume(volume)
    return bandwidth, (
        f"h = {bandwidth:.3g} Å⁻¹ for {volume:.1f} Å³/atom, the mean of {n_frames:,} frames that are "
        "periodic in three directions. Empty space in a cell counts as volume and makes h smaller."
    )
