"""Parity of predicted and reference values."""

import numpy as np
import pytest

from quests_app import plots
from quests_app.plots.elements.parity import ENERGY_PER_ATOM
from quests_app.plots.palettes import PARITY_DENSITY


def test_every_value_is_drawn_and_pairs_without_a_value_are_not():
    reference = np.array([0.0, 1.0, 2.0, np.nan, 5.0])
    predicted = np.array([0.0, 1.0, 7.0, 3.0, np.nan])
    figure = plots.parity(reference, predicted, ENERGY_PER_ATOM)
    image = figure.Map.I.dimension_values("color", flat=False)
    # Three discs of one size.
    assert (image > 0).sum() % 3 == 0
    assert (image > 0).sum() > 0
    assert figure.Map.I.bounds.lbrt() == pytest.approx((-0.21, -0.21, 7.21, 7.21))


def test_numbers_colour_the_values():
    values = np.arange(4.0)
    figure = plots.parity(values, values, color=[0, 1, 2, 3], title="δH / nats")
    assert len(figure.Bar) == 1
    assert len(np.unique(figure.Map.I.dimension_values("color", flat=False))) > 4 - 1


def test_single_values_are_seen_on_white_and_on_black():
    def luminance(color):
        channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    # WCAG: graphics need a contrast of 3; of the lowest density, that is of single values.
    lowest = luminance(PARITY_DENSITY[0])
    assert (lowest + 0.05) / (luminance("#121212") + 0.05) > 3
    assert 1.05 / (lowest + 0.05) > 3


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="at least one finite pair"):
        plots.parity([np.nan], [1.0])
