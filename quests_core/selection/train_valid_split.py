"""Split frames into training and validation sets that share no near-duplicates."""

from dataclasses import dataclass

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from .near_duplicates import near_duplicates


@dataclass(frozen=True, eq=False)
class Split:
    """Frames of both sides, ascending, and the `groups` of near-duplicates of all of them."""

    train: np.ndarray
    valid: np.ndarray
    groups: np.ndarray

    @property
    def fraction(self) -> float:
        """Share of the frames in the validation set."""
        return len(self.valid) / (len(self.train) + len(self.valid))

    @property
    def n_groups(self) -> int:
        """Number of groups of near-duplicates."""
        return int(self.groups.max()) + 1

    @property
    def sentence(self) -> str:
        """The sizes of both sides, for the user."""
        return (
            f"{len(self.train):,} training and {len(self.valid):,} validation frames "
            f"({100 * self.fraction:.1f} %); near-duplicates form {self.n_groups:,} groups."
        )

    def to_record(self, valid_fraction: float, distance: float, seed: int) -> dict:
        """Return what reproduces the split; `distance` is in bandwidths."""
        return {
            "valid_fraction": valid_fraction,
            "seed": seed,
            "distance_in_bandwidths": distance,
            "achieved_fraction": self.fraction,
            "n_groups": self.n_groups,
            "train": self.train.tolist(),
            "valid": self.valid.tolist(),
        }


def split(
    envs: Environments,
    frames,
    fraction: float,
    distance: float,
    seed: int = 0,
    for_training=(),
    progress: ProgressCallback | None = None,
) -> Split:
    """Split `frames`, drawing whole groups of near-duplicates for validation while they fit.

    Parameters
    ----------
    envs : Environments
        All environments.
    frames : sequence of int
        Frames to split.
    fraction : float
        Requested share of the frames for validation, in (0, 1).
    distance : float
        See `near_duplicates`.
    seed : int
        Seed of the draw.
    for_training : sequence of int
        Frames that must not be in the validation set, such as isolated atoms.
    progress : callable, optional
        See `quests_core.progress`.

    Raises
    ------
    ValueError
        If one of the sides would be empty.
    """
    frames = np.sort(np.asarray(frames))
    if len(frames) == 1:
        raise ValueError("One frame cannot be split into training and validation; select at least 2.")
    groups = near_duplicates(envs, frames, distance, progress)
    sizes = np.bincount(groups)
    free = np.setdiff1d(np.arange(len(sizes)), groups[np.isin(frames, for_training)])
    wanted = max(1, round(fraction * len(frames)))
    drawn, n = [], 0
    for group in np.random.default_rng(seed).permutation(free):
        if n + sizes[group] <= wanted:
            drawn.append(group)
            n += sizes[group]
    valid = np.isin(groups, drawn)
    if not valid.any() or valid.all():
        raise ValueError(
            f"The {len(frames)} frames cannot be split: they form {len(sizes)} group"
            f"{'s' * (len(sizes) != 1)} of near-duplicates, the smallest of {sizes.min()}. "
            "Choose a smaller distance or a larger share."
        )
    return Split(frames[~valid], frames[valid], groups)
