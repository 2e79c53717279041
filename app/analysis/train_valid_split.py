"""Split frames into training and validation sets that share no near-duplicates.

Two frames are near-duplicates if every environment of each is within a distance of one of the other's.
Frames linked by a chain of such pairs stay on one side.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from quests_core import Environments
from quests_core.progress import ProgressCallback

STEP = "near-duplicates"
_ROWS = 2000


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


def near_duplicates(
    envs: Environments, frames, distance: float, progress: ProgressCallback | None = None
) -> np.ndarray:
    """Return the index of the group of near-duplicates of each of `frames`, shape (n_frames,).

    Parameters
    ----------
    envs : Environments
        All environments.
    frames : sequence of int
        Frames to group.
    distance : float
        Largest distance of near-duplicates in descriptor space, Å⁻¹.
    progress : callable, optional
        See `quests_core.progress`.
    """
    blocks = [envs[int(frame)] for frame in frames]
    parent = np.arange(len(blocks))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    # Near-duplicates have extremes within `distance` along each axis, which discards most pairs.
    corners = np.array([np.append(block.min(axis=0), block.max(axis=0)) for block in blocks])
    # The axis along which frames differ most comes first, so that few pairs remain for the others.
    corners = corners[:, np.argsort(-corners.std(axis=0))]
    order = np.argsort(corners[:, 0], kind="stable")
    sorted_first = corners[order, 0]
    for rank, i in enumerate(order):
        stop = np.searchsorted(sorted_first, sorted_first[rank] + distance, side="right")
        others = order[rank + 1 : stop]
        for axes in (slice(1, 8), slice(8, None)):
            gaps = np.abs(corners[others, axes] - corners[i, axes])
            others = others[(gaps <= distance).all(axis=1)]
        for j in others:
            if root(i) != root(j) and _are_near(blocks[i], blocks[j], distance):
                parent[root(j)] = root(i)
        if progress is not None and rank % 20 == 0:
            progress(STEP, rank, len(blocks))
    if progress is not None:
        progress(STEP, len(blocks), len(blocks))
    return np.unique([root(i) for i in range(len(blocks))], return_inverse=True)[1]


def _are_near(a: np.ndarray, b: np.ndarray, distance: float) -> bool:
    """Return whether every row of each block is within `distance` of a row of the other."""
    b_has = np.zeros(len(b), dtype=bool)
    for start in range(0, len(a), _ROWS):
        near = cdist(a[start : start + _ROWS], b) <= distance
        if not near.any(axis=1).all():
            return False
        b_has |= near.any(axis=0)
    return bool(b_has.all())


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
