"""The common map of two sets."""

from quests_app.views.compare.set_map import SetMapView


def test_points_of_both_sets_are_drawn_and_selected(opened, sets, other_file):
    state, chart = opened.state, SetMapView(opened.state, sets)
    assert "Add a reference file" in chart._empty.object
    sets.add(other_file)
    opened.run()
    assert not chart._empty.visible
    assert len(chart._plot.sources["Set", ""].data["x"]) == 93
    state.current_env = int(sets.comparison.novelty.argmax())
    assert len(chart._plot.sources["Current", ""].data["x"]) == 1
    chart._select([0])
    assert sets.comparison.novelty[state.current_env] == sets.comparison.novelty.min()
    assert state.selected == (state.current_frame,)
