r"""The `balanced` method: diversity, entropy and information loss in one objective, in nats.

.. math:: J(S) = \ln(1 + U) + \frac{1}{2} H(S) - \sqrt{\delta + L}

where :math:`U = \sum_{i \in S} 1 / K_i(S)` is the number of unique environments, so that the first term
is the diversity; H is the entropy; and L, the information loss, is the mean of
:math:`-\min(0, \ln(K_e(S) + ε))` over all environments e of the set. While the loss is large, diversity
dominates; the smaller the loss, the more a further reduction counts.

J is neither monotone nor submodular: a new frame makes environments picked earlier less unique, and the
less so, the less unique they already are. A gain computed earlier is therefore an estimate, not a bound.
Each pick re-evaluates the leading frames, `Balanced.batch_size` at a time, until the gain of the leader is
up to date. For sets of at most that many frames the choice is exactly greedy.
"""

import math

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.jit import jit
from .lazy_gains import EPSILON, LARGE, SMALL, LazyGains

# The weights of H and of the root, 1/2 and 1, were tuned on sets of benchmarks/selection_report.py.
ENTROPY_WEIGHT = 0.5
# δ, nats: losses much smaller than this are rounding errors, and it bounds the slope of the root.
LOSS_FLOOR = 0.01
# Columns of what a frame changes, and of the totals: N L, U, Σ ln K and the number of environments.
_LOSS, _UNIQUE, _LOG_SUM, _N_ENVS = range(4)


@jit
def _own_sums(kernels, frame_of_row, own):
    """Write the kernel sum of each row against its own frame."""
    for frame in range(kernels.indptr.shape[0] - 1):
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_stop[run]):
                row = kernels.run_row[run] + kernels.lanes[entry]
                if frame_of_row[row] == frame:
                    own[row] = kernels.values[entry]


@jit
def _measure(chosen, kernels, rows, starts, own, sums, inverse, out):
    """Write the change in N L, U and ``Σ ln K`` of the subset by each of the chosen frames.

    The rows of frame f are ``rows[starts[f]:starts[f + 1]]``; `inverse` is 1 / K for picked rows
    and 0 for all others, so that no branch is needed.
    """
    for frame in chosen:
        loss, unique, logs = 0.0, 0.0, 0.0
        after, before, grown = 1.0, 1.0, 1.0
        for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
            for entry in range(kernels.run_start[run], kernels.run_stop[run]):
                row, value = kernels.run_row[run] + kernels.lanes[entry], np.float64(kernels.values[entry])
                old = sums[row] + EPSILON
                after *= min(1.0, old + value)
                before *= min(1.0, old)
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
        out[frame, _UNIQUE], out[frame, _LOG_SUM] = unique, logs + math.log(grown)


@jit
def _invert(frame, kernels, rows, starts, sums, inverse):
    """Update `inverse` after a frame was added to the sums."""
    inverse[rows[starts[frame] : starts[frame + 1]]] = 1.0
    for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
        for entry in range(kernels.run_start[run], kernels.run_stop[run]):
            row = kernels.run_row[run] + kernels.lanes[entry]
            if inverse[row] > 0.0:
                inverse[row] = 1.0 / sums[row]


class Balanced(LazyGains):
    """Score(s) = (J(S ∪ s) - J(S)) / cost(s); a negative gain is multiplied by the cost instead.

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
        self._totals = np.array([-np.minimum(0.0, np.log(self._sums + EPSILON)).sum(), 0.0, 0.0, 0.0])
        self._changes = np.zeros((len(envs), 4))
        self._changes[:, _N_ENVS] = envs.sizes
        self._evaluate(np.flatnonzero(envs.sizes))

    def _compute_gains(self, frames: np.ndarray) -> None:
        rows = (*self._rows, self._own, self._sums, self._inverse)
        _measure(frames, self._kernels, *rows, self._changes)

    def _value(self, totals: np.ndarray) -> np.ndarray:
        """Return J."""
        # Rounding may make differences of sums negative; outdated estimates may be more so.
        loss, unique, logs, n_envs = np.maximum(totals, [0.0, 0.0, -np.inf, 1.0]).T
        entropy = np.log(n_envs) - logs / n_envs
        return np.log1p(unique) + ENTROPY_WEIGHT * entropy - np.sqrt(LOSS_FLOOR + loss / self._n_all)

    def scores(self) -> np.ndarray:
        """Return the scores as last computed; -inf for a frame without environments."""
        gains = self._value(self._totals + self._changes) - self._value(self._totals)
        gains = np.where(gains > 0, gains / self._costs, gains * self._costs)
        return np.where(self._sizes > 0, gains, -np.inf)

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the subset."""
        if self._sizes[frame] and self._evaluated_at[frame] < self._n_picked:
            self._evaluate(np.array([frame]))
        self._totals += self._changes[frame]
        super().add(frame)
        _invert(frame, self._kernels, *self._rows, self._sums, self._inverse)
