"""Environments of sets with different elements share one descriptor, if it fits in memory."""

import numpy as np
import pytest

from quests_app.analysis.parameters import Parameters
from quests_app.analysis.reference import align_elements
from quests_core import Environments
from quests_core.utils import memory

PARAMETERS = Parameters(species=True)


def test_blocks_of_elements_follow_the_union():
    envs = Environments(
        [[1.0, 2.0, 3.0, 4.0]], [0, 1]
    )  # The block without elements and that of Cu have two columns each.
    wide = align_elements(envs, ("Cu",), ("Ag", "Cu"), PARAMETERS)
    assert wide.X.tolist() == [[1.0, 2.0, 0.0, 0.0, 3.0, 4.0]]


def test_sets_too_large_for_memory_are_refused(monkeypatch):
    envs = Environments(np.ones((1000, 4)), [0, 1000])
    elements = tuple(f"X{i:02d}" for i in range(80))
    monkeypatch.setattr(memory, "available", lambda: 10**6)
    with pytest.raises(ValueError, match=r"with blocks for 80 elements would take about 1\.3 MB"):
        align_elements(envs, elements[:1], elements, PARAMETERS)
