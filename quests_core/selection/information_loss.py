"""Sums of a concave function of each environment's kernel sum: what a subset covers, and how well.

``f(S) = Σ_e c(K_e(S))``, with ``K_e(S)`` the kernel sum of environment e against the subset S and c
rising, concave and 0 from 1 on. So f is monotone and submodular: what a frame adds can only fall as
the subset grows, so the greedy choice is within 1 - 1/e of the best, and what it added when it was last
looked at bounds what it adds now. Most gains are never computed again.
"""

import math

import numpy as np

from .._numba import inner_kernel, kernel, run_blocks
from ..environments import Environments
from ..frame_kernels import FrameKernels
from ..kernel import log_kernel_sum
from ..progress import ProgressCallback
from .greedy import Scorer

# What an environment without any neighbour in the subset is worth: -30 nats.
EPSILON = math.exp(-30.0)
# Gains computed at once: those of the best frames, and of the next best, who will be asked for.
_AT_ONCE = 8


@inner_kernel
def _worth(total, is_logarithmic):
    """Return c(K): ``min(0, ln(K + ε))``, or ``min(1, K)``."""
    if is_logarithmic:
        return min(0.0, math.log(total + EPSILON))
    return min(1.0, total)


@kernel
def _gains(chosen, kernels, frame_of_row, sums, worth, is_logarithmic, gains, unique):
    """Write what each of the chosen frames adds to f, and ``Σ_e 1 / K_e`` over its own environments."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for k in range(chosen.shape[0]):
        gain, inverse = 0.0, 0.0
        for run in range(first_run[chosen[k]], first_run[chosen[k] + 1]):
            for entry in range(start_of_run[run], stop_of_run[run]):
                row = row_of_run[run] + lanes[entry]
                # What is covered in full can gain no more.
                if sums[row] < 1.0:
                    gain += _worth(sums[row] + values[entry], is_logarithmic) - worth[row]
                if frame_of_row[row] == chosen[k]:
                    inverse += 1.0 / (sums[row] + values[entry])
        gains[k], unique[k] = gain, inverse


@kernel
def _add(frame, kernels, sums, worth, is_logarithmic):
    """Add a frame to the kernel sums."""
    first_run, start_of_run, stop_of_run, row_of_run, lanes, values = kernels
    for run in range(first_run[frame], first_run[frame + 1]):
        for entry in range(start_of_run[run], stop_of_run[run]):
            row = row_of_run[run] + lanes[entry]
            sums[row] += values[entry]
            worth[row] = _worth(sums[row], is_logarithmic)


class ConcaveCover(Scorer):
    """Score(s) = (f(S ∪ s) - f(S)) / cost(s).

    Parameters
    ----------
    envs : Environments
        The full set.
    bandwidth : float
        h, Å⁻¹.
    is_logarithmic : bool
        Whether c is ``min(0, ln(K + ε))``, else ``min(1, K)``.
    costs : ndarray of shape (n_frames,)
        What each frame costs, above zero where it has environments.
    reference : ndarray of shape (n_reference, d), optional
        Environments that are in every subset.
    progress : callable, optional
        See `quests_core.progress`.
    """

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        is_logarithmic: bool,
        costs: np.ndarray,
        reference: np.ndarray | None,
        progress: ProgressCallback | None,
    ):
        self._costs, self._is_logarithmic = np.maximum(costs, 1e-300), is_logarithmic
        self._kernels = FrameKernels.of(envs, bandwidth, EPSILON, progress).arrays
        self._sums = np.zeros(envs.n_envs)
        if reference is not None:
            log_sums = log_kernel_sum(envs, reference, bandwidth, progress=progress)
            self._sums = np.exp(log_sums[envs.tiles.order])
        self._worth = (
            np.minimum(0.0, np.log(self._sums + EPSILON)) if is_logarithmic else np.minimum(1.0, self._sums)
        )
        self._frame_of_row = envs.frame_index[envs.tiles.order]
        self._n_picked = 0
        # Number of picked frames that the gains of each frame know of.
        self._known = np.full(len(envs), -1)
        # A kernel is good to 1e-6 of itself, and so is a gain to that of all that it adds up.
        self.tolerance = 1e-9 * max(1, envs.n_envs)
        filled = envs.sizes > 0
        self._gains, self._unique = np.where(filled, np.inf, -np.inf), np.where(filled, np.inf, -np.inf)
        self._evaluate(np.flatnonzero(filled))

    def _evaluate(self, frames: np.ndarray) -> None:
        gains, unique = np.empty(len(frames)), np.empty(len(frames))

        def work(first: int, last: int) -> None:
            state = self._kernels, self._frame_of_row, self._sums, self._worth, self._is_logarithmic
            _gains(frames[first:last], *state, gains[first:last], unique[first:last])

        run_blocks(work, len(frames), max(1, min(64, len(frames) // 4)))
        self._gains[frames], self._unique[frames] = gains / self._costs[frames], unique / self._costs[frames]
        self._known[frames] = self._n_picked

    def scores(self) -> np.ndarray:
        """Return bounds of the gains a unit of cost; -inf for a frame without environments."""
        return self._gains

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Compute the gains of these frames again where they are behind, and some that soon will be."""
        behind = best[(self._known[best] < self._n_picked) & np.isfinite(self._gains[best])]
        if not len(behind):
            return False
        if len(behind) < _AT_ONCE:
            others = np.flatnonzero(free & (self._known < self._n_picked) & np.isfinite(self._gains))
            scores, n_next = self.scores()[others], min(_AT_ONCE, len(others))
            behind = np.union1d(behind, others[np.argpartition(-scores, n_next - 1)[:n_next]])
        self._evaluate(behind)
        return True

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to what the sums are against."""
        _add(frame, self._kernels, self._sums, self._worth, self._is_logarithmic)
        self._n_picked += 1


class Balanced(ConcaveCover):
    """Score(s): what s adds to the information, and its number of unique environments, each of the best.

    ``(f(S ∪ s) - f(S)) / cost(s)`` and ``Σ_{e in s} 1 / K_e(S ∪ s) / cost(s)``, each divided by the
    largest of all frames that are free. Both can only fall, so bounds of them give bounds of the score
    once the largest are known.
    """

    def __init__(self, envs, bandwidth, costs, reference, progress):
        super().__init__(envs, bandwidth, True, costs, reference, progress)
        self.tolerance = 1e-6
        self._free = envs.sizes > 0

    def scores(self) -> np.ndarray:
        """Return bounds of the scores; -inf for a frame without environments."""
        most = [max(bounds[self._free].max(initial=0.0), 1e-300) for bounds in (self._gains, self._unique)]
        return self._gains / most[0] + self._unique / most[1]

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Find the largest gains first, then bring the best frames up to date."""
        for bounds in (self._gains, self._unique):
            candidates = np.flatnonzero(self._free)
            if len(candidates):
                largest = candidates[[np.argmax(bounds[candidates])]]
                if self._known[largest[0]] < self._n_picked:
                    return super().refine(largest, free)
        return super().refine(best, free)

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to what the sums are against."""
        super().add(frame)
        self._free[frame] = False
