"""The nearest kept environment, compared with a loop over all of them."""

import numpy as np
import pytest

from quests_app.analysis.nearest_environment import Distances
from quests_core import Environments


def slow(envs, row, frames):
    best = None
    for frame in np.flatnonzero(frames):
        for other in range(envs.offsets[frame], envs.offsets[frame + 1]):
            distance = np.sqrt(((envs.X[other] - envs.X[row]) ** 2).sum())
            if best is None or distance < best[1]:
                best = other, distance
    return best


@pytest.fixture
def envs(rng):
    sizes = rng.integers(0, 6, size=30)
    return Environments(rng.normal(size=(sizes.sum(), 5)), np.concatenate([[0], np.cumsum(sizes)]))


def test_the_nearest_matches_a_loop(envs, rng):
    distances = Distances(envs)
    for _ in range(60):
        frames = rng.uniform(size=30) < 0.3
        row = int(rng.integers(envs.n_envs))
        found = distances.nearest(row, frames)
        if frames[envs.frame_index[row]]:
            assert (found.row, found.distance) == (row, 0.0)
        else:
            expected = slow(envs, row, frames)
            assert found.row == expected[0]
            assert found.distance == pytest.approx(expected[1], rel=1e-12)


def test_tiny_distances_are_not_lost_in_rounding(rng):
    X = 1e3 + rng.normal(size=(50, 63)) * 1e-7
    envs = Environments(X, np.arange(51))
    frames = np.ones(50, dtype=bool)
    frames[7] = False
    found, expected = Distances(envs).nearest(7, frames), slow(envs, 7, frames)
    assert found.row == expected[0]
    assert found.distance == pytest.approx(expected[1], rel=1e-6)


def test_equal_environments_have_distance_0_and_the_first_is_found():
    envs = Environments(np.ones((4, 3)), np.arange(5))
    found = Distances(envs).nearest(3, np.array([False, True, True, False]))
    assert (found.row, found.distance) == (1, 0.0)


def test_no_nearest_environment_in_an_empty_subset(envs):
    assert Distances(envs).nearest(0, np.zeros(30, dtype=bool)) is None
    empty = np.zeros(30, dtype=bool)
    empty[np.flatnonzero(envs.sizes == 0)[0]] = True
    assert Distances(envs).nearest(0, empty) is None
