"""Tests of training sets."""

import numpy as np
import pytest

import quests_core as q
from quests_core.potentials import Split
from quests_core.potentials.subsets import check_orders, check_sizes, subsets

SPLIT = Split(np.array([0, 2, 3, 5, 7, 8]), np.array([1, 4]), np.array([6]))


def envs():
    rows = np.random.default_rng(0).normal(size=(12, 2))
    return q.Environments(rows, np.arange(0, 13, 2))


def found(orders, sizes, seeds, **keys):
    given = check_orders(orders, SPLIT, 9, sizes[-1])
    return [(one.method, one.seed, one.frames.tolist()) for one in
            subsets(given, sizes, seeds, SPLIT, envs(), 0.3, **keys)]  # fmt: skip


def test_names_are_orders_of_the_training_part():
    order = SPLIT.train[q.select(envs(), "msc", bandwidth=0.3).order].tolist()
    assert found(["msc"], [1, 4], [3]) == [("msc", 3, order[:1]), ("msc", 3, order[:4])]
    assert found("msc", [4], [0]) == [("msc", 0, order[:4])]


def test_random_methods_use_the_seed():
    one = {(seed, tuple(frames)) for _, seed, frames in found(["random"], [4], [0, 1, 2])}
    expected = {
        (s, tuple(SPLIT.train[q.select(envs(), "random", 4, random_state=s).order])) for s in range(3)
    }
    assert one == expected


def test_pcov_fps_gets_the_energies():
    y = np.arange(6.0)
    order = SPLIT.train[q.select(envs(), "pcov_fps", 3, y=y).order].tolist()
    assert found(["pcov_fps"], [3], [0], y=y) == [("pcov_fps", 0, order)]
    with pytest.raises(ValueError, match="y: expected"):
        found(["pcov_fps"], [3], [0])


@pytest.mark.parametrize("frame", [1, 6])
def test_orders_with_frames_of_no_training_set_are_refused(frame):
    with pytest.raises(
        ValueError, match=f"expected frames of the training part, got frame {frame} in 'mine'"
    ):
        found({"mine": [0, frame, 2]}, [2], [0])


def test_an_order_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="expected at least 3 frames, the largest size, got 2 in 'mine'"):
        found({"mine": [0, 2]}, [1, 3], [0])


def test_sizes():
    assert check_sizes([0.5, 1, 1.0, np.int64(3)], 6) == [1, 3, 6]
    with pytest.raises(ValueError, match="sizes: expected at most the 6 frames of the training part, got 7"):
        check_sizes([9, 7], 6)
    assert check_sizes([7, 0.5], 6) == [3, 7]
    with pytest.raises(ValueError, match="sizes: expected a fraction"):
        check_sizes([1.5], 6)
