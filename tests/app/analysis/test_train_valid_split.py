"""Splits without near-duplicates across their sides."""

import numpy as np
import pytest

from quests_app.analysis.train_valid_split import near_duplicates, split
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


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("distance", [1e-9, 0.1, 0.2])
def test_groups_match_the_definition(seed, distance):
    rng = np.random.default_rng(seed)
    envs = ugly(rng)
    frames = np.sort(rng.choice(len(envs), 60, replace=False))
    groups, expected = near_duplicates(envs, frames, distance), slow_groups(envs, frames, distance)
    assert same_grouping(groups, expected)
    assert 1 < len(np.unique(groups)) < 60


@pytest.mark.parametrize("seed", range(4))
def test_no_near_duplicates_on_both_sides(seed):
    envs = ugly(np.random.default_rng(seed))
    frames = np.arange(3, len(envs))
    sides = split(envs, frames, 0.2, 0.1, seed=seed, for_training=[5, 6])
    np.testing.assert_array_equal(np.sort(np.append(sides.train, sides.valid)), frames)
    assert not np.isin([5, 6], sides.valid).any()
    groups = dict(zip(frames.tolist(), slow_groups(envs, frames, 0.1).tolist(), strict=True))
    assert not {groups[i] for i in sides.train.tolist()} & {groups[i] for i in sides.valid.tolist()}
    assert 0 < sides.fraction <= 0.2 + 1 / len(frames)


def test_a_seed_decides_the_split(rng):
    envs = ugly(rng)
    frames = np.arange(len(envs))
    first, again, other = (split(envs, frames, 0.3, 0.1, seed=s).valid for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.tolist() != other.tolist()


def test_identical_frames_cannot_be_split():
    envs = Environments(np.ones((6, 2)), [0, 2, 4, 6])
    with pytest.raises(ValueError, match="1 group of near-duplicates"):
        split(envs, [0, 1, 2], 0.3, 0.1)


def test_grouping_can_be_cancelled(rng):
    from quests_core import Cancelled, Progress

    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        near_duplicates(ugly(rng), range(20), 0.1, progress)
