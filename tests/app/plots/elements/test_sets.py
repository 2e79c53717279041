"""Sets beside each other."""

import numpy as np
from bokeh.models import ColorBar

from quests_app import plots
from tests.app.plots.test_elements import DELTAS, MADE, XY, drawn


def test_bars_are_as_long_as_their_numbers_the_first_at_the_top():
    figure = plots.redundancy({"full set": (7.0, 4000), "liquid": (5.0, 1000)}, {"full set": "#123456"})
    bars = {bar["set"][0]: bar for bar in figure.Entropy}
    assert [bars[name]["right"][0] for name in ("full set", "liquid")] == [7, 5]
    assert bars["full set"]["top"][0] > bars["liquid"]["top"][0]
    np.testing.assert_allclose(figure.Bound.Bound_ln_N["right"], np.log([4000, 1000]))


def test_cells_are_where_their_row_and_column_say():
    cells = plots.overlap_matrix(np.array([[1.0, 0.25], [0.5, 1.0]]), ["solid", "liquid"]).Cell.I
    (at,) = np.flatnonzero((cells["query_name"] == "solid") & (cells["known_name"] == "liquid"))
    assert (cells["overlap"][at], cells["left"][at], cells["bottom"][at]) == (25, 0.5, 0.5)


def test_a_joint_map_names_frames_only_where_they_are_known():
    novelty = DELTAS["random"][:100]
    with_frames = plots.set_map(XY[:100], novelty, XY[100:], np.arange(100))
    assert with_frames.Set.I["frame"].tolist() == np.argsort(novelty, kind="stable").tolist()
    assert "frame" not in MADE["set_map"]().Set.I
    (bar,) = drawn(with_frames, "bokeh").select({"type": ColorBar})
    assert bar.color_mapper.high == max(1.0, np.percentile(novelty[novelty > 1e-5], 95))
