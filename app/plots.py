"""Figures of the dashboard: arrays in, figures out.

A function ``*_plot`` makes a figure once; a function ``*_data`` turns arrays into the columns of
one of its sources. Moving the slider then only replaces columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    GlyphRenderer,
    HoverTool,
    Legend,
    LegendItem,
    LinearColorMapper,
    NumeralTickFormatter,
    Range1d,
    Scatter,
    Span,
)
from bokeh.palettes import Plasma256, Viridis256
from bokeh.plotting import figure

from .format import FULL_COLOR, METHOD_COLORS

MARKED_PERCENT = (75, 50, 25, 10)
DASHES = {"msc": "solid", "fps": "dashed", "mean_fps": "dotdash", "random": "dotted"}
CLEAR = "rgba(0, 0, 0, 0)"
DROPPED_COLOR = "#c3c9d1"
# The palest colours of each map are left out: they vanish on white.
NOVELTY = tuple(Plasma256[::-1][30:240])
DENSITY = tuple(Viridis256[:235])
_PATH_COLUMNS = ("diversity", "entropy", "percent", "overlap", "n_frames", "n_envs")
_TOOLS = "pan,wheel_zoom,box_zoom,reset,save"


@dataclass(frozen=True)
class Plot:
    """A figure with the sources that feed it, and what belongs to each method in it."""

    figure: figure
    sources: dict[str, ColumnDataSource]
    renderers: dict[str, list[GlyphRenderer]] = field(default_factory=dict)
    legend: dict[str, LegendItem] = field(default_factory=dict)
    labels: dict[str, GlyphRenderer] = field(default_factory=dict)

    def show_methods(self, methods: Iterable[str]) -> None:
        """Show these methods only."""
        methods = set(methods)
        for method, renderers in self.renderers.items():
            for renderer in renderers:
                renderer.visible = method in methods
            self.legend[method].visible = method in methods


def padded(values: np.ndarray, share: float = 0.06) -> tuple[float, float]:
    """Return the range of the finite `values`, widened by a share at both ends."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = share * (high - low) or 0.5
    return low - margin, high + margin


def set_range(axis_range: Range1d, low: float, high: float) -> None:
    """Move a range, also that to which the reset tool returns."""
    axis_range.update(start=low, end=high, reset_start=low, reset_end=high)


def _blank(x_label: str, y_label: str, **options) -> figure:
    fig = figure(
        x_axis_label=x_label,
        y_axis_label=y_label,
        tools=_TOOLS,
        toolbar_location="above",
        toolbar_inner=True,
        x_range=Range1d(0, 1),
        y_range=Range1d(options.pop("y_start", 0), 1),
        min_height=200,
        min_border_right=16,
        sizing_mode="stretch_both",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
        **options,
    )
    fig.toolbar.logo = None
    fig.toolbar.autohide = True
    fig.grid.grid_line_alpha = 0.5
    return fig


def _legend(fig: figure, renderers: dict[str, list]) -> dict[str, LegendItem]:
    items = {name: LegendItem(label=name, renderers=[r[0]]) for name, r in renderers.items()}
    # Above the frame: inside it, there is no corner that no line ever passes.
    row = Legend(items=list(items.values()), orientation="horizontal", padding=0, margin=2, spacing=14)
    fig.add_layout(row, "above")
    return items


def _empty(*columns: str) -> ColumnDataSource:
    return ColumnDataSource({column: [] for column in columns})


def path_columns(curve) -> dict[str, np.ndarray]:
    """Return a compression curve as columns; shares as percentages."""
    return {
        "diversity": curve["diversity"].to_numpy(),
        "entropy": curve["entropy"].to_numpy(),
        "percent": 100 * curve["fraction"].to_numpy(),
        "overlap": 100 * curve["overlap"].to_numpy(),
        "n_frames": curve["n_frames"].to_numpy(),
        "n_envs": curve["n_envs"].to_numpy(),
    }


def marked_rows(fractions: np.ndarray) -> np.ndarray:
    """Return the rows of a curve that are nearest to 75, 50, 25 and 10 %."""
    fractions = np.asarray(fractions)
    rows = [int(np.argmin(np.abs(100 * fractions - percent))) for percent in MARKED_PERCENT]
    return np.array(list(dict.fromkeys(rows)))


def rows_of(columns: dict[str, np.ndarray], rows) -> dict[str, list]:
    """Return a few rows of columns, with the percentage as text besides.

    As lists: every array would travel to the browser in a message of its own.
    """
    picked = {name: np.asarray(values)[rows].tolist() for name, values in columns.items()}
    return {**picked, "label": [f"{percent:.0f} %" for percent in picked["percent"]]}


def _method_lines(fig: figure, x: str, y: str) -> tuple[dict, dict]:
    """Add the line and the ring at the current size of every method."""
    sources, renderers = {}, {}
    for method, color in METHOD_COLORS.items():
        sources[method] = _empty(*_PATH_COLUMNS)
        sources[f"{method} now"] = _empty(*_PATH_COLUMNS, "label")
        line = fig.line(x, y, source=sources[method], color=color, line_width=2.2, line_dash=DASHES[method])
        ring = fig.scatter(
            x, y, source=sources[f"{method} now"], size=13, line_width=3, line_color=color, fill_color="white"
        )
        ring.level = "overlay"
        renderers[method] = [line, ring]
        fig.add_tools(_path_hover(method, [line]))
    return sources, renderers


def _path_hover(method: str, renderers: list) -> HoverTool:
    return HoverTool(
        renderers=renderers,
        tooltips=[
            ("method", method),
            ("frames", "@n_frames{0,0} (@percent{0.0} %)"),
            ("entropy / nats", "@entropy{0.000}"),
            ("diversity / nats", "@diversity{0.000}"),
            ("overlap", "@overlap{0.0} %"),
        ],
        mode="mouse",
        visible=False,
    )


def curve_plot() -> Plot:
    """Return entropy against diversity along each method's path.

    Sources: ``<method>`` (`path_columns`), ``<method> marks`` and ``<method> now`` (`rows_of`), ``full``.
    """
    fig = _blank("diversity / nats", "entropy / nats")
    sources, renderers = _method_lines(fig, "diversity", "entropy")
    labels = {}
    for method, color in METHOD_COLORS.items():
        source = sources[f"{method} marks"] = _empty(*_PATH_COLUMNS, "label")
        marks = fig.scatter("diversity", "entropy", source=source, size=7, color=color)
        text = fig.text(
            "diversity", "entropy", "label", source=source, x_offset=-8, y_offset=-6, text_align="right",
            text_font_size="11px", text_color=color,
        )  # fmt: skip
        renderers[method].append(marks)
        labels[method] = text
    sources["full"] = _empty("diversity", "entropy")
    full = fig.scatter(
        "diversity", "entropy", source=sources["full"], marker="star", size=17, color=FULL_COLOR
    )
    legend = _legend(fig, {**renderers, "full set": [full]})
    return Plot(fig, sources, renderers, legend, labels)


def overlap_plot() -> Plot:
    """Return overlap against size; sources ``<method>`` and ``<method> now``."""
    fig = _blank("frames kept / %", "overlap / %")
    set_range(fig.x_range, 0, 102)
    set_range(fig.y_range, 0, 104)
    sources, renderers = _method_lines(fig, "percent", "overlap")
    return Plot(fig, sources, renderers, _legend(fig, renderers))


def size_span() -> Span:
    """Return the vertical line at the current size."""
    return Span(location=0, dimension="height", line_color=FULL_COLOR, line_dash="dashed", line_alpha=0.7)


def tail_data(sorted_forces: np.ndarray, most: int = 600) -> dict[str, np.ndarray]:
    """Return the share of environments whose force is above f, as steps.

    All of the 100 largest forces are kept; below them ranks are thinned evenly on the logarithmic
    axis, which loses nothing that the screen could show.

    Parameters
    ----------
    sorted_forces : ndarray of shape (n,)
        Magnitudes, rising.
    most : int
        About how many steps to return.
    """
    n = len(sorted_forces)
    if n == 0:
        return {"force": np.empty(0), "share": np.empty(0)}
    ranks = np.unique(np.append(np.arange(1, min(n, 100) + 1), np.geomspace(1, n, most).astype(int)))[::-1]
    forces = sorted_forces[n - ranks]
    # Left of the smallest force all are above; a step goes down at each force.
    return {"force": np.append(0.0, forces), "share": np.append(n, ranks) / n}


def forces_plot() -> Plot:
    """Return the tail of the force distribution; sources ``<method>`` and ``full`` (`tail_data`)."""
    fig = _blank("f / eV Å⁻¹", "share with |F| > f", y_axis_type="log", y_start=1e-4)
    sources = {name: _empty("force", "share") for name in ("full", *METHOD_COLORS)}
    options = {"x": "force", "y": "share", "mode": "before"}
    full = fig.step(source=sources["full"], color=FULL_COLOR, line_width=5, line_alpha=0.45, **options)
    renderers = {
        method: [
            fig.step(source=sources[method], color=color, line_width=2.2, line_dash=DASHES[method], **options)
        ]
        for method, color in METHOD_COLORS.items()
    }
    tooltips = [("|F| above", "@force{0.00} eV Å⁻¹"), ("share", "@share{0.000%}")]
    fig.add_tools(HoverTool(tooltips=tooltips, mode="mouse", visible=False))
    return Plot(fig, sources, renderers, _legend(fig, {**renderers, "full set": [full]}))


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
    fig = _blank("", "")
    fig.axis.visible = False
    fig.grid.visible = False
    source = _empty("x", "y", "value", "frame")
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
