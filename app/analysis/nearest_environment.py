"""The environment of a subset that is nearest to a given one in descriptor space."""

from dataclasses import dataclass

import numpy as np

from quests_core import Environments


@dataclass(frozen=True)
class Nearest:
    """The nearest environment of a subset.

    Attributes
    ----------
    row : int
        Its row; the lowest of several that are equally near.
    distance : float
        |x − y|, Å⁻¹.
    """

    row: int
    distance: float


class Distances:
    """Distances of all environments to one of them, reusing their norms.

    Parameters
    ----------
    envs : Environments
        All environments of a data set.
    """

    def __init__(self, envs: Environments):
        self._envs = envs
        self._norms = np.einsum("ij,ij->i", envs.X, envs.X)
        self._row, self._distances_sq = -1, np.empty(0)

    def nearest(self, row: int, frames: np.ndarray) -> Nearest | None:
        """Return the environment nearest to `row` among those of the frames where `frames` is True.

        `row` itself if its frame is one of them; None if these frames have no environments.
        """
        envs = self._envs
        if not envs.sizes[frames].any():
            return None
        if frames[np.searchsorted(envs.offsets, row, side="right") - 1]:
            return Nearest(row, 0.0)
        distances_sq = np.where(np.repeat(frames, envs.sizes), self._distances_sq_to(row), np.inf)
        # Differences of large norms are inexact: recompute all candidates within the rounding error.
        error = 1e-13 * (self._norms[row] + self._norms.max()) * envs.X.shape[1]
        rows = np.flatnonzero(distances_sq <= distances_sq.min() + error)
        distances = np.linalg.norm(envs.X[rows] - envs.X[row], axis=1)
        best = int(np.argmin(distances))
        return Nearest(int(rows[best]), float(distances[best]))

    def _distances_sq_to(self, row: int) -> np.ndarray:
        """Return squared distances to `row`, cached for the next subset."""
        if row != self._row:
            x = self._envs.X[row]
            self._row, self._distances_sq = row, self._norms - 2 * (self._envs.X @ x) + self._norms[row]
        return self._distances_sq
