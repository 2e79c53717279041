"""A column as a histogram, and one against another."""

import numpy as np
import pytest

from quests_app import plots


def test_the_selected_values_are_counted_in_the_same_bins():
    values = np.array([0.0, 0.25, 0.5, 2.0, np.nan, 2.2])
    figure = plots.histogram(values, "x", values > 1, "frames")
    everything, selected = figure.Column
    np.testing.assert_array_equal(everything.edges, selected.edges)
    assert everything["count"].sum() == 5
    assert selected["count"].sum() == 2
    assert (selected["count"] <= everything["count"]).all()


def test_every_pair_is_drawn_and_pairs_without_a_value_are_not():
    x, y = np.array([0.0, 1.0, 2.0, np.nan, 5.0]), np.array([0.0, 10.0, 70.0, 3.0, np.inf])
    image = plots.scatter(x, y).Map.I
    pixels = image.dimension_values("color", flat=False)
    # Three discs of one size.
    assert (pixels > 0).sum() % 3 == 0
    assert (pixels > 0).sum() > 0
    assert image.bounds.lbrt() == pytest.approx((-0.06, -2.1, 2.06, 72.1))
    assert len(plots.scatter(x, y, color=x, title="δH / nats").Bar) == 1


def test_what_cannot_be_drawn_is_an_error():
    with pytest.raises(ValueError, match="at least one finite pair"):
        plots.scatter([np.nan], [1.0])
    with pytest.raises(ValueError, match="at least one finite value"):
        plots.histogram([np.nan])
    with pytest.raises(ValueError, match=r"selected: expected shape \(2,\), got \(1,\)"):
        plots.histogram([1.0, 2.0], selected=[True])
