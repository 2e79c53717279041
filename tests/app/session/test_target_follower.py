"""The size follows the target."""

from quests_app.analysis.target import OVERLAP, SIZE, Target
from tests.app.conftest import is_smallest_with_overlap


def test_the_size_follows_target_method_and_marks(opened):
    state = opened.state
    state.target = Target(OVERLAP, 0.8)
    assert is_smallest_with_overlap(state, "msc")
    state.target = Target(OVERLAP, 1.0)
    aimed = state.n_frames
    state.active = "random"
    assert state.n_frames != aimed
    assert state.row_of("random")["overlap"] == 1
    state.target = Target(OVERLAP, 0.8)
    assert is_smallest_with_overlap(state, "random")
    state.active = "msc"
    before = state.n_frames
    state.marks = state.marks.exclude(state.path.order[1:6])
    opened.run()
    assert state.path.marks == state.marks
    assert is_smallest_with_overlap(state, "msc")
    assert state.n_frames != before


def test_choosing_a_size_ends_the_target_and_undo_restores_both(opened):
    state, history = opened.state, opened.controller.history
    first = state.n_frames
    state.target = Target(OVERLAP, 0.8)
    aimed = state.n_frames
    assert aimed != first
    state.n_frames = int(state.sizes[-1])
    assert state.target.mode == SIZE
    history.undo()
    assert (state.target.mode, state.n_frames) == (OVERLAP, aimed)
    history.undo()
    assert (state.target.mode, state.n_frames) == (SIZE, first)
    history.redo()
    assert (state.target.mode, state.n_frames) == (OVERLAP, aimed)


def test_a_target_survives_a_change_of_bandwidth(opened):
    state = opened.state
    state.target = Target(OVERLAP, 0.8)
    opened.controller.recompute(type(state.parameters)(bandwidth=0.05))
    opened.run()
    assert state.target.mode == OVERLAP
    assert is_smallest_with_overlap(state, "msc")
