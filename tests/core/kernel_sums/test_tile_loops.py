"""Tests of loops over tiles."""

import numpy as np
import pytest

from quests_core import Environments
from quests_core.kernel_sums.sums import frame_entropies
from tests import naive
from tests.core.ugly import SETS


@pytest.mark.parametrize("name", SETS)
def test_entropy_of_each_frame_alone(name):
    frames = [frame for frame in SETS[name] if len(frame)]
    found = frame_entropies(Environments.from_frames(frames), 0.1)
    np.testing.assert_allclose(found, [naive.entropy(frame, 0.1) for frame in frames], atol=1e-9)


def test_frames_without_environments_have_no_entropy():
    envs = Environments.from_frames([np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((0, 2))])
    found = frame_entropies(envs, 0.1)
    assert found.tolist() == [-np.inf, pytest.approx(0.0, abs=1e-12), -np.inf]
