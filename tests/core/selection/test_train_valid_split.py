"""Splits without near-duplicates across their sides."""

import numpy as np
import pytest

from quests_core import Environments
from quests_core.selection.train_valid_split import split
from tests.core.selection.ugly_groups import slow_groups, ugly


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


def test_one_frame_cannot_be_split():
    with pytest.raises(ValueError, match=r"One frame cannot be split .* select at least 2"):
        split(Environments(np.ones((4, 2)), [0, 2, 4]), [1], 0.3, 0.1)
