"""Distributions of δH."""

import numpy as np
import pytest
from bokeh.models import HoverTool

from quests_app import plots
from tests.app.plots.test_elements import DELTAS, drawn


def test_a_figure_of_no_values_is_refused():
    for make in (plots.force_tail, lambda values: plots.delta_entropy({"msc": values})):
        with pytest.raises(ValueError, match="expected at least one finite value, got none"):
            make(np.array([np.nan]))
    drawn(plots.novelty(np.array([np.nan]), np.array([])), "matplotlib")


def test_each_environment_is_counted_once():
    figure = plots.delta_entropy(DELTAS)
    for method, values in DELTAS.items():
        counts = getattr(figure.Delta, method.capitalize())["count"]
        assert counts[counts >= 1].sum() == len(values)


def test_the_histograms_say_the_ends_of_each_bin():
    figure = drawn(plots.novelty(DELTAS["msc"], DELTAS["random"]), "bokeh")
    tooltips = figure.select_one({"type": HoverTool}).tooltips
    assert tooltips[0] == ("δH / nats", "@low{0.0} to @high{0.0}")
