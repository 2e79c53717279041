"""Undo and redo: what counts as one decision, and how the state follows."""

import pytest

from quests_app.analysis.parameters import Marks
from quests_app.session.state import State
from quests_app.session.undo import History


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state():
    return State(n_frames=5)


@pytest.fixture
def history(state, clock):
    return History(state, clock)


def test_decisions_are_undone_in_order_and_redone(state, history):
    state.marks = Marks(locked=(1,))
    state.active = "random"
    assert (history.can_undo, history.can_redo) == (True, False)
    history.undo()
    assert (state.active, state.marks) == ("balanced", Marks(locked=(1,)))
    history.undo()
    assert state.marks == Marks()
    assert (history.can_undo, history.can_redo) == (False, True)
    history.undo()
    history.redo()
    history.redo()
    assert (state.active, state.marks) == ("random", Marks(locked=(1,)))
    assert not history.can_redo


def test_a_drag_is_one_decision(state, history, clock):
    for n in range(6, 12):
        clock.now += 0.1
        state.n_frames = n
    clock.now += 5
    state.n_frames = 20
    history.undo()
    assert state.n_frames == 11
    history.undo()
    assert state.n_frames == 5


def test_a_new_decision_clears_the_redo_steps(state, history):
    state.active = "random"
    history.undo()
    state.selected = (3,)
    assert not history.can_redo
    history.undo()
    assert state.selected == ()
    assert state.active == "balanced"


def test_changes_by_the_program_are_no_decisions(state, history):
    with history.pause(), history.pause():
        state.n_frames = 9
    assert not history.can_undo
    state.active = "random"
    history.undo()
    assert (state.active, state.n_frames) == ("balanced", 9)


def test_opening_a_file_clears_the_history(opened, file):
    history = opened.controller.history
    opened.state.n_frames = 3
    assert history.can_undo
    opened.open(file)
    assert not history.can_undo


def test_unticking_the_active_method_is_one_decision(opened):
    state, history = opened.state, opened.controller.history
    state.methods = ["random"]
    assert state.active == "random"
    history.undo()
    opened.run()
    assert (state.active, state.methods) == ("msc", ["msc", "random"])
    assert not history.can_undo
