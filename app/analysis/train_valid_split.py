"""Training and validation sets between which no near-duplicates are shared.

Two frames are near-duplicates if each environment of either is within a distance of one of the other's.
Frames that are linked by a chain of such pairs stay on one side.
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
    """Frames of both sides, rising; `groups` numbers the near-duplicates among all of them, rising."""

    train: np.ndarray
    valid: np.ndarray
    groups: np.ndarray

    @property
    def fraction(self) -> float:
        """Share of the frames that validate."""
        return len(self.valid) / (len(self.train) + len(self.valid))


def near_duplicates(
    envs: Environments, frames, distance: float, progress: ProgressCallback | None = None
) -> np.ndarray:
    """Return for each of `frames` the number of its group of near-duplicates, shape (n_frames,).

    Parameters
    ----------
    envs : Environments
        All environments.
    frames : sequence of int
        Those to be grouped.
    distance : float
        How near, in units of the descriptor, Å⁻¹.
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

    # Where every environment has a near one on the other side, so have the extremes in each axis.
    corners = np.array([np.append(block.min(axis=0), block.max(axis=0)) for block in blocks])
    # The axis in which frames differ most comes first: few remain for the others.
    corners = corners[:, np.argsort(-corners.std(axis=0))]
    ahead = np.argsort(corners[:, 0], kind="stable")
    sorted_first = corners[ahead, 0]
    for place, i in enumerate(ahead):
        stop = np.searchsorted(sorted_first, sorted_first[place] + distance, side="right")
        others = ahead[place + 1 : stop]
        for axes in (slice(1, 8), slice(8, None)):
            gaps = np.abs(corners[others, axes] - corners[i, axes])
            others = others[(gaps <= distance).all(axis=1)]
        for j in others:
            if root(i) != root(j) and _are_near(blocks[i], blocks[j], distance):
                parent[root(j)] = root(i)
        if progress is not None and place % 20 == 0:
            progress(STEP, place, len(blocks))
    if progress is not None:
        progress(STEP, len(blocks), len(blocks))
    return np.unique([root(i) for i in range(len(blocks))], return_inverse=True)[1]


def _are_near(a: np.ndarray, b: np.ndarray, distance: float) -> bool:
    """Say whether each row of either has one of the other's within `distance`."""
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
    """Split `frames`; whole groups of near-duplicates are drawn for validation while they fit.

    Parameters
    ----------
    envs : Environments
        All environments.
    frames : sequence of int
        What is split.
    fraction : float
        Wanted share of the frames for validation, in (0, 1).
    distance : float
        See `near_duplicates`.
    seed : int
        Of the draw.
    for_training : sequence of int
        Frames that do not validate, such as isolated atoms.
    progress : callable, optional
        See `quests_core.progress`.

    Raises
    ------
    ValueError
        If nothing could be drawn for one of the sides.
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
