"""The best frames of all parts of a set, whose scores of `msc` are updated while some of them are picked."""

from collections.abc import Sequence

import numpy as np

from ..kernel_sums.incremental import IncrementalKernelSums
from ..kernel_sums.tiles import Tiles
from .msc_part import Candidates


class CandidatePool:
    """Frames with known scores, and an upper bound for the scores of all other frames.

    Parameters
    ----------
    found : sequence of Candidates
        Those of each part.
    most : int
        Number of frames to keep; more if their scores are equal.
    tolerance : float
        Scores closer than this are equal, nats.

    Attributes
    ----------
    frames : ndarray of shape (n,)
        Their numbers.
    scores : ndarray of shape (n,)
        Their scores, upper bounds where these are not known, and -inf for picked frames.
    is_known : ndarray of shape (n,)
        Whether each score is known.
    """

    def __init__(self, found: Sequence[Candidates], most: int, tolerance: float):
        self._tolerance, self._is_fresh = tolerance, True
        frames = np.concatenate([np.empty(0, np.int64), *(one.frames for one in found)])
        scores = np.concatenate([np.empty(0), *(one.scores for one in found)])
        lowest = np.concatenate([np.empty(0, np.int64), *(one.lowest for one in found)])
        bounds = [some for one in found for some in one.bounds]
        self._rest = max((one.rest for one in found), default=-np.inf)
        kept = np.arange(len(scores))
        if len(kept) > most:
            least = np.partition(scores, -most)[-most] - tolerance
            kept = np.flatnonzero(scores >= least)
            self._rest = max(self._rest, scores[scores < least].max(initial=-np.inf))
        self.frames, self.scores, self._lowest = frames[kept], scores[kept], lowest[kept]
        self._bounds = [bounds[i] for i in kept]
        self._starts = np.cumsum([0, *map(len, self._bounds)])
        exact = [one[at] for one, at in zip(self._bounds, self._lowest, strict=True)]
        self._entropies = self.scores + np.array(exact)
        self.is_known, self._is_picked = np.ones(len(kept), bool), np.zeros(len(kept), bool)
        self._sums: IncrementalKernelSums | None = None

    @property
    def has_best(self) -> bool:
        """Whether the known frame with the highest score, the first of equal ones, is the best of all.

        In a new pool it is, as each part returned its best frames in this order. Later no other frame may
        have an equal score, as its number might be lower.
        """
        if not self.is_known.any() or self._is_fresh:
            return bool(self.is_known.any())
        others = max(self._rest, self.scores[~self.is_known].max(initial=-np.inf))
        return bool(self.scores[self.is_known].max() - self._tolerance > others)

    @property
    def has_sums(self) -> bool:
        """Whether `start` was called."""
        return self._sums is not None

    def start(self, tiles: Tiles, bandwidth: float, n_references: int) -> None:
        """Prepare to add picks.

        Parameters
        ----------
        tiles : Tiles
            The rows of `frames`, in this order.
        bandwidth : float
            h, Å⁻¹.
        n_references : int
            Largest number of environments that may be picked, which determines the truncation.
        """
        self._tiles = tiles
        self._sums = IncrementalKernelSums(tiles, bandwidth, n_references, "double")
        self._sums.start(np.concatenate(self._bounds))

    def novelty(self, frame: int) -> float:
        """Return the δH of the most novel environment of one of the frames, nats."""
        (at,) = np.flatnonzero(self.frames == frame)
        return float(self.scores[at] - self._entropies[at])

    def add(self, frame: int) -> None:
        """Update the scores after one of the frames was picked."""
        if self._sums is None:
            raise RuntimeError("add: expected after start")
        (at,) = np.flatnonzero(self.frames == frame)
        rows = self._tiles.rows[self._tiles.positions[self._starts[at] : self._starts[at + 1]]]
        self._sums.add(Tiles.from_rotated(rows, self._tiles.axes))
        sums = self._sums.log_sums
        least = np.minimum.reduceat(sums, self._starts[:-1])
        self._is_fresh, self._is_picked[at] = False, True
        # Other bounds may be too low: a score is known while the sum that is known remains the lowest.
        self.is_known = (sums[self._starts[:-1] + self._lowest] <= least) & ~self._is_picked
        self.scores = np.where(self._is_picked, -np.inf, self._entropies - least)
