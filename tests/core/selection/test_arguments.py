"""Validation of marks, costs and properties."""

import numpy as np
import pytest

from quests_core import Environments, select


def test_frames_cannot_be_locked_and_excluded_and_some_must_remain(rng):
    envs = Environments(rng.normal(size=(6, 2)), np.arange(0, 7, 2))
    with pytest.raises(ValueError, match="excluded: expected no locked frames, got frame 1"):
        select(envs, locked=[1], excluded=[1])
    with pytest.raises(ValueError, match="expected fewer than all 3 frames"):
        select(envs, excluded=[0, 1, 2])


def test_invalid_costs_are_refused(rng):
    envs = Environments(rng.normal(size=(6, 2)), np.arange(0, 7, 2))
    with pytest.raises(ValueError, match="cost: expected one number per frame"):
        select(envs, "coverage", cost=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"positive numbers, got 0\.0 for frame 1"):
        select(envs, "coverage", cost=[1.0, 0.0, 2.0])
    with pytest.raises(ValueError, match="cost: expected 'frames' for method 'msc'"):
        select(envs, "msc", cost="environments")


@pytest.mark.parametrize(
    ("y", "error", "text"),
    [
        (None, ValueError, "y: expected properties of each frame, such as energies per atom, got None"),
        ([1.0, 2.0], ValueError, "y: expected one value or row per frame, 3, got 2"),
        ([1.0, np.nan, 2.0], ValueError, "y: expected finite numbers, got nan for frame 1"),
        ([[1, 0], [1, 0], [2, np.inf]], ValueError, "y: expected finite numbers, got inf for frame 2"),
        (["a", "b", "c"], TypeError, "y: expected a real matrix"),
        (np.ones((3, 0)), ValueError, "y: expected a matrix of shape"),
        (1.0, ValueError, "y: expected a matrix of shape"),
    ],
)
def test_invalid_properties_are_refused(y, error, text):
    with pytest.raises(error) as raised:
        select(np.eye(3), "pcov_fps", y=y)
    assert str(raised.value).startswith(text)


def test_the_other_methods_take_no_properties():
    with pytest.raises(ValueError, match="y: expected None for method 'msc', got properties"):
        select(np.eye(3), "msc", y=[1, 2, 3])
