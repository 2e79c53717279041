r"""Diversity, entropy and information loss in one number: what a subset is worth, in nats.

.. math:: J(S) = \ln(1 + U) + \frac{1}{2} H(S) - \sqrt{\delta + L}

with :math:`U = \sum_{i \in S} 1 / K_i(S)` the count of unique environments, so that the first term is the
diversity; H the entropy; and L the mean over all environments e of the set of
:math:`-\min(0, \ln(K_e(S) + ε))`, its information loss. While much is lost, diversity decides; what is
left to lose counts the more the less it is.

J is neither monotone nor submodular: a frame takes uniqueness from those picked before, and where they
have lost it to others, it takes less. What it was worth when last looked at is then an estimate, no
bound. Each pick looks again at the frames that lead, `Balanced.at_once` of them together, until the one
that leads is known as it is now: in sets of up to that many frames the choice is exactly greedy.
"""

import math

import numpy as np

from .._numba import kernel
from ..environments import Environments
from ..progress import ProgressCallback
from .lazy import EPSILON, LazySums

# The weights of H and of the root, 1/2 and 1, were found on the sets that benchmarks/selection.py names.
ENTROPY_WEIGHT = 0.5
# δ, nats: losses much smaller than this are rounding, and the slope of the root has an end.
LOSS_FLOOR = 0.01
# What a picked environment does not notice: all that is left out changes H by less.
NEGLIGIBLE = 1e-9


@kernel
def _measure(chosen, kernels, frame_of_row, members, sums, out):
    """Write how much each of the chosen frames would change N L, U and ``Σ ln K`` of the subset."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for frame in chosen:
        loss, unique, logs = 0.0, 0.0, 0.0
        for run in range(first_run[frame], first_run[frame + 1]):
            for entry in range(start_of_run[run], stop_of_run[run]):
                row, value = row_of_run[run] + lanes[entry], np.float64(values[entry])
                old = sums[row]
                new = old + value
                if old < 1.0:
                    loss += min(0.0, math.log(old + EPSILON)) - min(0.0, math.log(new + EPSILON))
                # A member's sum holds itself, so it is at least 1: most kernels are nothing beside it.
                if members[row] and value > NEGLIGIBLE:
                    unique -= value / (old * new)
                    logs += math.log1p(value / old)
                elif frame_of_row[row] == frame:
                    unique += 1.0 / new
                    logs += math.log(new)
        out[frame, 0], out[frame, 1], out[frame, 2] = loss, unique, logs


@kernel
def _add(frame, kernels, frame_of_row, members, sums):
    """Add a frame to the kernel sums."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for run in range(first_run[frame], first_run[frame + 1]):
        for entry in range(start_of_run[run], stop_of_run[run]):
            row = row_of_run[run] + lanes[entry]
            sums[row] += values[entry]
            members[row] |= frame_of_row[row] == frame


class Balanced(LazySums):
    """Score(s) = (J(S ∪ s) - J(S)) / cost(s); a J that falls is multiplied by the cost instead.

    Parameters
    ----------
    envs, bandwidth, costs, reference, progress
        See `LazySums`. With a reference R all kernel sums are against S ∪ R; U and H are sums over S.
    """

    at_once = 32
    tolerance = 1e-6

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        costs: np.ndarray,
        reference: np.ndarray | None,
        progress: ProgressCallback | None,
    ):
        super().__init__(envs, bandwidth, costs, reference, progress)
        self._n_all = max(1, envs.n_envs)
        self._frame_of_row = envs.frame_index[envs.tiles.order]
        self._members = np.zeros(envs.n_envs, dtype=bool)
        # N L, U, Σ ln K and the number of environments: of the subset, and what each frame would change.
        self._totals = np.array([-np.minimum(0.0, np.log(self._sums + EPSILON)).sum(), 0.0, 0.0, 0.0])
        self._changes = np.zeros((len(envs), 4))
        self._changes[:, 3] = envs.sizes
        self._evaluate(np.flatnonzero(envs.sizes))

    def _look(self, frames: np.ndarray) -> None:
        _measure(frames, self._kernels, self._frame_of_row, self._members, self._sums, self._changes)

    def _value(self, totals: np.ndarray) -> np.ndarray:
        """Return J."""
        # Differences of sums may fall below zero by rounding, and estimates by more.
        loss, unique, logs, n_envs = np.maximum(totals, [0.0, 0.0, -np.inf, 1.0]).T
        entropy = np.log(n_envs) - logs / n_envs
        return np.log1p(unique) + ENTROPY_WEIGHT * entropy - np.sqrt(LOSS_FLOOR + loss / self._n_all)

    def scores(self) -> np.ndarray:
        """Return the scores as they were last known; -inf for a frame without environments."""
        gains = self._value(self._totals + self._changes) - self._value(self._totals)
        gains = np.where(gains > 0, gains / self._costs, gains * self._costs)
        return np.where(self._sizes > 0, gains, -np.inf)

    def _add(self, frame: int) -> None:
        if self._known[frame] < self._n_picked:
            self._evaluate(np.array([frame]))
        self._totals += self._changes[frame]
        _add(frame, self._kernels, self._frame_of_row, self._members, self._sums)
