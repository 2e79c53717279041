"""Figures for comparing sets: δH histograms, a joint map, overlaps, and additions to a reference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FactorRange,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    NoOverlap,
    NumeralTickFormatter,
    Scatter,
    TapTool,
)
from bokeh.models.annotations import ColorBar, Span
from bokeh.palettes import Cividis256
from bokeh.plotting import figure

from quests_core.information.entropy import OVERLAP_THRESHOLD

from ..analysis.methods import METHOD_INFO
from .base import Plot, add_legend, blank, clear, empty, padded, set_data, set_range
from .palettes import FULL_COLOR, NOVELTY, NOVELTY_LIMIT

SET_COLOR, REFERENCE_COLOR, COVERED_COLOR = "#0072B2", "#D55E00", "#56B4E9"
# δH spans −10 to thousands of nats: the axis is linear up to about this, then logarithmic.
_LINEAR = 2.0
TICKS = (-20, -10, -5, -2, 0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
GREY = "#c3c9d1"


def asinh_scale(values):
    """Return axis positions asinh(δH / 2): linear near 0, logarithmic in the tails."""
    return np.arcsinh(np.asarray(values, dtype=float) / _LINEAR)


def novelty_edges(*values: np.ndarray, count: int = 60) -> np.ndarray:
    """Return bin edges, evenly spaced on the asinh axis, that span all values and include 0."""
    finite = asinh_scale(np.concatenate([v[np.isfinite(v)] for v in values]))
    low, high = min(-0.5, float(finite.min(initial=0.0))), max(0.5, float(finite.max(initial=0.0)))
    width = (high - low) / count
    return width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)


def histogram_data(values: np.ndarray, edges: np.ndarray) -> dict[str, np.ndarray]:
    """Return the percentage of the finite values in each bin, and its limits in nats."""
    values = asinh_scale(values[np.isfinite(values)])
    share = 100 * np.histogram(values, edges)[0] / max(1, len(values))
    nats = _LINEAR * np.sinh(edges)
    return {"left": edges[:-1], "right": edges[1:], "share": share, "low": nats[:-1], "high": nats[1:]}


def novelty_plot() -> Plot:
    """Plot two histograms of δH; sources ``set`` and ``reference`` (`histogram_data`)."""
    fig = blank("δH / nats", "environments / %")
    fig.xaxis.ticker = FixedTicker(ticks=asinh_scale(TICKS).tolist())
    labels = zip(asinh_scale(TICKS).tolist(), TICKS, strict=True)
    fig.xaxis.major_label_overrides = {at: f"{tick:,}".replace("-", "−") for at, tick in labels}
    fig.xaxis.major_label_policy = NoOverlap(min_distance=8)
    sources, renderers = {}, {}
    names = {
        "set": ("this file | reference", SET_COLOR),
        "reference": ("reference | this file", REFERENCE_COLOR),
    }
    for key, (name, color) in names.items():
        sources[key] = empty("left", "right", "share", "low", "high")
        bars = fig.quad(
            left="left", right="right", bottom=0, top="share", source=sources[key], fill_color=color,
            fill_alpha=0.35, line_color=color, line_width=1.2,
        )  # fmt: skip
        renderers[name] = [bars]
    fig.add_layout(Span(location=0, dimension="height", line_color=FULL_COLOR, line_dash="dashed"))
    tooltips = [("δH / nats", "@low{0.0} to @high{0.0}"), ("environments", "@share{0.00} %")]
    fig.add_tools(HoverTool(tooltips=tooltips, visible=False))
    return Plot(fig, sources, renderers, add_legend(fig, renderers))


@dataclass(frozen=True)
class SetMap:
    """Joint map of two sets; a tapped point of the open set is in ``source.selected``."""

    figure: figure
    source: ColumnDataSource
    reference: ColumnDataSource
    current: ColumnDataSource
    mapper: LinearColorMapper

    def set_points(self, xy, novelty, frames, back_xy) -> None:
        """Replace the points; pass the most novel last, so that they are drawn on top."""
        self.reference.data = {"x": back_xy[:, 0], "y": back_xy[:, 1]}
        self.source.data = {"x": xy[:, 0], "y": xy[:, 1], "value": novelty, "frame": frames}
        novel = novelty[novelty > self.mapper.low]
        # Do not let a few outliers use up the colour scale.
        self.mapper.high = max(1.0, float(np.percentile(novel, 95))) if len(novel) else 1.0
        both = np.concatenate([xy, back_xy])
        set_range(self.figure.x_range, *padded(both[:, 0], 0.03))
        set_range(self.figure.y_range, *padded(both[:, 1], 0.03))


def set_map() -> SetMap:
    """Create an empty joint map of two sets."""
    fig = blank("", "")
    fig.axis.visible = fig.grid.visible = False
    source, reference, current = empty("x", "y", "value", "frame"), empty("x", "y"), empty("x", "y")
    mapper = LinearColorMapper(
        palette=list(NOVELTY), low=OVERLAP_THRESHOLD, high=NOVELTY_LIMIT, low_color=COVERED_COLOR
    )
    grey = fig.add_glyph(
        reference, Scatter(x="x", y="y", size=5, fill_color=GREY, fill_alpha=0.6, line_color=None)
    )
    points = Scatter(
        x="x",
        y="y",
        size=5,
        fill_color={"field": "value", "transform": mapper},
        fill_alpha=0.8,
        line_color=None,
    )
    shown = fig.add_glyph(source, points, selection_glyph=points, nonselection_glyph=points)
    fig.scatter("x", "y", source=current, size=16, fill_color=None, line_color=FULL_COLOR, line_width=3)
    tooltips = [("frame", "@frame{0,0}"), ("δH / nats", "@value{0.00}")]
    fig.add_tools(HoverTool(renderers=[shown], tooltips=tooltips, visible=False))
    fig.add_tools(TapTool(renderers=[shown], visible=False))
    add_legend(fig, {"reference": [grey]})
    fig.add_layout(
        ColorBar(
            color_mapper=mapper, width=10, padding=6, title="δH / nats", background_fill_alpha=0,
            formatter=NumeralTickFormatter(format="0.[0]"),
        ),
        "right",
    )  # fmt: skip
    return SetMap(fig, source, reference, current, mapper)


def short_names(names: Sequence[str], length: int = 22) -> list[str]:
    """Shorten names to fit an axis and keep them distinct."""
    short, seen = [], set()
    for name in names:
        text = base = name if len(name) <= length else f"{name[: length - 1]}…"
        number = 1
        while text in seen:
            number += 1
            text = f"{base} ({number})"
        seen.add(text)
        short.append(text)
    return short


def matrix_data(matrix: np.ndarray, names: Sequence[str]) -> dict[str, list]:
    """Return a matrix as cells: rows are covered sets, columns the covering ones."""
    short = short_names(names)
    n, values = len(names), 100 * np.asarray(matrix).ravel()
    rows, columns = np.repeat(np.arange(n), n).tolist(), np.tile(np.arange(n), n).tolist()
    return {
        "query": [short[i] for i in rows],
        "known": [short[j] for j in columns],
        "query_name": [names[i] for i in rows],
        "known_name": [names[j] for j in columns],
        "share": values.tolist(),
        "text": [_cell(value) for value in values],
        "color": ["#ffffff" if value < 55 else "#10202c" for value in values],
    }


def _cell(percent: float) -> str:
    """Format a percentage as an integer; show 0 and 100 only if exact."""
    if percent in (0, 100):
        return f"{percent:.0f}"
    return f"{min(max(percent, 0.1), 99.9):.1f}" if percent < 1 or percent > 99 else f"{percent:.0f}"


def matrix_plot() -> Plot:
    """Plot a heat map of overlaps; source ``cells``, updated by `show_matrix`."""
    source = empty("query", "known", "query_name", "known_name", "share", "text", "color")
    fig = figure(
        x_range=FactorRange(), y_range=FactorRange(), x_axis_label="covered by",
        y_axis_label="environments of", tools="save", toolbar_location="above", toolbar_inner=True,
        min_height=200, sizing_mode="stretch_both", background_fill_alpha=0, border_fill_alpha=0,
        outline_line_color=None,
    )  # fmt: skip
    fig.toolbar.logo, fig.toolbar.autohide = None, True
    fig.grid.visible = False
    fig.xaxis.major_label_orientation = 0.6
    mapper = LinearColorMapper(palette=list(Cividis256), low=0, high=100)
    cells = fig.rect(
        "known", "query", 1, 1, source=source, fill_color={"field": "share", "transform": mapper},
        line_color="white", line_width=1,
    )  # fmt: skip
    fig.text(
        "known", "query", "text", source=source, text_align="center", text_baseline="middle",
        text_font_size="11px", text_color="color",
    )  # fmt: skip
    tooltips = [
        ("environments of", "@query_name"),
        ("covered by", "@known_name"),
        ("overlap", "@share{0.00} %"),
    ]
    fig.add_tools(HoverTool(renderers=[cells], tooltips=tooltips, visible=False))
    fig.add_layout(
        ColorBar(color_mapper=mapper, width=10, title="overlap / %", background_fill_alpha=0), "right"
    )
    return Plot(fig, {"cells": source})


def show_matrix(plot: Plot, matrix: np.ndarray, names: Sequence[str]) -> None:
    """Show a matrix with its first row at the top."""
    data = matrix_data(matrix, names)
    short = short_names(names)
    clear(plot.sources["cells"])
    plot.figure.x_range.update(factors=short)
    plot.figure.y_range.update(factors=short[::-1])
    set_data(plot.sources["cells"], data)


def addition_plot() -> tuple[Plot, Span]:
    """Plot coverage against frames added, and return the line for the current size.

    The sources are ``given`` (starting from the reference) and ``alone`` (without it).
    """
    fig = blank("frames added to the reference", "covered by both / %")
    set_range(fig.y_range, 0, 104)
    sources = {name: empty("n_frames", "percent") for name in ("given", "alone")}
    given, alone = (
        fig.line(
            "n_frames", "percent", source=sources[name], color=METHOD_INFO[method].color, line_width=2.4,
            line_dash=dash,
        )
        for name, method, dash in (("given", "msc given", "solid"), ("alone", "msc", "dashed"))
    )  # fmt: skip
    span = Span(location=0, dimension="height", line_color=FULL_COLOR, line_width=2, line_dash="dashed")
    fig.add_layout(span)
    renderers = {"msc given the reference": [given], "msc without it": [alone]}
    tooltips = [("frames added", "@n_frames{0,0}"), ("covered", "@percent{0.0} %")]
    fig.add_tools(HoverTool(tooltips=tooltips, visible=False))
    return Plot(fig, sources, renderers, add_legend(fig, renderers)), span
