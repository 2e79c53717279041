"""δH at one size that is not among those of the slider, for several methods."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .analysed_dataset import AnalysedDataset
from .method_path import MethodPath, delta_entropy_at


@dataclass(frozen=True, eq=False)
class ExactDeltas:
    """δH of each environment given the subsets of one size.

    Attributes
    ----------
    n_frames : int
        The size.
    values : tuple of (MethodPath, ndarray of shape (n_envs,))
        δH along each path, nats.
    """

    n_frames: int = 0
    values: tuple[tuple[MethodPath, np.ndarray], ...] = ()

    def find(self, path: MethodPath, n_frames: int) -> np.ndarray | None:
        """Return δH along a path at a size, None if it is not here."""
        if n_frames != self.n_frames:
            return None
        return next((values for own, values in self.values if own is path), None)


def needs_computing(path: MethodPath, n_frames: int) -> bool:
    """Return whether δH at a size is not stored in the path; a preview is soon replaced."""
    if path.is_preview:
        return False
    return n_frames not in path.sizes and path.sizes[0] < n_frames < path.sizes[-1]


def exact_deltas(
    opened: AnalysedDataset, paths: Iterable[MethodPath], n_frames: int, progress=None
) -> ExactDeltas:
    """Compute δH at a size along each path."""
    return ExactDeltas(
        n_frames, tuple((path, delta_entropy_at(opened, path, n_frames, progress)) for path in paths)
    )
