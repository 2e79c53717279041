"""Entropy against diversity: what is drawn at the current size, and the handle that sets it."""

import math

import pytest

from quests_app.analysis.methods import METHOD_INFO
from quests_app.views.overview.curve import CurveView
from tests.app.conftest import text_of


def test_each_method_is_marked_at_the_current_size(opened):
    state, curve = opened.state, CurveView(opened.state)
    for size in (12, 5):
        state.n_frames = size
        for method in state.shown:
            now, row = curve._plot.sources["Ring", method].data, state.row_of(method)
            assert (now["entropy"][0], now["diversity"][0]) == (row["entropy"], row["diversity"])
    full = curve._plot.sources["Full", "full set"].data
    assert full["entropy"] == [state.full_set_metrics["entropy"]]


def test_the_handle_is_on_the_line_of_the_active_method(opened):
    state, curve = opened.state, CurveView(opened.state)
    for method in ("msc", "random"):
        state.active = method
        assert list(curve._stops.data["y"]) == state.paths[method].curve["entropy"].tolist()
        labels, marks = (curve._plot.sources[key].data for key in (("Percent", ""), ("Mark", method)))
        assert (labels["diversity"], labels["entropy"]) == (marks["diversity"], marks["entropy"])
        assert curve._plot.part("Percent").glyph.text_color == METHOD_INFO[method].color
    curve._requested_size.data = {"n_frames": [7]}
    assert state.n_frames == 7


def test_the_bound_is_drawn_or_named(opened):
    curve = CurveView(opened.state)
    bound = math.log(opened.state.full_set_metrics["n_envs"])
    assert curve._bound.location == pytest.approx(bound)
    assert curve._bound.visible != ("is above the plot" in text_of(curve))
    assert f"{bound:.2f}" in curve._bound_label.text
