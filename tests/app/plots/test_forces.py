"""Columns of the tail of the force distribution."""

import numpy as np
import pytest

from quests_app.plots.forces import tail_data


def test_the_tail_is_the_share_of_forces_above(rng):
    forces = np.sort(rng.exponential(size=5000))
    tail = tail_data(forces)
    assert tail["share"][0] == 1
    assert len(tail["force"]) < 800
    for force, share in zip(tail["force"][1:], tail["share"][1:], strict=True):
        # Each level holds up to its own force, so it is the share of those at least as large.
        assert share == pytest.approx(np.mean(forces >= force))


def test_the_tail_keeps_each_of_the_largest_forces():
    forces = np.arange(1.0, 3001.0)
    tail = tail_data(forces)
    assert set(forces[-100:]) <= set(tail["force"])
    assert tail["force"][-1] == 3000
    assert tail["share"][-1] == pytest.approx(1 / 3000)


@pytest.mark.parametrize("forces", [np.empty(0), np.array([2.0]), np.zeros(5)])
def test_the_tail_of_few_or_equal_forces(forces):
    tail = tail_data(forces)
    assert len(tail["force"]) == len(tail["share"])
    assert np.isfinite(tail["force"]).all()
