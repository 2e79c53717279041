"""Ranges and columns of figures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np
from bokeh.models import ColumnDataSource, Plot, Range1d
from bokeh.models.ranges import NumericalRange, Range

if TYPE_CHECKING:
    from bokeh.models.sources import DataDict


def padded(values: np.ndarray, share: float = 0.06) -> tuple[float, float]:
    """Return the range of the finite `values`, widened at both ends by `share` of its length."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = share * (high - low) or 0.5
    return low - margin, high + margin


def set_range(axis_range: Range, low: float, high: float) -> None:
    """Set the limits of a range, including those restored by the reset tool."""
    axis_range.update(start=low, end=high, reset_start=low, reset_end=high)


def set_ranges(figure: Plot, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Set the limits of both ranges of a figure; see `set_range`."""
    set_range(figure.x_range, *x)
    set_range(figure.y_range, *y)


def limits(axis_range: Range) -> tuple[float, float]:
    """Return the start and end of a numeric range."""
    if not isinstance(axis_range, NumericalRange):
        raise TypeError(f"axis_range: expected NumericalRange, got {type(axis_range).__name__}")
    return number(axis_range.start), number(axis_range.end)


def reset_limits(axis_range: Range) -> tuple[float, float] | None:
    """Return the start and end that the reset tool restores; None before `set_range`."""
    if not isinstance(axis_range, Range1d) or axis_range.reset_start is None or axis_range.reset_end is None:
        return None
    return number(axis_range.reset_start), number(axis_range.reset_end)


def number(coordinate: object) -> float:
    """Return a coordinate as a float; Bokeh also has dates, factors and nodes."""
    if not isinstance(coordinate, SupportsFloat):
        raise TypeError(f"coordinate: expected a number, got {coordinate!r}")
    return float(coordinate)


def set_data(source: ColumnDataSource, data: Mapping[str, Sequence[Any] | np.ndarray]) -> None:
    """Replace all columns of a source at once."""
    columns: DataDict = dict(data)
    source.data = columns


def clear(source: ColumnDataSource) -> None:
    """Remove all rows of a source."""
    set_data(source, {column: [] for column in source.column_names})
