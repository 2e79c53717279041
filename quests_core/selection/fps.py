"""Farthest-point sampling of frames."""

from abc import abstractmethod

import numpy as np

from ..environments import Environments
from ..kernel_sums.sums import frame_entropies
from ..progress import ProgressCallback
from ..utils.jit import jit
from ..utils.threads import parallel_blocks
from .frame_means import scaled, scaled_means, segment_means
from .greedy import Scorer

_ROWS_PER_BLOCK = 4096


@jit
def _distance_sums(X, columns, squares, first, last, out):
    """Write ``Σ_j ‖x_i - y_j‖`` for a range of rows; the y are the columns."""
    for i in range(first, last):
        squares[:] = 0.0
        for c in range(columns.shape[0]):
            x = X[i, c]
            for j in range(columns.shape[1]):
                difference = x - columns[c, j]
                squares[j] += difference * difference
        total = 0.0
        for j in range(columns.shape[1]):
            total += np.sqrt(squares[j])
        out[i] = total


def distance_sums(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return the sum of the distances of each row of `X` to all rows of `Y`."""
    out = np.empty(len(X))
    # Always a copy: numba would compile again for a read-only view of a single row.
    columns = Y.T.copy()
    parallel_blocks(
        lambda i, j: _distance_sums(X, columns, np.empty(len(Y)), i, j, out), len(X), _ROWS_PER_BLOCK
    )
    return out


class _FarthestPoint(Scorer):
    """Score(s) = smallest distance from s to the picked frames and the reference; else `start`."""

    tolerance = 1e-12

    def __init__(self, start: np.ndarray, sizes: np.ndarray, reference: np.ndarray | None):
        self._start, self._filled = start, sizes > 0
        self._nearest = reference

    def scores(self) -> np.ndarray:
        """Return the score of every frame; -inf for a frame without environments."""
        scores = self._start if self._nearest is None else self._nearest
        return np.where(self._filled, scores, -np.inf)

    def add(self, frame: int) -> None:
        """Update the smallest distances with those to `frame`."""
        if self._filled[frame]:
            new = self._distances(frame)
            self._nearest = new if self._nearest is None else np.minimum(self._nearest, new)

    @abstractmethod
    def _distances(self, frame: int) -> np.ndarray:
        """Return the distance of every frame to `frame`."""


class FPS(_FarthestPoint):
    """Distance between two frames: the mean over all pairs of their environments, Å⁻¹.

    The first pick is the frame of highest entropy or, with a reference, the one farthest from its frames.
    """

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        reference: Environments | None,
        progress: ProgressCallback | None,
    ):
        self._envs = envs
        if reference is None:
            super().__init__(frame_entropies(envs, bandwidth, "double", progress), envs.sizes, None)
            return
        nearest = np.full(len(envs), np.inf)
        for i, frame in enumerate(reference):
            if len(frame):
                nearest = np.fmin(nearest, self._mean_distances(frame))
            if progress is not None:
                progress("reference", i + 1, len(reference))
        super().__init__(nearest, envs.sizes, nearest)

    def _mean_distances(self, picked: np.ndarray) -> np.ndarray:
        return segment_means(distance_sums(self._envs.X, picked), self._envs.offsets) / len(picked)

    def _distances(self, frame: int) -> np.ndarray:
        return self._mean_distances(self._envs[frame])


class _FarthestRow(_FarthestPoint):
    """Distance between two frames: that between their rows of a matrix."""

    _rows: np.ndarray

    def _distances(self, frame: int) -> np.ndarray:
        return np.linalg.norm(self._rows - self._rows[frame], axis=1)


class MeanFPS(_FarthestRow):
    """Distance between two frames: that between their mean descriptors, Å⁻¹.

    The first pick is random or, with a reference, the frame farthest from its frames.
    """

    def __init__(self, envs: Environments, random_state: int, reference: Environments | None):
        sizes = envs.sizes
        start = np.zeros(len(sizes))
        if (sizes > 0).any():
            rng = np.random.default_rng(random_state)
            first = rng.choice(np.flatnonzero(sizes > 0))
            # If quotas rule that frame out, the other random numbers still decide.
            start = rng.random(len(sizes))
            start[first] = 1.0
        self._rows, nearest = segment_means(envs.X, envs.offsets), None
        if reference is not None:
            nearest = np.full(len(envs), np.inf)
            for mean in segment_means(reference.X, reference.offsets)[reference.sizes > 0]:
                nearest = np.fmin(nearest, np.linalg.norm(self._rows - mean, axis=1))
        super().__init__(start, sizes, nearest)


class PCovFPS(_FarthestRow):
    r"""Distance between two frames: :math:`\sqrt{α |x_s - x_t|^2 + (1 - α) |y_s - y_t|^2}`, α = 1/2.

    The x are their mean descriptors, the y their targets, both centred and with a total variance of 1. The
    first pick is the frame farthest from the mean.
    """

    def __init__(self, envs: Environments, targets: np.ndarray):
        filled = envs.sizes > 0
        columns = np.zeros_like(targets)
        columns[filled] = np.stack([scaled(column[:, None])[:, 0] for column in targets[filled].T], axis=1)
        y = columns / np.sqrt(max(1, int(columns.any(axis=0).sum())))
        self._rows = np.sqrt(0.5) * np.hstack([scaled_means(envs), y])
        super().__init__(np.linalg.norm(self._rows, axis=1), envs.sizes, None)
