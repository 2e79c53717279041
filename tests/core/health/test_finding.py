"""Tests of findings."""

import numpy as np

from quests_core.health import WARNING, Finding
from quests_core.health.finding import finding


def test_frames_are_sorted_and_unique():
    (found,) = finding("kind", WARNING, np.array([7, 2, 7]), "Title", "Explanation", True)
    assert found == Finding("kind", WARNING, "Title", "Explanation", (2, 7), True)
    assert all(type(frame) is int for frame in found.frames)


def test_no_finding_without_frames():
    assert finding("kind", WARNING, [], "Title", "Explanation") == []
