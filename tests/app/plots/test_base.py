"""Ranges and columns of figures."""

import numpy as np
import pytest
from bokeh.models import ColumnDataSource, FactorRange, Range1d

from quests_app.plots import base


def test_a_range_is_padded_and_never_empty():
    assert base.padded(np.array([0.0, 10.0]), 0.1) == (-1.0, 11.0)
    assert base.padded(np.array([3.0, 3.0])) == (2.5, 3.5)
    assert base.padded(np.array([np.nan, np.inf])) == (0.0, 1.0)


def test_a_range_that_is_set_is_what_reset_restores():
    axis = Range1d(start=0, end=1)
    assert base.reset_limits(axis) is None
    base.set_range(axis, 2, 5)
    axis.update(start=3, end=4)
    assert (base.limits(axis), base.reset_limits(axis)) == ((3.0, 4.0), (2.0, 5.0))
    with pytest.raises(TypeError, match="axis_range: expected NumericalRange, got FactorRange"):
        base.limits(FactorRange())


def test_columns_are_replaced_together_and_cleared():
    source, changes = ColumnDataSource({"x": [], "y": []}), []
    source.on_change("data", lambda attr, old, new: changes.append(dict(new)))
    base.set_data(source, {"x": [1], "y": [2]})
    base.clear(source)
    assert changes == [{"x": [1], "y": [2]}, {"x": [], "y": []}]
