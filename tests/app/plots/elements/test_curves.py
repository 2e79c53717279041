"""Entropy against diversity, and overlap against size."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from quests_app import plots
from quests_app.analysis.methods import METHOD_INFO
from tests.app.plots.test_elements import MADE, curve, drawn


def test_the_lines_are_where_the_numbers_are():
    element = MADE["overlap"]()
    axes = drawn(element, "matplotlib").axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_allclose(lines["msc"].get_xdata(), np.arange(1, 101))
    np.testing.assert_allclose(lines["msc"].get_ydata(), np.arange(1, 101))
    spans = [line for line in axes.lines if len(set(np.ravel(line.get_xdata()))) == 1]
    assert [float(np.ravel(line.get_xdata())[0]) for line in spans] == [30]
    assert element.Size.I.data == 30


def test_the_bound_is_drawn_only_where_it_does_not_press_the_curves():
    near = {"msc": curve().assign(n_envs=lambda c: np.exp(c["entropy"] + 0.1))}
    far = {"msc": curve().assign(n_envs=10**9)}
    assert "Bound" in plots.entropy_diversity(near)
    assert "Bound" not in plots.entropy_diversity(far)


def test_bands_have_the_colour_of_their_method():
    (band,) = drawn(MADE["entropy_diversity"](), "matplotlib").axes[0].collections[:1]
    assert to_hex(band.get_facecolor()[0]).upper() == METHOD_INFO["random"].color


@pytest.mark.parametrize("name", ["entropy_diversity", "overlap", "delta_entropy"])
def test_a_figure_of_no_method_is_refused(name):
    with pytest.raises(ValueError, match="expected at least one method, got none"):
        getattr(plots, name)({})
