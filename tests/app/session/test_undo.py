"""Undo and redo: what counts as one decision, and how the state follows."""

from dataclasses import replace

import pytest

from quests_app.analysis.parameters import Marks
from quests_app.session.state import State
from quests_app.session.undo import History
from quests_app.views.sidebar.settings import SettingsView


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
    return History(state, clock=clock)


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


def test_recompute_is_a_decision_of_its_own_and_loses_no_picks(opened):
    state, controller = opened.state, opened.controller
    view = SettingsView(state, controller)
    state.selected = (3, 5)
    state.n_frames = 9
    first, entropy = state.parameters, state.full_set_metrics["entropy"]
    second = replace(first, bandwidth=0.05)
    controller.recompute(second)
    opened.run()
    assert (state.parameters, state.selected, state.n_frames) == (second, (3, 5), 9)
    state.selected = (3, 5, 7)
    controller.history.undo()
    assert (state.parameters, state.selected) == (second, (3, 5)), "only the pick"
    controller.history.undo()
    opened.run()
    assert (state.parameters, state.opened.parameters, state.n_frames) == (first, first, 9)
    assert state.selected == (3, 5)
    assert state.full_set_metrics["entropy"] == entropy
    assert view._bandwidth.value == "0.015"
    assert not view._unapplied.visible
    controller.history.redo()
    opened.run()
    assert (state.parameters, state.opened.parameters) == (second, second)
    assert view._bandwidth.value == "0.05"
    controller.history.redo()
    assert state.selected == (3, 5, 7)
    assert not controller.history.can_redo
    for _ in range(4):
        controller.history.undo()
        opened.run()
    assert (state.parameters, state.selected, controller.history.can_undo) == (first, (), False)


def test_decisions_made_during_a_recomputation_stay(opened):
    state, controller = opened.state, opened.controller
    second = replace(state.parameters, k=16)
    controller.recompute(second)
    state.marks = state.marks.exclude([4])
    state.selected = (6,)
    opened.run()
    assert state.parameters == second
    assert (state.marks.excluded, state.selected) == ((4,), (6,))
    assert all(state.is_current(path) for path in state.paths.values())
    controller.history.undo()
    opened.run()
    assert state.parameters != second
    assert (state.marks.excluded, state.selected) == ((4,), (6,))
    controller.history.undo()
    assert state.selected == ()


def test_an_undone_recomputation_that_is_cancelled_agrees_with_the_results(opened):
    state, controller = opened.state, opened.controller
    second = replace(state.parameters, bandwidth=0.05)
    controller.recompute(second)
    opened.run()
    controller.history.undo()
    controller.cancel()
    opened.run()
    assert state.parameters == state.opened.parameters == second
    state.selected = (2,)
    controller.history.undo()
    opened.run()
    assert (state.parameters, state.opened.parameters, state.selected) == (second, second, ())
