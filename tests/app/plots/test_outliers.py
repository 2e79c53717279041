"""Columns of the distribution of δH given the subset."""

import numpy as np

from quests_app.plots import outliers


def test_ranges_show_all_histograms_and_ignore_empty_ones():
    values = np.array([-2.0, 0.0, 0.0, 5.0]), np.array([40.0]), np.array([np.nan])
    columns = [outliers.histogram_data(one) for one in values]
    (left, right), (bottom, top) = outliers.histogram_ranges(columns)
    assert left <= np.arcsinh(-2)
    assert right >= np.arcsinh(40)
    assert bottom < 1
    assert top == 2 * max(column["count"].max() for column in columns[:2])
    assert outliers.histogram_ranges(columns[2:]) is None


def test_no_bin_has_values_of_both_signs():
    columns = outliers.histogram_data(np.array([-1e-3, 0.0, 1e-9, 1e-3]))
    counts = {bool(at >= 0): columns["count"][(columns["place"] >= 0) == (at >= 0)] for at in (-1, 1)}
    assert {side: int(count[count >= 1].sum()) for side, count in counts.items()} == {False: 3, True: 1}
