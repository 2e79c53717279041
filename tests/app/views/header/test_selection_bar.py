"""Locked and excluded frames, from the selection bar to the metrics."""

import numpy as np
import pytest

from quests_app.analysis.frame_columns import DROPPED, EXCLUDED, KEPT, LOCKED
from quests_app.analysis.parameters import Marks
from quests_app.exports.code import python_code
from quests_app.views.header.selection_bar import SelectionBar
from quests_app.views.sidebar.export import ExportView
from quests_core import Cancelled

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def test_isolated_atoms_are_locked_at_first_and_can_be_unlocked(opened):
    state = opened.state
    assert state.marks == Marks(locked=(0,))
    state.marks = state.marks.clear([0])
    opened.run()
    assert state.path.marks == Marks()
    assert state.error == ""


def test_marks_show_immediately_and_the_metrics_follow(opened):
    state = opened.state
    state.n_frames = 6
    dropped, kept = np.flatnonzero(~state.mask)[0], np.flatnonzero(state.mask)[-1]
    state.marks = state.marks.lock([dropped]).exclude([kept])
    assert state.path.marks != state.marks
    assert (state.status[dropped], state.status[kept]) == (LOCKED, EXCLUDED)
    assert state.mask[dropped]
    assert not state.mask[kept]
    assert state.mask.sum() == 6
    opened.run()
    assert {path.marks for path in state.paths.values()} == {state.marks}
    assert state.mask.sum() == state.row_of("msc")["n_frames"] == 6
    assert state.full_set_metrics["n_frames"] == 23
    assert set(state.status) == {KEPT, DROPPED, LOCKED, EXCLUDED}


def test_marks_follow_rapid_changes(opened):
    state = opened.state
    for frame in (3, 4, 5, 6):
        state.marks = state.marks.exclude([frame])
    opened.run()
    assert state.error == state.notice == ""
    assert {path.marks for path in state.paths.values()} == {Marks((0,), (3, 4, 5, 6))}


def test_undo_restores_the_metrics(opened):
    state = opened.state
    before = state.row_of("msc")
    state.marks = state.marks.exclude([2, 3])
    opened.run()
    opened.controller.history.undo()
    opened.run()
    assert state.marks == Marks(locked=(0,))
    assert state.row_of("msc") == before


def test_marks_that_exclude_everything_are_reverted_with_a_message(opened):
    state = opened.state
    state.marks = state.marks.exclude(range(24))
    opened.run()
    assert "expected fewer than all 24 frames" in state.error
    assert state.marks == state.path.marks == Marks(locked=(0,))


def test_cancelling_keeps_the_marks_and_says_what_is_shown(opened, monkeypatch):
    state, before = opened.state, opened.state.marks

    def cancelled(*_, **__):
        raise Cancelled("as if")

    with monkeypatch.context() as patch:
        patch.setattr("quests_app.analysis.method_path.method_path", cancelled)
        state.marks = state.marks.exclude([5])
        opened.run()
    assert "Cancelled. random is not computed; its earlier results stay." in state.notice
    assert (state.marks.excluded, state.methods) == ((5,), ["msc", "random"])
    assert 5 not in state.frames_of("msc")
    state.methods = ["msc"]
    state.methods = ["msc", "random"]
    opened.run()
    assert state.is_current(state.paths["random"])
    opened.controller.history.undo()
    opened.controller.history.undo()
    opened.controller.history.undo()
    assert state.marks == before


def test_marks_changed_while_orders_are_computed_leave_nothing_out(opened, rng):
    """The same order may be requested again before its cancelled computation has ended."""
    state, export = opened.state, ExportView(opened.state, opened.controller)
    for step in range(40):
        state.marks = state.marks.clear([3]) if step % 2 else state.marks.exclude([3])
        for _ in range(int(rng.integers(4))):
            if not opened.callbacks.empty():
                opened.callbacks.get()()
    opened.run()
    assert (state.marks.excluded, state.methods, state.notice) == ((), ["msc", "random"], "")
    assert all(state.is_current(path) for path in state.paths.values())
    assert not export._xyz.disabled


def test_the_bar_marks_and_clears_the_selection(opened):
    state, bar = opened.state, SelectionBar(opened.state, opened.controller)
    assert not bar._lock.visible
    state.selected = (4, 7)
    assert "2 frames selected" in bar._text.object
    bar._lock.clicks += 1
    assert state.marks.locked == (0, 4, 7)
    bar._keys.pressed = ("Escape", 1)
    assert state.selected == ()
    bar._keys.pressed = ("undo", 2)
    assert state.selected == (4, 7)
    bar._keys.pressed = ("undo", 3)
    assert state.marks.locked == (0,)
    bar._redo.clicks += 1
    assert state.marks.locked == (0, 4, 7)
    opened.run()
    assert state.row_of("msc")["n_frames"] >= 3


def test_nothing_is_exported_while_the_order_for_new_marks_is_computed(opened):
    state, export = opened.state, ExportView(opened.state, opened.controller)
    state.marks = state.marks.exclude([2])
    assert export._zip.disabled
    opened.run()
    assert not export._zip.disabled
    code = python_code(state.opened, state.path, 5)
    assert "excluded=[2]," in code
    assert "locked=[0]," in code


@pytest.mark.parametrize("method", ["msc", "random"])
def test_locked_frames_are_in_every_subset(opened, method):
    state = opened.state
    state.marks = state.marks.lock([20, 11])
    opened.run()
    state.n_frames = 3
    assert set(state.frames_of(method)) == {0, 11, 20}


def test_all_marks_are_cleared_by_one_click(opened):
    state, bar = opened.state, SelectionBar(opened.state, opened.controller)
    assert not bar._unmark_all.visible, "isolated atoms are locked from the start"
    state.marks = state.marks.lock([3]).exclude([4, 5])
    assert (bar._unmark_all.visible, bar._unmark_all.label) == (True, "Clear all marks")
    state.selected = (4, 6)
    sent = bar._unmark_all.get_root().data.label
    assert (bar._unmark_all.visible, sent) == (True, "\N{ZERO WIDTH SPACE}"), "room for the other buttons"
    assert bar._clear.label == "Clear"
    bar._unmark_all.clicks += 1
    assert (state.marks, state.selected) == (Marks(locked=(0,)), ())
    assert not bar._unmark_all.visible
    opened.controller.history.undo()
    assert state.selected == (4, 6)
    assert state.marks == Marks((0, 3), (4, 5))
