"""Bands of seeded methods, compared with single runs, and when they are computed."""

import numpy as np
import pandas as pd
import pytest

from quests_app.analysis.parameters import Marks
from quests_app.session.seed_bands import OTHER_SEEDS, SeedBand, SeedBandUpdater
from quests_app.views.overview.curve import CurveView
from quests_app.views.overview.overlap import OverlapView
from quests_core import compression_curve, select


def test_the_band_spans_five_seeds(opened):
    state = opened.state
    SeedBandUpdater(state, opened.controller)
    assert state.repeats == {}
    state.param.update(methods=["msc", "random", "mean_fps"])
    opened.run()
    assert set(state.repeats) == {"random"}, (
        "mean_fps starts from the locked frame, so the seed has no effect"
    )
    state.marks = Marks()
    opened.run()
    assert set(state.repeats) == {"random", "mean_fps"}
    for method, repeats in state.repeats.items():
        overlaps = []
        for seed in (0, *OTHER_SEEDS):
            order = select(state.opened.envs, method, locked=state.marks.locked, random_state=seed).order
            overlaps.append(compression_curve(state.opened.envs, order)["overlap"])
        low, high = repeats.overlap_band()
        np.testing.assert_allclose(low, np.min(overlaps, axis=0))
        np.testing.assert_allclose(high, np.max(overlaps, axis=0))
        assert (high > low).any()
    chart, lines = OverlapView(state), CurveView(state)
    high = state.repeats["mean_fps"].overlap_band()[1]
    np.testing.assert_allclose(chart._plot.sources["Band", "mean_fps"].data["high"], 100 * high)
    assert len(lines._plot.sources["Band", "mean_fps"].data["x"]) == 200
    state.methods = ["msc", "random"]
    assert len(chart._plot.sources["Band", "mean_fps"].data["x"]) == 0


def test_bands_follow_the_marks_without_excluded_frames(opened):
    state = opened.state
    SeedBandUpdater(state, opened.controller)
    state.main_activity.param.trigger("running")
    opened.run()
    before = state.repeats["random"]
    state.marks = state.marks.exclude((5, 6, 7))
    assert state.repeats == {}, "a band with other marks is not shown"
    opened.run()
    after = state.repeats["random"]
    assert after.marks == state.marks
    assert len(after.curves) == len(before.curves) == 5
    assert all(curve["n_frames"].iloc[-1] == 21 for curve in after.curves)
    assert state.notice == "", "an automatic cancellation shows no message"


def test_a_band_in_memory_is_shown_without_a_job(opened):
    state = opened.state
    for _ in range(2):
        state.repeats = {}
        SeedBandUpdater(state, opened.controller)
        state.main_activity.param.trigger("running")
        opened.run()
        assert len(state.repeats["random"].curves) == 5


@pytest.mark.usefixtures("uncached")
def test_a_cancelled_band_stays_cancelled(opened):
    state = opened.state
    SeedBandUpdater(state, opened.controller)
    state.main_activity.param.trigger("running")
    assert state.main_activity.running
    opened.controller.cancel()
    opened.run()
    state.param.trigger("paths")
    assert not state.main_activity.running
    assert state.repeats == {}


def curve_through(diversities, entropies):
    return pd.DataFrame({"diversity": diversities, "entropy": entropies, "overlap": 0.0})


def test_entropies_are_compared_at_equal_diversity():
    curves = (curve_through([0.0, 2.0], [0.0, 2.0]), curve_through([np.nan, 1.0, 3.0], [np.nan, 2.0, 4.0]))
    grid, low, high = SeedBand("random", Marks(), curves).entropy_band()
    assert (grid[0], grid[-1]) == (1.0, 2.0)
    np.testing.assert_allclose(low, grid)
    np.testing.assert_allclose(high, grid + 1)
