"""Find near-duplicate frames in descriptor space.

Two frames are near-duplicates if every environment of each is within a distance of one of the other's.
Frames linked by a chain of such pairs form a group.
"""

import numpy as np
from scipy.spatial.distance import cdist

from ..environments import Environments
from ..progress import ProgressCallback

STEP = "near-duplicates"
_ROWS = 2000


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
