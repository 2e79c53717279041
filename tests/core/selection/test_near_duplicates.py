"""Groups of near-duplicates."""

import numpy as np
import pytest

from quests_core.selection.near_duplicates import near_duplicates
from tests.core.selection.ugly_groups import same_grouping, slow_groups, ugly


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("distance", [1e-9, 0.1, 0.2])
def test_groups_match_the_definition(seed, distance):
    rng = np.random.default_rng(seed)
    envs = ugly(rng)
    frames = np.sort(rng.choice(len(envs), 60, replace=False))
    groups, expected = near_duplicates(envs, frames, distance), slow_groups(envs, frames, distance)
    assert same_grouping(groups, expected)
    assert 1 < len(np.unique(groups)) < 60


def test_grouping_can_be_cancelled(rng):
    from quests_core import Cancelled, Progress

    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        near_duplicates(ugly(rng), range(20), 0.1, progress)
