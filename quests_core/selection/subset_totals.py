"""Sums over a subset from which its metrics follow, and the change of each by every frame.

A new frame makes environments picked earlier less unique, and the less so, the less unique they already are:
a change computed earlier is an estimate, not a bound. Each pick re-evaluates the leading frames,
`batch_size` at a time, until the leader is up to date. For sets of at most that many frames the choice is
exactly greedy.
"""

import math

import numpy as np

from ..environments import Environments
from ..information.entropy import OVERLAP_THRESHOLD
from ..progress import ProgressCallback
from ..utils.jit import jit
from .lazy_gains import EPSILON, LARGE, SMALL, LazyGains

# Kernel sum above which an environment counts as covered.
_COVERED = math.exp(-OVERLAP_THRESHOLD)
# Columns of what a frame changes, and of the totals: N L, U, Σ ln K, and the numbers of environments of the
# subset, and of those that it covers.
_LOSS, UNIQUE, _LOG_SUM, _N_ENVS, _N_COVERED = range(5)


@jit
def _own_sums(kernels, frame_of_row, own):
    """Write the kernel sum of each row against its own frame."""
    for frame in range(kernels.indptr.shape[0] - 1):
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                row = kernels.run_row[run] + kernels.lanes[entry]
                if frame_of_row[row] == frame:
                    own[row] = kernels.values[entry]


@jit
def _measure(chosen, kernels, rows, starts, own, sums, inverse, out):
    """Write the change in the totals of the subset by each of the chosen frames.

    The rows of frame f are ``rows[starts[f]:starts[f + 1]]``; `inverse` is 1 / K for picked rows
    and 0 for all others, so that no branch is needed.
    """
    for frame in chosen:
        loss, unique, logs, covered = 0.0, 0.0, 0.0, 0
        after, before, grown = 1.0, 1.0, 1.0
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                row, value = kernels.run_row[run] + kernels.lanes[entry], np.float64(kernels.values[entry])
                old = sums[row] + EPSILON
                after *= min(1.0, old + value)
                before *= min(1.0, old)
                covered += (sums[row] <= _COVERED) & (sums[row] + value > _COVERED)
                growth = value * inverse[row]
                grown *= 1.0 + growth
                unique -= inverse[row] * growth / (1.0 + growth)
                if before < SMALL or grown > LARGE:
                    loss += math.log(before / after)
                    logs += math.log(grown)
                    after, before, grown = 1.0, 1.0, 1.0
        for row in rows[starts[frame] : starts[frame + 1]]:
            new = sums[row] + own[row]
            unique += 1.0 / new
            logs += math.log(new)
        out[frame, _LOSS] = loss + math.log(before / after)
        out[frame, UNIQUE], out[frame, _LOG_SUM] = unique, logs + math.log(grown)
        out[frame, _N_COVERED] = covered


@jit
def _invert(frame, kernels, rows, starts, sums, inverse):
    """Update `inverse` after a frame was added to the sums."""
    inverse[rows[starts[frame] : starts[frame + 1]]] = 1.0
    for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
        for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
            row = kernels.run_row[run] + kernels.lanes[entry]
            if inverse[row] > 0.0:
                inverse[row] = 1.0 / sums[row]


class SubsetTotals(LazyGains):
    """Score frames by a function of the totals of the subset with each of them.

    Parameters
    ----------
    envs, bandwidth, costs, reference, progress
        See `LazyGains`. With a reference R, all kernel sums run over S ∪ R; U and H still sum over S only.
    """

    batch_size = 32
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
        self._rows = envs.tiles.positions, envs.offsets
        self._own, self._inverse = np.zeros(envs.n_envs), np.zeros(envs.n_envs)
        _own_sums(self._kernels, envs.frame_index[envs.tiles.order], self._own)
        # Of the subset, and the change by each frame.
        loss = -np.minimum(0.0, np.log(self._sums + EPSILON)).sum()
        self._totals = np.array([loss, 0.0, 0.0, 0.0, np.count_nonzero(self._sums > _COVERED)])
        self._changes = np.zeros((len(envs), 5))
        self._changes[:, _N_ENVS] = envs.sizes

    def _compute_gains(self, frames: np.ndarray) -> None:
        rows = (*self._rows, self._own, self._sums, self._inverse)
        _measure(frames, self._kernels, *rows, self._changes)

    def _metrics(self, totals: np.ndarray) -> np.ndarray:
        """Return columns information loss, ln(1 + U), entropy, overlap."""
        # Rounding may make differences of sums negative; outdated estimates may be more so.
        loss, unique, logs, n_envs, covered = np.maximum(totals, [0.0, 0.0, -np.inf, 1.0, 0.0]).T
        entropy = np.log(n_envs) - logs / n_envs
        return np.stack([loss / self._n_all, np.log1p(unique), entropy, covered / self._n_all], axis=-1)

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the subset."""
        if self._sizes[frame] and self._evaluated_at[frame] < self._n_picked:
            self._evaluate(np.array([frame]))
        self._totals += self._changes[frame]
        super().add(frame)
        _invert(frame, self._kernels, *self._rows, self._sums, self._inverse)
