"""Frames inside a lasso or a box."""

from types import SimpleNamespace

import numpy as np
import pytest

from quests_app.views.lasso import LassoSelection

BOX = {"type": "rect", "x0": 0, "x1": 2, "y0": 0, "y1": 2}


@pytest.fixture
def changes():
    return []


@pytest.fixture
def lasso(opened, changes):
    return LassoSelection(opened.state, "value", lambda: changes.append(1))


def test_points_inside_select_their_frames_once(opened, lasso, changes):
    offsets = opened.state.data.envs.offsets
    xy = np.array([[1.0, 1.0], [1.5, 1.0], [1.0, 0.5], [5.0, 5.0]])
    lasso.select(BOX, xy, np.array([offsets[4], offsets[4] + 1, offsets[2], offsets[7]]))
    assert opened.state.selected == (2, 4)
    assert lasso.note == "3 values of 2 frames inside"
    assert changes == [1]
    lasso.start(SimpleNamespace(modifiers={"shift": True}))
    lasso.select({**BOX, "x1": 9, "y1": 9, "x0": 4}, xy, np.array([0, 0, 0, offsets[7]]))
    assert opened.state.selected == (2, 4, 7)
    opened.state.selected = (1,)
    assert lasso.note == ""


def test_without_points_the_selection_stays(opened, lasso):
    opened.state.selected = (3,)
    lasso.select(BOX, np.empty((0, 2)), np.empty(0, dtype=int))
    assert opened.state.selected == (3,)
