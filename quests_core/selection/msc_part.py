"""A part of the frames, whose kernel sums over all picks a process keeps for `msc`.

A part is made from the rows of its frames, and receives the rows of each pick, whether it belongs to the part
or not. It returns its best frames, of which the best one of all parts is picked (see
`quests_core.selection.cluster_msc`).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..environments import Environments
from ..kernel_sums.picked_sums import Workspace
from ..kernel_sums.separate_picks import SeparatePicks
from ..utils.arrays import read_only
from ..utils.cluster_part import ClusterPart
from .greedy import best_frame
from .msc import MSC
from .msc_bounds import compute_exactly

# Bytes for each environment of a part, and for each that is picked.
BYTES_PER_ENV, BYTES_PER_PICK = 1800, 1100


class Picks(NamedTuple):
    """Some frames in the order in which they were picked."""

    first: int  # number of frames picked before
    frames: np.ndarray
    sizes: np.ndarray  # number of environments of each, at least 1
    read: Callable[[], np.ndarray]  # their rows


class Candidates(NamedTuple):
    """The best frames of a part, best first."""

    frames: np.ndarray
    scores: np.ndarray
    bounds: list[np.ndarray]  # lower bounds of ln K of the environments of each
    lowest: np.ndarray  # the one with the lowest bound, which is exact
    rest: float  # upper bound of the scores of the other frames of the part


class Content(NamedTuple):
    """What a part is made from."""

    read: Callable[[], np.ndarray]  # the rows of its frames
    sizes: np.ndarray  # number of environments of each
    first: int  # number of its first frame
    n_others: int  # number of environments of other parts
    bandwidth: float
    precision: str
    reference: Callable[[], np.ndarray] | None  # rows that belong to every subset
    label_of: np.ndarray | None = None  # number of the label of each of its frames, if there are quotas


class Part(ClusterPart[Content, "_PartMSC"]):
    """Frames ``first:first + len(sizes)``, and the sums of their environments over all picks."""

    def __sizeof__(self) -> int:
        """Return the size of the sums, by which Dask decides where the part is used."""
        msc, n = self._sums, int(self._content.sizes.sum())
        return 1000 + BYTES_PER_ENV * n + (0 if msc is None else BYTES_PER_PICK * len(msc.picks))

    def advance(self, picks: Picks, n: int, allowed: np.ndarray | None = None) -> Candidates | None:
        """Add picks that were not added yet, and return the n best frames; with quotas, of allowed labels.

        Returns None if picks before these are missing, as the sums were lost: then all picks are required.
        """
        with self._lock:
            # Not kept if anything fails meanwhile.
            msc, self._sums = self._sums, None
            if msc is None or msc.n_frames_picked > picks.first + len(picks.frames):
                msc = _PartMSC(self._content)
            if msc.n_frames_picked < picks.first:
                self._sums = msc
                return None
            msc.add_picks(picks)
            found = msc.candidates(n, allowed)
            self._sums = msc
            return found


class _PartMSC(MSC):
    """The scores of the frames of a part, given picks from any part."""

    def __init__(self, content: Content):
        X = read_only(content.read(), copy=False)
        envs = Environments(X, np.concatenate([[0], np.cumsum(content.sizes)]))
        reference = None if content.reference is None else content.reference()
        super().__init__(envs, content.bandwidth, reference, content.precision, None, content.n_others)
        self._first, self._free, self._label_of = content.first, content.sizes > 0, content.label_of
        self.picks, self.n_frames_picked = SeparatePicks(envs.tiles, content.bandwidth), 0
        self._use_picks()

    def _use_picks(self) -> None:
        self._picked = self.picks.picked
        self._sums = self._sums._replace(picked=self._picked)
        if len(self._room.gaps) < len(self._picked.last):
            self._room = Workspace.of(self._picked)._replace(work=self._room.work)

    def add_picks(self, picks: Picks) -> None:
        """Add those of the picks that are not added yet."""
        n_old = self.n_frames_picked - picks.first
        frames, sizes = picks.frames[n_old:], picks.sizes[n_old:]
        if not len(frames):
            return
        rows = self.picks.append(picks.read()[picks.sizes[:n_old].sum() :])
        self._use_picks()
        for frame, some in zip(frames.tolist(), np.split(rows, np.cumsum(sizes)[:-1]), strict=True):
            if 0 <= frame - self._first < len(self._free):
                first, last = self._frames.offsets[frame - self._first :][:2]
                self._is_free[first:last] = self._free[frame - self._first] = False
            self._add_rows(some)
        self.n_frames_picked += len(frames)

    def candidates(self, n: int, allowed: np.ndarray | None = None) -> Candidates:
        """Return the n best frames, with quotas of allowed labels, and a bound for the others of these."""
        free, offsets = self._free.copy(), self._frames.offsets
        if allowed is not None and self._label_of is not None:
            free &= np.isin(self._label_of, allowed)
        frames: list[int] = []
        while len(frames) < n and free.any():
            frame = best_frame(self, free)
            if self._started:
                self._compute_exactly(frame)
            frames.append(frame)
            free[frame] = False
        chosen, sums = np.array(frames, dtype=np.int64), self._sums
        return Candidates(
            self._first + chosen,
            self._scores[chosen],
            [sums.bounds[offsets[frame] : offsets[frame + 1]].copy() for frame in frames],
            sums.lowest_at[chosen],
            float(np.max(self._scores[free], initial=-np.inf)),
        )

    def _compute_exactly(self, frame: int) -> None:
        given = self._frames, self._n_picked, self._sums, self._scores
        compute_exactly(frame, *given, self._reach, self._room)
