"""Exchange frames to improve one subset in every metric.

A greedy order serves every size, so it is optimal at none. `exchange` improves a single subset: it replaces
frames one by one, within the number of environments allowed, wherever this raises the objective J (see
`exchange`) and keeps overlap, information loss, diversity and entropy at least as good as initially. The
result is therefore at least as good as the initial subset in all four.
"""

import numpy as np

from ..environments import Environments, as_environments
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.jit import jit
from ..utils.validation import check_count, check_frame_indices, check_sane
from .subset_totals import UNIQUE, SubsetTotals
from .totals_scorer import TotalsScorer

# The weight of H in J, and δ, nats: losses much smaller are rounding errors, and it bounds the root's slope.
_ENTROPY_WEIGHT, _LOSS_FLOOR = 0.5, 0.01
# Relative change attributed to rounding; less than one environment in a million.
_ROUNDING = 1e-9


@jit
def _remove(frame, kernels, rows, starts, sums, inverse):
    """Remove a frame from the sums and `inverse`; see `quests_core.selection.subset_totals`."""
    inverse[rows[starts[frame] : starts[frame + 1]]] = 0.0
    for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
        for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
            row = kernels.run_row[run] + kernels.lanes[entry]
            sums[row] = max(0.0, sums[row] - kernels.values[entry])
            if inverse[row] > 0.0:
                inverse[row] = 1.0 / sums[row]


class _ExchangeScorer(TotalsScorer):
    """The objective for a subset from which frames can be removed."""

    _subset: SubsetTotals

    def __init__(self, envs: Environments, bandwidth: float, progress: ProgressCallback | None):
        subset = SubsetTotals.of(envs, bandwidth, None, progress)
        super().__init__(subset, envs.sizes, np.ones(len(envs)))

    def scores(self) -> np.ndarray:
        """Return J with each of the frames added, as last computed."""
        return self._value(self._subset.totals + self._changes)

    def _value(self, totals: np.ndarray) -> np.ndarray:
        loss, diversity, entropy, _ = self._metrics(totals).T
        return diversity + _ENTROPY_WEIGHT * entropy - np.sqrt(_LOSS_FLOOR + loss)

    def add(self, frame: int) -> None:
        """Add a frame."""
        self._evaluate(np.array([frame]))
        super().add(frame)

    def remove(self, frame: int) -> None:
        """Remove a frame; its contribution is the change that adding it again would make."""
        subset = self._subset
        _remove(frame, subset.kernels, *subset.rows, subset.sums, subset.inverse)
        self._evaluate(np.array([frame]))
        subset.totals[:] -= self._changes[frame]

    def objectives(self, frames: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return J, and rows overlap, -loss, diversity, entropy: now, or with each of `frames` added."""
        totals = self._subset.totals[None]
        if frames is not None:
            self._evaluate(frames)
            totals = totals + self._changes[frames]
        loss, _, entropy, overlap = self._metrics(totals).T
        diversity = np.log(np.maximum(totals[:, UNIQUE], 1e-300))
        return self._value(totals), np.array([overlap, -loss, diversity, entropy])


def exchange(
    envs: Environments,
    frames: Indices,
    max_envs: int | None = None,
    locked: Indices = (),
    excluded: Indices = (),
    bandwidth: float = 0.015,
    sweeps: int = 1,
    progress: ProgressCallback | None = None,
) -> np.ndarray:
    r"""Improve a subset by exchanging frames, without adding frames or environments.

    Each frame, starting with the last, is replaced by the frame for which the subset S has the highest

    .. math:: J(S) = \ln(1 + U) + \frac{1}{2} H(S) - \sqrt{\delta + L},

    among those that keep overlap, diversity, entropy and information loss at least as good as initially (to
    rounding), or stays if none is better. The largest δH is not constrained and may increase. As in J, the
    loss of one environment is capped at 30 nats: environments farther than this from the subset may move
    farther away, and the loss of `compression_curve`, which has no cap, may increase. Lock outliers that
    matter.

    Applied to the subsets of ``msc`` for 13 real sets at 5 sizes, it was at least as good in all four metrics
    in 64 of 65 cases, measured by the uncapped loss; the median loss decreased by 0.22 nats.

    A sweep evaluates all frames outside the subset once for each frame in it.

    Parameters
    ----------
    envs : Environments
        The full set; a plain ``(n, d)`` array counts as n frames of one.
    frames : sequence of int
        The subset, such as ``select(envs, "msc").order[:n]``.
    max_envs : int, optional
        Maximum number of environments; by default that of the given subset.
    locked : sequence of int
        Frames of the subset to keep.
    excluded : sequence of int
        Frames not to add. Their environments still count in the overlap and the loss.
    bandwidth : float
        h of the kernel, Å⁻¹.
    sweeps : int
        Maximum number of passes over the subset; stops earlier when nothing changes.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    ndarray of shape (n_frames,)
        Frame indices, each new one in the position of the frame that it replaces; not a nested order.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Exchanges after a greedy choice: G. Nemhauser, L. Wolsey, M. Fisher, Math. Program. 14, 265 (1978),
    doi 10.1007/BF01588971.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.0], [0.0], [5.0], [9.0]], offsets=[0, 2, 4, 5])
    >>> exchange(envs, [0, 2]).tolist()
    [1, 2]
    """
    envs = as_environments(envs)
    bandwidth = check_sane(bandwidth, "bandwidth")
    frames = check_frame_indices(frames, len(envs), "frames", unique=True).copy()
    n_envs = int(envs.sizes[frames].sum())
    room = n_envs if max_envs is None else check_count(max_envs, "max_envs")
    if n_envs > room:
        raise ValueError(f"max_envs: expected at least the {n_envs} environments of frames, got {room}")
    is_locked = np.isin(frames, check_frame_indices(locked, len(envs), "locked"))
    outside = envs.sizes > 0
    outside[frames] = False
    outside[check_frame_indices(excluded, len(envs), "excluded")] = False
    subset = _ExchangeScorer(envs, bandwidth, progress)
    for frame in frames[envs.sizes[frames] > 0]:
        subset.add(frame)
    _, floors = subset.objectives()
    floors -= _ROUNDING * (1.0 + np.abs(floors))
    n_steps, done = check_count(sweeps, "sweeps") * len(frames), 0
    for _ in range(sweeps):
        before = frames.copy()
        for position in range(len(frames))[::-1]:
            if not is_locked[position] and envs.sizes[frames[position]]:
                frames[position] = _exchange_one(subset, frames, position, outside, envs.sizes, room, floors)
            done += 1
            if progress is not None:
                progress("exchanges", done, n_steps)
        if np.array_equal(before, frames):
            break
    return frames


def _exchange_one(subset, frames, position, outside, sizes, room, floors) -> int:
    """Put the best frame into a position of the subset; return it."""
    (value_now, _), old = subset.objectives(), frames[position]
    subset.remove(old)
    left = room - sizes[np.delete(frames, position)].sum()
    best, candidates = old, np.flatnonzero(outside & (sizes <= left))
    if len(candidates):
        values, others = subset.objectives(candidates)
        values = np.where((others >= floors).all(axis=0), values, -np.inf)
        if values.max() > value_now[0] + _ROUNDING:
            best = candidates[np.argmax(values)]
    subset.add(best)
    outside[old], outside[best] = True, False
    return int(best)
