"""The plots of a report, compared with its data."""

import holoviews as hv
import numpy as np
import pytest

from quests_app.analysis.methods import METHOD_INFO
from quests_app.exports.figures import figures
from quests_app.exports.report_data import ReportData


def test_drawn_lines_match_the_data(opened):
    state = opened.state
    found = ReportData(state.opened, state.paths, "msc", 6)
    axes = hv.renderer("matplotlib").get_plot(figures(found)["overlap"][1]).state.axes[0]
    curve = state.paths["msc"].curve
    line = next(line for line in axes.lines if line.get_color() == METHOD_INFO["msc"].color)
    np.testing.assert_allclose(line.get_xdata(), 100 * curve["fraction"])
    np.testing.assert_allclose(line.get_ydata(), 100 * curve["overlap"])
    size = [line for line in axes.lines if len(set(np.ravel(line.get_xdata()))) == 1]
    assert np.ravel(size[0].get_xdata())[0] == pytest.approx(100 * state.row_of("msc")["fraction"])
