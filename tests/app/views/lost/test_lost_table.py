"""The table of lost environments."""

import numpy as np
import pytest

from quests_app.analysis.target import OVERLAP, Target
from quests_app.views.lost.lost_table import ENVIRONMENTS, FRAMES, LostTable
from tests.app.conftest import is_smallest_with_overlap, text_of

# Bokeh converts a pandas index in a way that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


def test_a_row_becomes_current_and_its_frame_is_added(small):
    state, view = small.state, LostTable(small.state, "outliers")
    table = view._tables[ENVIRONMENTS]
    values = state.delta_entropy
    worst = int(np.argmax(values))
    assert table.value["delta_entropy"][0] == pytest.approx(values[worst])
    view._clicked(0, "frame")
    assert values[state.current_env] == values[worst]
    frame = state.current_frame
    assert f"of frame {frame} (dropped)" in view._current.object
    view._add.clicks += 1
    assert frame in state.marks.locked
    assert view._add.disabled
    assert frame not in set(table.value["frame"]), "removed before the metrics are recomputed"
    small.run()
    assert frame not in set(table.value["frame"])
    assert f"of frame {frame} (locked)" in view._current.object
    other = int(table.value["frame"][0])
    view._clicked(0, "add")
    assert other in state.marks.locked
    small.controller.history.undo()
    assert other not in state.marks.locked
    view._show_structure.clicks += 1
    assert state.tab == "map"


@pytest.mark.parametrize("method", ["msc", "random"])
def test_an_added_frame_joins_those_kept(small, method):
    state, view = small.state, LostTable(small.state, "outliers")
    state.active = method
    before, row = set(state.frames_of(method)), state.row_of(method)
    view._clicked(0, "frame")
    frame = state.current_frame
    view._add.clicks += 1
    assert set(state.frames_of(method)) == {*before, frame}, "while the new order is computed"
    small.run()
    assert (state.n_frames, len(state.frames_of(method))) == (4, 4)
    assert frame in state.frames_of(method)
    assert state.row_of(method)["overlap"] >= row["overlap"]
    assert state.delta_entropy[state.current_env] < 1e-5
    small.controller.history.undo()
    small.run()
    assert (state.n_frames, set(state.frames_of(method))) == (3, before), "adding is one decision"


def test_a_frame_added_at_a_target_leaves_the_size_to_it(small):
    state, view = small.state, LostTable(small.state, "outliers")
    state.target = Target(OVERLAP, 0.8)
    view._clicked(0, "add")
    small.run()
    assert state.target == Target(OVERLAP, 0.8)
    assert is_smallest_with_overlap(state, "msc")


def test_frames_are_ranked_by_their_worst(small):
    state, view = small.state, LostTable(small.state, "outliers")
    view._mode.value = FRAMES
    table = view._tables[FRAMES]
    assert table.visible
    assert not view._tables[ENVIRONMENTS].visible
    view._clicked(1, "label")
    assert state.current_frame == table.value["frame"][1]
    assert state.delta_entropy[state.current_env] == table.value["delta_entropy"][1]


def test_message_if_nothing_is_lost(small):
    view = LostTable(small.state, "outliers")
    assert not view._empty.visible
    small.state.n_frames = 24
    assert view._empty.visible
    assert "Nothing is lost" in text_of(view)
    assert not any(table.visible for table in view._tables.values())
