"""The table of frames that the reference does not cover."""

import pytest

from quests_app.views.compare.novel_frames import NovelFramesTable
from tests.app.conftest import text_of

# Raised by a call in Bokeh.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning")


def test_the_most_novel_frame_comes_first_and_can_be_selected(opened, sets, other_file):
    state, table = opened.state, NovelFramesTable(opened.state, sets)
    assert "Add a reference file" in text_of(table)
    sets.add(other_file)
    opened.run()
    frame, novelty = int(table._table.value["frame"][0]), sets.comparison.novelty
    assert novelty[state.opened.envs.frame_index == frame].max() == novelty.max()
    table._select(0)
    assert state.selected == (frame,)
    assert state.current_env == novelty.argmax()
