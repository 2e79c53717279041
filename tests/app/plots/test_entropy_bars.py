"""Columns of the bars of entropies."""

import numpy as np
import pytest

from quests_app.plots import entropy_bars


def test_bars_bounds_and_texts_belong_together():
    rows = entropy_bars.redundancy_data(["full", "part"], [3.0, 2.0], [100, 50], ["red", "blue"])
    bars, bounds = (
        entropy_bars.bar_columns(rows, kind) for kind in (entropy_bars.ENTROPY, entropy_bars.BOUND)
    )
    assert bars["right"] == [3.0, 2.0]
    np.testing.assert_allclose(bounds["right"], np.log([100, 50]))
    for inner, outer in zip(bars["top"], bounds["top"], strict=True):
        assert inner < outer
    assert bars["bottom"][0] > bars["top"][1], "the first is at the top"
    assert rows["copies"][0] == pytest.approx(100 / np.exp(3))
    texts = entropy_bars.text_columns(rows)
    assert np.all(np.array(texts["bound"]) > bounds["right"])
    assert max(texts["bound"]) < entropy_bars.right_end(rows)
    low, high = entropy_bars.y_limits(rows)
    assert low < min(bounds["bottom"])
    assert high > max(bounds["top"])
