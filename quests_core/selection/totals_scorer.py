"""Score frames by the metrics of the subset with each of them.

A new frame makes environments picked earlier less unique, and the less so, the less unique they already are:
a change computed earlier is an estimate, not a bound. Each pick re-evaluates the leading frames,
`batch_size` at a time, until the leader is up to date. For sets of at most that many frames the choice is
exactly greedy.
"""

import numpy as np

from .lazy_gains import LazyGains
from .subset_totals import N_ENVS, Totals


class TotalsScorer(LazyGains):
    """Score frames by a function of the totals of the subset with each of them.

    Parameters
    ----------
    subset : Totals
        The subset, empty.
    sizes, costs : ndarray of shape (n_frames,)
        See `LazyGains`.
    """

    batch_size = 32
    tolerance = 1e-6

    def __init__(self, subset: Totals, sizes: np.ndarray, costs: np.ndarray):
        super().__init__(sizes, costs)
        self._subset, self._n_all = subset, max(1, int(sizes.sum()))
        # By each frame, as last computed.
        self._changes = np.zeros((len(sizes), 5))
        self._changes[:, N_ENVS] = sizes

    def _compute_gains(self, frames: np.ndarray) -> None:
        self._changes[frames] = self._subset.changes(frames)

    def _metrics(self, totals: np.ndarray) -> np.ndarray:
        """Return columns information loss, ln(1 + U), entropy, overlap."""
        # Rounding may make differences of sums negative; outdated estimates may be more so.
        loss, unique, logs, n_envs, covered = np.maximum(totals, [0.0, 0.0, -np.inf, 1.0, 0.0]).T
        entropy = np.log(n_envs) - logs / n_envs
        return np.stack([loss / self._n_all, np.log1p(unique), entropy, covered / self._n_all], axis=-1)

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the subset."""
        is_known = self._evaluated_at[frame] == self._n_picked
        self._subset.add(frame, self._changes[frame] if is_known else None)
        super().add(frame)
