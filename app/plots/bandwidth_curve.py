"""Entropy against the bandwidth."""

from dataclasses import dataclass

from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from ..analysis.methods import METHOD_INFO
from .base import blank, empty, set_range
from .palettes import FULL_COLOR


@dataclass(frozen=True)
class BandwidthPlot:
    """Figure of entropy against the bandwidth.

    `bound` is the line at ln N, `now` that at the current bandwidth.
    """

    figure: figure
    source: ColumnDataSource
    bound: Span
    now: Span


def bandwidth_plot(low: float, high: float) -> BandwidthPlot:
    """Plot entropy against h on a logarithmic axis; source columns ``bandwidth``, ``entropy``."""
    fig = blank("h / Å⁻¹", "H / nats", x_axis_type="log", height=170)
    fig.update(min_height=170, sizing_mode="stretch_width", min_border_right=8)
    set_range(fig.x_range, low, high)
    source = empty("bandwidth", "entropy")
    fig.line("bandwidth", "entropy", source=source, color=METHOD_INFO["msc"].color, line_width=2.2)
    bound = Span(location=0, dimension="width", line_color=FULL_COLOR, line_dash="dotted", line_width=2)
    now = Span(location=low, dimension="height", line_color=FULL_COLOR, line_dash="dashed")
    fig.add_layout(bound)
    fig.add_layout(now)
    return BandwidthPlot(fig, source, bound, now)
