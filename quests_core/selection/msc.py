"""Minimum set cover: pick the frame that holds the most novel environment."""

import numpy as np

from .._numba import kernel
from ..environments import Environments
from ..kernel import FrameSums, frame_entropies
from ..progress import ProgressCallback
from ..tree import Tiles
from .greedy import Scorer

# Tiles brought up to date at once: those of the best frames, and of the next best, who will be asked for.
_AT_ONCE = 8


@kernel
def _least(log_sums, offsets, frame):
    """Return the least sum of a frame and its row; (inf, -1) without environments."""
    least, row = np.inf, -1
    for i in range(offsets[frame], offsets[frame + 1]):
        if row < 0 or log_sums[i] < least:
            least, row = log_sums[i], i
    return least, row


@kernel
def _tiles_behind(frames, log_sums, offsets, tile_of, known, n_picked, n_tiles, found, n_most):
    """Append the tiles that decide the scores of `frames` and are behind; return how many are found."""
    for frame in frames:
        row = _least(log_sums, offsets, frame)[1]
        if row < 0 or known[tile_of[row]] == n_picked:
            continue
        is_new = True
        for k in range(n_tiles):
            is_new &= found[k] != tile_of[row]
        if is_new:
            found[n_tiles] = tile_of[row]
            n_tiles += 1
        if n_tiles == n_most:
            break
    return n_tiles


@kernel
def _rescore(chosen, tile_starts, order, frame_of, log_sums, offsets, entropies, scores):
    """Write the scores of all frames that have an environment in the chosen tiles."""
    done = np.zeros(scores.shape[0], np.bool_)
    for t in chosen:
        for row in order[tile_starts[t] : tile_starts[t + 1]]:
            frame = frame_of[row]
            if not done[frame]:
                done[frame] = True
                scores[frame] = entropies[frame] - _least(log_sums, offsets, frame)[0]


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
        self._envs = envs
        self._entropies = frame_entropies(envs, bandwidth, precision, progress)
        n_references = envs.n_envs + (0 if reference is None else len(reference))
        self._sums = FrameSums(envs, bandwidth, n_references, precision)
        self._frame_of = envs.frame_index
        self._scores, self._started = self._entropies.copy(), False
        if reference is not None:
            self._sums.add(Tiles.of(reference, envs.tiles.axes), "reference", progress)
            self._start()

    def _start(self) -> None:
        self._started = True
        self._rescore(np.arange(len(self._envs.tiles)))

    def _rescore(self, chosen: np.ndarray) -> None:
        tiles, sums = self._envs.tiles, (self._sums.log_sums, self._envs.offsets)
        _rescore(chosen, tiles.starts, tiles.order, self._frame_of, *sums, self._entropies, self._scores)

    def scores(self) -> np.ndarray:
        """Return bounds of the scores, nats; -inf for a frame without environments."""
        return self._scores

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Bring the sums that decide the scores of these frames up to date, and some that soon will."""
        if not self._started:
            return False
        sums = self._sums
        found = np.full(len(sums.known), -1)
        arguments = (sums.log_sums, self._envs.offsets, sums.tile_of, sums.known, sums.n_picked)
        n_tiles = _tiles_behind(best, *arguments, 0, found, len(found))
        if n_tiles == 0:
            return False
        if n_tiles < min(_AT_ONCE, len(found)):
            candidates = np.flatnonzero(free)
            bounds, n_next = -self._scores[candidates], min(4 * _AT_ONCE, len(candidates))
            next_best = np.argpartition(bounds, n_next - 1)[:n_next]
            next_best = candidates[next_best[np.lexsort((next_best, bounds[next_best]))]]
            n_tiles = _tiles_behind(next_best, *arguments, n_tiles, found, min(_AT_ONCE, len(found)))
        chosen = found[:n_tiles]
        sums.catch_up(chosen)
        self._rescore(chosen)
        return True

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to what the sums are against."""
        if self._envs.sizes[frame]:
            self._sums.pick(frame)
            if not self._started:
                self._start()
