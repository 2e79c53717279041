"""The figures of the paper."""

import numpy as np
import pytest

from quests_app import plots
from tests.app.plots.test_elements import AXES, MADE, TABLE, drawn


def test_layouts_have_the_panels_of_the_paper():
    figure = drawn(MADE["compression_figure"](), "matplotlib")
    assert [axes.get_title()[:3] for axes in figure.axes] == ["(a)", "(b)", "(c)", "(d)", "(e)"]
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == [AXES[n][1] for n in (
        "entropy_diversity", "overlap", "force_tail", "redundancy", "force_errors"
    )]  # fmt: skip
    assert len(MADE["comparison_figure"]()) == 4
    with pytest.raises(ValueError, match="baseline: expected a method of the table, got 'best'"):
        plots.comparison_figure(TABLE, "best")


def test_differences_are_those_of_the_same_set_and_size():
    panels = list(MADE["comparison_figure"]())
    np.testing.assert_allclose(panels[0].Set.Cu["diversity"], [-1, 0])
    np.testing.assert_allclose(panels[2].Set.Cu["overlap"], [0, 0])
