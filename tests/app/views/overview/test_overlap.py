"""Overlap against size."""

import numpy as np

from quests_app.views.overview.overlap import OverlapView


def test_the_line_is_at_the_current_size_and_sets_it(opened):
    state, overlap = opened.state, OverlapView(opened.state)
    state.n_frames = 12
    assert overlap._span.location == 50
    for method, path in state.shown.items():
        drawn = overlap._plot.sources["Path", method].data["overlap"]
        np.testing.assert_allclose(drawn, 100 * path.curve["overlap"])
        now = overlap._plot.sources["Ring", method].data["overlap"]
        assert now == [100 * state.row_of(method)["overlap"]]
    overlap._requested_size.data = {"n_frames": [6]}
    assert (state.n_frames, overlap._span.location) == (6, 25)
