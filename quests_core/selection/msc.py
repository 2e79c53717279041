"""Minimum set cover: pick the frame that holds the most novel environment."""

import numpy as np

from .._numba import get_num_threads, kernel, run_blocks
from ..environments import Environments
from ..kernel import RunningSums, accuracy_of, frame_entropies
from ..picked import Picked, pick
from ..picked_sums import Room, bring_up_to_date
from ..progress import ProgressCallback
from ..tree import Tiles
from .greedy import Scorer

# A sum of its largest terms, down to this exponent, decides on most frames; few need all.
_REACH = 5.0
# A sum that is this far above what would put its frame behind the best, in nats, need not be finished.
_MARGIN = 0.5
# Frames looked at together once the best of them is known, in this many parts for each thread.
_AT_ONCE, _PARTS = 32, 4


@kernel
def _resolve(frames, least, guess, frames_of, n_picked, sums, scores, exact, accuracy, room):
    """Take the bounds of some frames' scores down, to the score or below `least`.

    `guess` is what the next best score may be: nobody needs a bound that is lower by far.
    """
    places, offsets, entropies = frames_of
    picked, bounds, rough, full = sums
    for frame in frames:
        rows, entropy = places[offsets[frame] : offsets[frame + 1]], entropies[frame]
        while rows.shape[0] > 0:
            row = rows[0]
            for other in rows:
                row = other if bounds[other] < bounds[row] else row
            scores[frame] = entropy - bounds[row]
            if full[0][row] == n_picked:
                exact[frame] = n_picked
                break
            if scores[frame] < least:
                break
            if rough[0][row] < n_picked:
                need = entropy - max(least, guess) + _MARGIN
                need = need if bounds[row] < need else np.inf
                bound = bring_up_to_date(picked, row, n_picked, need, _REACH, accuracy, True, rough, room)
                bounds[row] = max(bounds[row], bound)
            else:
                bounds[row] = bring_up_to_date(
                    picked, row, n_picked, np.inf, accuracy[1], accuracy, False, full, room
                )
                rough[1][row], rough[2][row] = full[1][row], full[2][row]


@kernel
def _above(scores, exact, free, n_picked, least):
    """Return the frames whose bounds are at least `least`, the highest first, but no more than are wanted."""
    frames = np.flatnonzero(free & (exact < n_picked) & (scores >= least))
    return frames[np.argsort(-scores[frames], kind="mergesort")[:_AT_ONCE]]


class MSC(Scorer):
    """Score(s) = -ln(min over e in s of K[e]) + H_s, with K[e] the kernel sum against all picked.

    Before anything is picked or given as reference, the score is H_s, the entropy of the frame
    alone. K is kept as a logarithm, so that environments far from everything keep their order.
    A sum that is behind is too small, so the score it gives is an upper bound.
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
        self._accuracy = accuracy_of(bandwidth, n_references, precision)
        self._frames = tiles.places, envs.offsets, entropies
        self._picked, self._n_picked = Picked.none_of(tiles, bandwidth), 0
        # Lower bounds of ln K, and sums over the largest terms and over all; in the order of the tiles.
        bounds = np.full(envs.n_envs, -np.inf)
        if reference is not None:
            sums = RunningSums(tiles, bandwidth, n_references, precision)
            sums.add(Tiles.of(reference, tiles.axes), "reference", progress)
            bounds = sums.log_sums[tiles.order]
        is_known = np.isfinite(bounds)
        rough, full = (
            (np.zeros(len(bounds), np.int64), -bounds, is_known.astype(np.float64)) for _ in range(2)
        )
        self._sums = self._picked, bounds, rough, full
        self._scores = entropies.copy()
        # The number of picks for which each score was computed, and the best computed for all.
        self._exact, self._least, self._last = np.full(len(envs), -1), -np.inf, np.inf
        self._started, self._rooms = False, []
        if reference is not None:
            self._start()

    def _start(self) -> None:
        """Forget the scores of frames alone."""
        self._started = True
        self._scores[np.diff(self._frames[1]) > 0] = np.inf

    def scores(self) -> np.ndarray:
        """Return bounds of the scores, nats; -inf for a frame without environments."""
        return self._scores

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Take the bound of the best frame down to its score, then those that are above it."""
        behind = best[self._exact[best] < self._n_picked]
        if not self._started or not len(behind) or self._scores[behind[0]] == -np.inf:
            return False
        least = self._least - self.tolerance
        if self._scores[behind[0]] < least:
            # What was better may not be picked now.
            least = -np.inf
        frames = behind[:1]
        if least > -np.inf:
            frames = _above(self._scores, self._exact, free, self._n_picked, least)
        self._resolve(frames, least)
        computed = frames[self._exact[frames] == self._n_picked]
        self._least = max(self._least, self._scores[computed].max(initial=-np.inf))
        return True

    def _resolve(self, frames: np.ndarray, least: float) -> None:
        def work(first: int, last: int) -> None:
            try:
                room = self._rooms.pop()
            except IndexError:
                room = Room.of(self._picked)
            _resolve(
                frames[first:last],
                least,
                self._last,
                self._frames,
                self._n_picked,
                self._sums,
                self._scores,
                self._exact,
                self._accuracy,
                room,
            )
            self._rooms.append(room)

        n_parts = _PARTS * get_num_threads() if get_num_threads() > 1 else 1
        run_blocks(work, len(frames), -(-len(frames) // n_parts))

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to what the sums are against."""
        places, offsets, _ = self._frames
        rows = places[offsets[frame] : offsets[frame + 1]]
        if len(rows):
            pick(self._picked, rows, self._n_picked)
            self._n_picked += 1
            self._least, self._last = -np.inf, self._scores[frame]
            if not self._started:
                self._start()
