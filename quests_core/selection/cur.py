"""CUR: the frame that contributes most to the leading principal component of what is left."""

import numpy as np
from scipy.linalg import eigh

from ..environments import Environments
from .frame_means import scaled_means
from .greedy import Scorer

# Relative to the first singular value; below it nothing is left but rounding errors.
_RANK_TOLERANCE = 1e-9


class CUR(Scorer):
    r"""Score(s) = :math:`u_s^2`, with u the first left singular vector of the matrix of frames.

    Row s of the matrix is the mean descriptor of frame s, centred. After each pick all rows are made
    orthogonal to that of the picked frame. A matrix of rank r thus vanishes after r picks; the frames not
    picked until then start again with their original rows.
    """

    tolerance = 1e-10

    def __init__(self, envs: Environments):
        self._filled = envs.sizes > 0
        self._rows = scaled_means(envs)
        self._current = self._rows.copy()
        self._picked = np.zeros(len(envs), dtype=bool)
        self._scores: np.ndarray | None = None

    def scores(self) -> np.ndarray:
        """Return the importance of every frame, -inf for a frame without environments."""
        if self._scores is None:
            self._scores = np.where(self._filled, self._importance(), -np.inf)
        return self._scores

    def add(self, frame: int) -> None:
        """Make all rows orthogonal to that of `frame`."""
        self._picked[frame] = True
        norm = np.linalg.norm(self._current[frame])
        if norm > 0:
            direction = self._current[frame] / norm
            self._current -= np.outer(self._current @ direction, direction)
        self._current[frame] = 0.0
        self._scores = None

    def _importance(self) -> np.ndarray:
        largest, importance = self._leading()
        if largest <= _RANK_TOLERANCE**2 * (self._rows**2).sum():
            self._current = np.where(self._picked[:, None], 0.0, self._rows)
            largest, importance = self._leading()
        return importance

    def _leading(self) -> tuple[float, np.ndarray]:
        """Return the square of the first singular value, and those of the entries of its left vector."""
        last = self._current.shape[1] - 1
        (square,), vector = eigh(self._current.T @ self._current, subset_by_index=[last, last])
        if square <= 0:
            return 0.0, np.zeros(len(self._current))
        return square, (self._current @ vector[:, 0]) ** 2 / square
