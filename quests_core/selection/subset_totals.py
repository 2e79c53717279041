"""Sums over a subset from which its metrics follow, and the change of each by every frame."""

import math
from typing import NamedTuple, Protocol

import numpy as np

from ..information.entropy import OVERLAP_THRESHOLD
from ..kernel_sums.frame_sums import FrameKernelSums
from ..utils.jit import jit
from .lazy_gains import in_blocks
from .subset_sums import EPSILON, LARGE, SMALL, Subset, SubsetSums

# Kernel sum above which an environment counts as covered.
_COVERED = math.exp(-OVERLAP_THRESHOLD)
# Columns of what a frame changes, and of the totals: N L, U, Σ ln K, and the numbers of environments of the
# subset, and of those that it covers.
LOSS, UNIQUE, LOG_SUM, N_ENVS, N_COVERED = range(5)
# Kernel sums below EPSILON are not known: larger δH, nats, are not either.
FARTHEST = -math.log(EPSILON)


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
    """Write the change in the totals of the subset by each of the chosen frames, but `N_ENVS`.

    The rows of frame f are ``rows[starts[f]:starts[f + 1]]``; `inverse` is 1 / K for picked rows
    and 0 for all others, so that no branch is needed.
    """
    for i in range(chosen.shape[0]):
        frame = chosen[i]
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
        out[i, LOSS] = loss + math.log(before / after)
        out[i, UNIQUE], out[i, LOG_SUM] = unique, logs + math.log(grown)
        out[i, N_COVERED] = covered


@jit
def _invert(frame, kernels, rows, starts, sums, inverse):
    """Update `inverse` after a frame was added to the sums."""
    inverse[rows[starts[frame] : starts[frame + 1]]] = 1.0
    for run in range(kernels.indptr[frame], kernels.indptr[frame + 1]):
        for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
            row = kernels.run_row[run] + kernels.lanes[entry]
            if inverse[row] > 0.0:
                inverse[row] = 1.0 / sums[row]


@jit
def _sums_of_row(row, kernels, out):
    """Write the kernel sum of one row against each frame."""
    out[:] = 0.0
    for frame in range(out.shape[0]):
        first, last = kernels.indptr[frame], kernels.indptr[frame + 1]
        run = first - 1 + np.searchsorted(kernels.run_row[first:last], row, side="right")
        if run >= first:
            for entry in range(kernels.run_start[run], kernels.run_start[run + 1]):
                if kernels.run_row[run] + kernels.lanes[entry] == row:
                    out[frame] = kernels.values[entry]


class Farthest(NamedTuple):
    """The environment that is farthest from the subset."""

    least: float  # its kernel sum, or 1 if it is higher
    near: np.ndarray  # the frames that bring it within a limit, if it is farther, and known how far
    first: int  # the lowest rank of a frame with an environment farther than is known

    @property
    def largest(self) -> float:
        """Its δH, nats, or `FARTHEST` if it is above."""
        return self.largest_of(self.least)

    @staticmethod
    def largest_of(least: float) -> float:
        """Return the δH of a kernel sum, nats, or `FARTHEST` if it is above."""
        return -math.log(max(EPSILON, least))


class Totals(Subset, Protocol):
    """What the scorer of `balanced` needs of a subset; see `SubsetTotals`."""

    def walk(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the totals and the least kernel sum of each subset of an order."""

    def farthest(self, limit: float, ranks: np.ndarray) -> Farthest:
        """Return the environment that is farthest from the subset."""


class SubsetTotals(SubsetSums):
    """Kernel sums over a subset S, and totals from which its metrics follow.

    With a reference R, all kernel sums run over S ∪ R; U and H still sum over S only.

    Parameters
    ----------
    kernels, sums, positions, offsets
        See `SubsetSums`.
    """

    n_totals = 5

    def __init__(
        self, kernels: FrameKernelSums, sums: np.ndarray, positions: np.ndarray, offsets: np.ndarray
    ):
        super().__init__(kernels, sums, positions, offsets)
        self._sizes = np.diff(offsets)
        self._frame_of_row = np.empty(len(sums), np.int64)
        self._frame_of_row[positions] = np.repeat(np.arange(len(self._sizes)), self._sizes)
        self._own, self.inverse = np.zeros(len(sums)), np.zeros(len(sums))
        _own_sums(kernels, self._frame_of_row, self._own)
        loss = -np.minimum(0.0, np.log(sums + EPSILON)).sum()
        self._totals = np.array([loss, 0.0, 0.0, 0.0, np.count_nonzero(sums > _COVERED)])
        self._initial_totals = self._totals.copy()

    @property
    def totals(self) -> np.ndarray:
        """Return the columns `LOSS`, `UNIQUE`, `LOG_SUM`, `N_ENVS`, `N_COVERED`, (5,)."""
        return self._totals

    def restart(self) -> None:
        """Remove all frames from the subset."""
        super().restart()
        self._totals[:], self.inverse[:] = self._initial_totals, 0.0

    def changes(self, frames: np.ndarray) -> np.ndarray:
        """Return the change in the totals by each of some frames, shape (n, 5)."""
        out = np.empty((len(frames), 5))
        out[:, N_ENVS] = self._sizes[frames]
        rows = (*self.rows, self._own, self.sums, self.inverse)

        def work(first: int, last: int) -> None:
            _measure(frames[first:last], self.kernels, *rows, out[first:last])

        in_blocks(work, len(frames))
        return out

    def add(self, frame: int, change: np.ndarray | None = None) -> None:
        """Add the environments of `frame` to the subset; `change` is its present change, if known."""
        self._totals += self.changes(np.array([frame]))[0] if change is None else change
        super().add(frame)
        _invert(frame, self.kernels, *self.rows, self.sums, self.inverse)

    def walk(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the totals of each subset of an order, and its least kernel sum, or 1 if that is higher.

        Row n is the subset of n frames; the present subset is empty afterwards.
        """
        self.restart()
        totals, least = [self.totals.copy()], [self._least()]
        for frame in order:
            self.add(frame)
            totals.append(self.totals.copy())
            least.append(self._least())
        self.restart()
        return np.array(totals), np.array(least)

    def _least(self) -> float:
        return float(self.sums.min(initial=1.0))

    def farthest(self, limit: float, ranks: np.ndarray) -> Farthest:
        """Return the environment that is farthest from the subset.

        Parameters
        ----------
        limit : float
            See `Farthest`; nats.
        ranks : ndarray of shape (n_frames,)
            Rank of each frame in an order.
        """
        found = Farthest(self._least(), np.empty(0, np.int64), len(ranks))
        if found.largest >= FARTHEST:
            frames = self._frame_of_row[self.sums < EPSILON]
            return found._replace(first=int(ranks[frames].min(initial=len(ranks))))
        if found.largest > limit:
            row, near = int(np.argmin(self.sums)), np.zeros(len(ranks))
            _sums_of_row(row, self.kernels, near)
            return found._replace(near=np.flatnonzero(near + self.sums[row] >= math.exp(-limit)))
        return found
