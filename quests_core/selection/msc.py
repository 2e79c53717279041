"""Minimum set cover: pick the frame with the most novel environment."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..environments import Environments
from ..kernel_sums.incremental import IncrementalKernelSums, truncation_limits
from ..kernel_sums.picked_leaves import Picked, add_rows
from ..kernel_sums.picked_sums import PickedSums, Workspace
from ..kernel_sums.sums import SINGLE_ERROR, frame_entropies
from ..kernel_sums.tiles import Tiles
from ..progress import ProgressCallback
from ..utils.arrays import Indices, read_only
from .greedy import Scorer, greedy_order
from .msc_bounds import Frames, Sums, bound_all, find_best, lowest

# Nanoseconds that a pair takes where the sums of all environments are updated together.
_PAIR_WORK = 0.5
# Such sums leave out the environments of picked frames once these are more than this share.
_MAX_PICKED = 0.25


class MSC(Scorer):
    """Score(s) = -ln(min over e in s of K[e]) + H_s, with K[e] the kernel sum over all picked environments.

    Before any pick and without a reference, the score is H_s, the entropy of the frame alone. K is stored
    as a logarithm, so that environments far from all others keep their order. An outdated sum lacks terms,
    so the score computed from it is an upper bound.

    Where environments are within the kernel's reach of few others, most sums are never needed, and those that
    are needed are updated one by one. Where they are within reach of most others, bounds are loose and every
    sum is needed soon; to update all sums together takes a fraction of the time per pair. So all sums are
    updated whenever the single updates since the last time took longer than that will take. The work
    is counted, not measured. Scores that the error of these sums leaves undecided are computed exactly:
    the order is the same in either case.

    `n_others` environments outside `envs` may be picked as well (see `quests_core.selection.msc_part`).
    """

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        reference: np.ndarray | None,
        precision: str,
        progress: ProgressCallback | None,
        n_others: int = 0,
    ):
        self.tolerance = tolerance_of(precision)
        tiles, entropies = envs.tiles, frame_entropies(envs, bandwidth, precision, progress)
        self._axes = tiles.axes
        n_references = envs.n_envs + n_others + (0 if reference is None else len(reference))
        self._reach = truncation_limits(bandwidth, n_references, precision).reach
        self._frames = Frames(tiles.positions, envs.offsets, entropies)
        self._picked, self._n_picked = Picked.empty(tiles, bandwidth), 0
        self._all = IncrementalKernelSums(tiles, bandwidth, n_references, precision)
        if reference is not None:
            self._all.add(Tiles.from_rows(reference, tiles.axes), "reference", progress)
        bounds = self._all.log_sums.copy()
        nearest = -bounds[tiles.order]
        rough, near = (
            PickedSums(
                np.zeros(len(nearest), np.int64), nearest.copy(), np.isfinite(nearest).astype(np.float64)
            )
            for _ in range(2)
        )
        lowest_at = np.array([lowest(bounds[first:end]) for first, end in pairwise(envs.offsets)])
        self._sums = Sums(self._picked, bounds, lowest_at, rough, near, exact=near)
        self._scores = entropies.copy()
        # Number of picks when each score was last known, and by how much it may be too high then.
        self._known_at, self._error = np.full(len(envs), -1), 0.0
        # The environments whose sums are in `_all`, and the picked rows that are not yet in these sums.
        self._updated, self._is_free = np.arange(envs.n_envs), np.ones(envs.n_envs, bool)
        self._pending: list[np.ndarray] = []
        self._is_double = precision == "double"
        self._started, self._room = False, Workspace.of(self._picked)
        # Of each frame that was added, see `novelty`.
        self.novelties: list[float] = []
        if reference is not None:
            self._start()

    def _start(self) -> None:
        """Discard the scores of the first pick."""
        self._started = True
        self._scores[np.diff(self._frames.offsets) > 0] = np.inf

    def scores(self) -> np.ndarray:
        """Return bounds of the scores, nats; -inf for a frame without environments."""
        return self._scores

    def novelty(self, frame: int) -> float:
        """Return the δH of the most novel environment of a frame, or an upper bound; -inf if it has none."""
        entropy = self._frames.entropies[frame]
        return float(self._scores[frame] - entropy) if np.isfinite(entropy) else -math.inf

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Tighten the highest bounds until the best of all frames is known."""
        is_outdated = (self._known_at[best] < self._n_picked) & (self._scores[best] > -np.inf)
        if not self._started or not is_outdated.any():
            return False
        n_pairs = sum(map(len, self._pending)) * len(self._updated)
        if n_pairs and self._room.work[0] > _PAIR_WORK * n_pairs:
            self._update_all()
        find_best(
            free,
            self._frames,
            self._n_picked,
            self._sums,
            self._scores,
            self._known_at,
            self.tolerance,
            self._error,
            self._reach,
            self._room,
        )
        return True

    def _update_all(self) -> None:
        """Add the pending rows to the sums of all environments, and bound all scores by these."""
        if not self._error:
            exact = PickedSums(*(values.copy() for values in self._sums.near))
            self._sums = self._sums._replace(exact=exact)
        is_free = self._is_free[self._updated]
        if is_free.mean() < 1.0 - _MAX_PICKED:
            self._all = self._all.take(np.flatnonzero(is_free))
            self._updated = self._updated[is_free]
        rows = self._picked.pick_rows[np.concatenate(self._pending)]
        self._all.add(Tiles.from_rotated(rows, self._axes))
        log_sums = self._all.log_sums
        error = 1e-12 * np.maximum(1.0, np.abs(log_sums)) if self._is_double else SINGLE_ERROR
        self._error = 2.0 * float(np.max(error, initial=0.0))
        bound_all(
            log_sums - error,
            self._updated,
            self._n_picked,
            self._frames,
            self._sums,
            self._scores,
            self._known_at,
        )
        self._pending.clear()
        self._room.work[0] = 0.0

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to those that the sums run over."""
        self.novelties.append(self.novelty(frame))
        first, last = self._frames.offsets[frame : frame + 2]
        rows = self._frames.positions[first:last]
        if len(rows):
            self._is_free[first:last] = False
            self._add_rows(rows)

    def _add_rows(self, rows: np.ndarray) -> None:
        """Add rows of `Picked.pick_rows`, at least one, to those that the sums run over."""
        add_rows(self._picked, rows, self._n_picked)
        self._pending.append(rows)
        self._n_picked += 1
        if not self._started:
            self._start()


def tolerance_of(precision: str) -> float:
    """Return the difference up to which scores count as equal, nats."""
    return 1e-6 if precision == "single" else 1e-11


class MSCOrder(NamedTuple):
    """An order of `msc`, and the novelty of each of its frames but the last; see `MSC.novelty`."""

    order: np.ndarray
    novelties: np.ndarray


def msc_order(
    envs: Environments,
    bandwidth: float,
    reference: np.ndarray | None,
    locked: Indices,
    precision: str,
    step: str,
    progress: ProgressCallback | None,
    callback: Callable[[np.ndarray], None] | None = None,
    n_to_select: int | None = None,
) -> MSCOrder:
    """Return the order of `msc`, which starts with the frames `locked`, or the first part of it.

    The last whole order without a reference is kept with the environments: `balanced` needs that of `msc`.
    See `quests_core.selection.greedy.greedy_order` for `step` and `callback`.
    """
    key, n_frames = (bandwidth, precision, *map(int, locked)), len(envs)
    n_to_select = n_frames if n_to_select is None else n_to_select
    kept = envs.kept_orders.get("msc") if reference is None else None
    if kept is not None and kept[0] == key:
        found = kept[1]
        if callback is not None:
            for rank in range(n_to_select):
                callback(found.order[: rank + 1])
        return MSCOrder(found.order[:n_to_select], found.novelties[: n_to_select - 1])
    msc = MSC(envs, bandwidth, reference, precision, progress)
    order = greedy_order(msc, n_frames, n_to_select, locked, step, progress, callback)
    found = MSCOrder(read_only(order, copy=False), read_only(np.array(msc.novelties), copy=False))
    if reference is None and n_to_select == n_frames:
        envs.kept_orders["msc"] = key, found
    return found
