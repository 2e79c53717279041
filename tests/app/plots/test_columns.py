"""Bins of the histogram of any quantity."""

import numpy as np
import pytest

from quests_app.plots.columns import bin_edges, histogram_data


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.2, 0.9], [5.0], [0.0], [-3.25] * 4, [1e300, 1.0], [1.0, 1.0 + 1e-15], list(range(500)),
        [np.nan, 2.5, np.inf], np.random.default_rng(0).normal(size=5000), [0.0] * 50 + [0.3],
        [-1e-320, 1e-320],
    ],
)  # fmt: skip
def test_every_value_is_in_a_bin(values):
    edges = bin_edges(values)
    assert (np.diff(edges) > 0).all()
    assert 2 <= len(edges) <= 121
    data = histogram_data(values, edges)
    assert data["top"].sum() == np.isfinite(values).sum()
    assert len(data["left"]) == len(data["right"]) == len(data["top"])


def test_few_whole_numbers_have_a_bin_each():
    edges = bin_edges([2, 3, 3, 5])
    np.testing.assert_array_equal(edges, [1.5, 2.5, 3.5, 4.5, 5.5])
    np.testing.assert_array_equal(histogram_data(np.array([2, 3, 3, 5]), edges)["top"], [1, 2, 0, 1])


def test_the_width_is_that_of_the_rule():
    values = np.random.default_rng(1).normal(size=1000)
    quartiles = np.percentile(values, [25, 75])
    width = 2 * (quartiles[1] - quartiles[0]) / 10
    assert np.diff(bin_edges(values))[0] == pytest.approx(width, rel=0.05)


def test_without_values_there_are_no_bins():
    assert bin_edges([np.nan, np.inf]) is None
