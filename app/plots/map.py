"""The map of environments."""

from dataclasses import dataclass

import numpy as np
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    HoverTool,
    LinearColorMapper,
    NumeralTickFormatter,
    Scatter,
)
from bokeh.palettes import Plasma256, Viridis256
from bokeh.plotting import figure

from .base import blank, empty, padded, set_range

CLEAR = "rgba(0, 0, 0, 0)"
DROPPED_COLOR = "#c3c9d1"
# The palest colours of each map are left out: they vanish on white.
NOVELTY = tuple(Plasma256[::-1][30:240])
DENSITY = tuple(Viridis256[:235])


@dataclass(frozen=True)
class MapPlot:
    """The map: grey points, coloured ones above them where `mapper` gives a colour."""

    figure: figure
    source: ColumnDataSource
    mapper: LinearColorMapper
    color_bar: ColorBar

    def color_by(self, palette, low: float, high: float, title: str) -> None:
        """Colour values from `low` to `high`; smaller ones stay grey. No bar without a title."""
        high = high if high > low else low + 1.0
        self.mapper.update(palette=list(palette), low=low, high=high)
        self.color_bar.update(title=title, visible=bool(title))

    def set_points(self, xy: np.ndarray, values: np.ndarray, frames: np.ndarray) -> None:
        """Draw other points; `frames` is the frame of each."""
        self.source.data = {"x": xy[:, 0], "y": xy[:, 1], "value": values, "frame": frames}
        set_range(self.figure.x_range, *padded(xy[:, 0], 0.03))
        set_range(self.figure.y_range, *padded(xy[:, 1], 0.03))
        size = float(np.clip(320 / np.sqrt(max(1, len(xy))), 2.2, 8))
        for renderer in self.figure.renderers:
            renderer.glyph.size = size


def map_plot() -> MapPlot:
    """Return the empty map of environments."""
    fig = blank("", "")
    fig.axis.visible = False
    fig.grid.visible = False
    source = empty("x", "y", "value", "frame")
    mapper = LinearColorMapper(palette=list(NOVELTY), low=0, high=1, low_color=CLEAR)
    shape = {"x": "x", "y": "y", "size": 4, "line_color": None}
    fig.add_glyph(source, Scatter(fill_color=DROPPED_COLOR, fill_alpha=0.55, **shape))
    colored = fig.add_glyph(
        source, Scatter(fill_color={"field": "value", "transform": mapper}, fill_alpha=0.75, **shape)
    )
    fig.add_tools(
        HoverTool(
            renderers=[colored], tooltips=[("frame", "@frame{0,0}"), ("value", "@value{0.00}")], visible=False
        )
    )
    color_bar = ColorBar(
        color_mapper=mapper, width=10, padding=6, title="", formatter=NumeralTickFormatter(format="0.[0]"),
        background_fill_alpha=0,
    )  # fmt: skip
    fig.add_layout(color_bar, "right")
    return MapPlot(fig, source, mapper, color_bar)
