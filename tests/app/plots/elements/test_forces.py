"""Tail of the forces, and errors of potentials."""

import numpy as np

from quests_app import plots
from tests.app.plots.test_elements import FORCES, drawn


def test_the_tail_of_a_subset_counts_the_subset():
    figure = plots.force_tail(FORCES, {"msc": FORCES[::3]})
    tail = figure.Tail.Msc
    np.testing.assert_allclose(tail["share"][-1], 1 / len(FORCES[::3]))
    assert drawn(figure, "bokeh").legend[0].items[0].label.value == "full set"
