"""Entropy against the bandwidth."""

import numpy as np
from bokeh.models import LogScale

from quests_app import plots
from tests.app.plots.test_elements import drawn


def test_lines_are_drawn_of_what_is_given():
    h, entropies = np.geomspace(1e-3, 0.1, 5), np.linspace(4, 1, 5)
    whole = plots.bandwidth(h, entropies, bound=4.5, current=0.015)
    assert (whole.Bound.I.data, whole.Current.I.data) == (4.5, 0.015)
    assert isinstance(drawn(whole, "bokeh").x_scale, LogScale)
    assert [one.group for one in plots.bandwidth(h, entropies)] == ["Entropy"]
