"""Minimum set cover: pick the frame with the most novel environment."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..environments import Environments
from ..kernel_sums.picked_leaves import Picked, add_rows
from ..kernel_sums.picked_sums import PickedSums, Workspace, update_sum
from ..kernel_sums.sums import IncrementalKernelSums, frame_entropies, truncation_limits
from ..kernel_sums.tiles import Tiles
from ..progress import ProgressCallback
from ..utils.jit import jit, jit_inline
from .greedy import Scorer

# For most frames the sum of the largest terms, down to this exponent, decides; few need all terms.
_REACH = 6.0
# A partial sum that exceeds what would rule its frame out by this much, in nats, need not be completed.
_MARGIN = 1.0
# Number of candidates for the best frame that are examined at a time.
_AT_ONCE = 32


class _Frames(NamedTuple):
    """Frame f owns the rows ``positions[offsets[f]:offsets[f + 1]]`` of the tiles."""

    positions: np.ndarray
    offsets: np.ndarray
    entropies: np.ndarray  # of each frame alone, nats


class _Sums(NamedTuple):
    """Sums of all environments against the picked frames."""

    picked: Picked
    bounds: np.ndarray  # lower bounds of ln K
    lowest_at: np.ndarray  # place of the lowest bound of each frame
    rough: PickedSums  # over the largest terms
    full: PickedSums  # over all terms


@jit_inline
def _lowest(bounds):
    """Return the position of the lowest bound, the first of equal ones."""
    at, lowest = 0, np.inf
    for i in range(bounds.shape[0]):
        at, lowest = (i, bounds[i]) if bounds[i] < lowest else (at, lowest)
    return at


@jit_inline
def _tighten(frame, least, frames_of, n_picked, sums, scores, exact, reach, room):
    """Tighten the bound of a frame's score until it is exact or below `least`."""
    picked, rough, full = sums.picked, sums.rough, sums.full
    first, entropy = frames_of.offsets[frame], frames_of.entropies[frame]
    bounds, i = sums.bounds[first : frames_of.offsets[frame + 1]], sums.lowest_at[frame]
    while bounds.shape[0] > 0:
        row, bound = frames_of.positions[first + i], bounds[i]
        scores[frame] = entropy - bound
        if full.n_added[row] == n_picked:
            exact[frame] = n_picked
            break
        if scores[frame] < least:
            break
        if rough.n_added[row] < n_picked:
            need = entropy - least + _MARGIN
            raised = update_sum(picked, row, n_picked, bound, need, _REACH, True, rough, room)
            bounds[i] = max(bound, raised)
        else:
            bounds[i] = update_sum(picked, row, n_picked, bound, np.inf, reach, False, full, room)
            rough.nearest[row], rough.total[row] = full.nearest[row], full.total[row]
        i = sums.lowest_at[frame] = _lowest(bounds)


@jit_inline
def _first_two(scores):
    """Return the position of the highest score, this score, and the second highest."""
    best, highest, second = 0, -np.inf, -np.inf
    for k in range(scores.shape[0]):
        if scores[k] > highest:
            best, highest, second = k, scores[k], highest
        else:
            second = max(second, scores[k])
    return best, highest, second


@jit
def _find_best(free, frames_of, n_picked, sums, scores, exact, tolerance, reach, room):
    """Tighten the highest bound until it cannot beat the best exact score."""
    known, others = -np.inf, np.inf
    for frame in range(free.shape[0]):
        if free[frame] and exact[frame] == n_picked:
            known = max(known, scores[frame])
    while others >= known - tolerance:
        behind, others = np.flatnonzero(free & (exact < n_picked)), -np.inf
        if behind.shape[0] > _AT_ONCE:
            bounds = scores[behind]
            others = np.partition(bounds, bounds.shape[0] - _AT_ONCE - 1)[bounds.shape[0] - _AT_ONCE - 1]
            above = behind[bounds > others]
            behind = above if above.shape[0] else behind[bounds == others][:_AT_ONCE]
        bounds = scores[behind]
        best, highest, second = _first_two(bounds)
        if highest == -np.inf:
            break
        while highest >= max(others, known - tolerance) and highest > -np.inf:
            least = max(second, others, known) - tolerance
            _tighten(behind[best], least, frames_of, n_picked, sums, scores, exact, reach, room)
            bounds[best] = scores[behind[best]]
            if exact[behind[best]] == n_picked:
                known, bounds[best] = max(known, bounds[best]), -np.inf
            best, highest, second = _first_two(bounds)


class MSC(Scorer):
    """Score(s) = -ln(min over e in s of K[e]) + H_s, with K[e] the kernel sum over all picked environments.

    Before any pick and without a reference, the score is H_s, the entropy of the frame alone. K is stored
    as a logarithm, so that environments far from all others keep their order. An outdated sum lacks terms,
    so the score computed from it is an upper bound.
    """

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        reference: np.ndarray | None,
        precision: str,
        progress: ProgressCallback | None,
    ):
        self.tolerance = 1e-6 if precision == "single" else 1e-11
        tiles, entropies = envs.tiles, frame_entropies(envs, bandwidth, precision, progress)
        n_references = envs.n_envs + (0 if reference is None else len(reference))
        self._reach = truncation_limits(bandwidth, n_references, precision).reach
        self._frames = _Frames(tiles.positions, envs.offsets, entropies)
        self._picked, self._n_picked = Picked.empty(tiles, bandwidth), 0
        bounds = np.full(envs.n_envs, -np.inf)
        if reference is not None:
            sums = IncrementalKernelSums(tiles, bandwidth, n_references, precision)
            sums.add(Tiles.from_rows(reference, tiles.axes), "reference", progress)
            bounds = sums.log_sums
        lowest_at = np.array([_lowest(bounds[first:end]) for first, end in pairwise(envs.offsets)])
        nearest = -bounds[tiles.order]
        rough, full = (
            PickedSums(
                np.zeros(len(nearest), np.int64), nearest.copy(), np.isfinite(nearest).astype(np.float64)
            )
            for _ in range(2)
        )
        self._sums = _Sums(self._picked, bounds, lowest_at, rough, full)
        self._scores = entropies.copy()
        # Number of picks when each score was last exact.
        self._exact = np.full(len(envs), -1)
        self._started, self._room = False, Workspace.of(self._picked)
        if reference is not None:
            self._start()

    def _start(self) -> None:
        """Discard the scores of the first pick."""
        self._started = True
        self._scores[np.diff(self._frames.offsets) > 0] = np.inf

    def scores(self) -> np.ndarray:
        """Return bounds of the scores, nats; -inf for a frame without environments."""
        return self._scores

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Tighten the highest bounds until the best of all frames is known."""
        is_outdated = (self._exact[best] < self._n_picked) & (self._scores[best] > -np.inf)
        if self._started and is_outdated.any():
            _find_best(
                free,
                self._frames,
                self._n_picked,
                self._sums,
                self._scores,
                self._exact,
                self.tolerance,
                self._reach,
                self._room,
            )
            return True
        return False

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to those that the sums run over."""
        offsets = self._frames.offsets
        rows = self._frames.positions[offsets[frame] : offsets[frame + 1]]
        if len(rows):
            add_rows(self._picked, rows, self._n_picked)
            self._n_picked += 1
            if not self._started:
                self._start()
