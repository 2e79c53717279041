"""Frames with near-duplicates of all kinds, and their groups by the definition."""

import numpy as np

from quests_core import Environments


def slow_groups(envs, frames, distance):
    """Link frames by the definition, then follow the links."""
    blocks = [envs[i] for i in frames]
    near = np.zeros((len(blocks), len(blocks)), dtype=bool)
    for i, a in enumerate(blocks):
        for j, b in enumerate(blocks):
            d = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
            near[i, j] = (d.min(axis=1) <= distance).all() and (d.min(axis=0) <= distance).all()
    groups = np.full(len(blocks), -1)
    for i in range(len(blocks)):
        waiting = [i] if groups[i] < 0 else []
        while waiting:
            j = waiting.pop()
            if groups[j] < 0:
                groups[j] = i
                waiting += np.flatnonzero(near[j]).tolist()
    return groups


def ugly(rng, n=70, d=12):
    """Return duplicates, chains of neighbours, subsets, and unrelated frames, of 1 to 6 atoms each."""
    blocks = []
    for _ in range(n):
        kind = rng.integers(5)
        if kind == 0 or not blocks:
            blocks.append(rng.normal(size=(rng.integers(1, 7), d)))
            continue
        other = blocks[rng.integers(len(blocks))]
        if kind == 1:
            blocks.append(rng.permutation(other))
        elif kind == 2:
            blocks.append(other + 0.03 * rng.normal(size=other.shape))
        elif kind == 3:
            blocks.append(np.concatenate([other, other[:1]]))
        else:
            blocks.append(other[: max(1, len(other) - 1)])
    return Environments.from_frames(blocks)


def same_grouping(a, b):
    return ((a[:, None] == a) == (b[:, None] == b)).all()
