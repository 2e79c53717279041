"""Compression curves: entropy against diversity, and overlap against size."""

from functools import partial

import numpy as np
from bokeh.models import HoverTool, Line, Scatter, Text, VArea
from bokeh.models.annotations import Label, Span
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from ..analysis.methods import METHOD_INFO, SEEDED_METHODS
from .base import Plot, add_legend, blank, empty, follow_theme, limits, set_range
from .palettes import FULL_COLOR

MARKED_PERCENT = (75, 50, 25, 10)
# Width and height of a label, as fractions of the smallest plot.
_LABEL = (0.1, 0.08)
_PATH_COLUMNS = ("diversity", "entropy", "percent", "overlap", "n_frames", "n_envs")


def path_columns(curve) -> dict[str, np.ndarray]:
    """Return a compression curve as columns, with fractions in percent."""
    return {
        "diversity": curve["diversity"].to_numpy(),
        "entropy": curve["entropy"].to_numpy(),
        "percent": 100 * curve["fraction"].to_numpy(),
        "overlap": 100 * curve["overlap"].to_numpy(),
        "n_frames": curve["n_frames"].to_numpy(),
        "n_envs": curve["n_envs"].to_numpy(),
    }


def marked_rows(fractions: np.ndarray) -> np.ndarray:
    """Return the rows of a curve nearest to 75, 50, 25 and 10 %."""
    fractions = np.asarray(fractions)
    rows = [int(np.argmin(np.abs(100 * fractions - percent))) for percent in MARKED_PERCENT]
    return np.array(list(dict.fromkeys(rows)))


def rows_of(columns: dict[str, np.ndarray], rows) -> dict[str, list]:
    """Return the given rows of columns as lists, with a label for the percentage.

    Bokeh would send each array to the browser in a separate message.
    """
    picked = {name: np.asarray(values)[rows].tolist() for name, values in columns.items()}
    return {**picked, "label": [f"{percent:.0f} %" for percent in picked["percent"]]}


def hide_overlapping_labels(columns: dict[str, list], fig: figure) -> dict[str, list]:
    """Blank the labels that would overlap an earlier one in the figure's range."""
    across, up = ((high - low) or 1 for low, high in (limits(fig.x_range), limits(fig.y_range)))
    return without_near_labels(columns, (across, up))


def without_near_labels(columns: dict[str, list], extent: tuple[float, float]) -> dict[str, list]:
    """Blank the labels that would overlap an earlier one in a figure of this `extent` along x and y."""
    shown: list[tuple[float, float]] = []
    labels = []
    across, up = extent
    for x, y, label in zip(columns["diversity"], columns["entropy"], columns["label"], strict=True):
        at = x / across, y / up
        near = any(abs(at[0] - a) < _LABEL[0] and abs(at[1] - b) < _LABEL[1] for a, b in shown)
        labels.append("" if near else label)
        if not near:
            shown.append(at)
    return {**columns, "label": labels}


def _draw_path(plot: Plot, method: str, x: str, y: str) -> list[GlyphRenderer]:
    """Add the line of a method, the ring at the current size, and the band of a seeded method."""
    fig, sources, color = plot.figure, plot.sources, METHOD_INFO[method].color
    sources[method], sources[f"{method} now"] = empty(*_PATH_COLUMNS), empty(*_PATH_COLUMNS, "label")
    # Not `fig.line`, which adds two more glyphs, for unselected and muted points.
    line = fig.add_glyph(
        sources[method],
        Line(x=x, y=y, line_color=color, line_width=2.2, line_dash=METHOD_INFO[method].dash),
        name=method,
    )
    ring = fig.add_glyph(
        sources[f"{method} now"],
        Scatter(x=x, y=y, size=13, line_width=3, line_color=color, fill_color="white"),
        level="overlay",
    )
    hover = next(tool for tool in fig.tools if isinstance(tool, HoverTool))
    hover.renderers = [*hover.renderers, line]
    return [line, ring, *([_draw_band(plot, method)] if method in SEEDED_METHODS else [])]


def _draw_band(plot: Plot, method: str) -> GlyphRenderer:
    """Add the band of a method below all lines."""
    fig, source = plot.figure, empty("x", "low", "high")
    plot.sources[f"{method} band"] = source
    band = fig.add_glyph(
        source, VArea(x="x", y1="low", y2="high", fill_color=METHOD_INFO[method].color, fill_alpha=0.22)
    )
    fig.renderers = [band, *(other for other in fig.renderers if other is not band)]
    return band


def _path_hover() -> HoverTool:
    return HoverTool(
        renderers=[],
        tooltips=[
            ("method", "$name"),
            ("frames", "@n_frames{0,0} (@percent{0.0} %)"),
            ("entropy / nats", "@entropy{0.000}"),
            ("diversity / nats", "@diversity{0.000}"),
            ("overlap", "@overlap{0.0} %"),
        ],
        mode="mouse",
        visible=False,
    )


def curve_plot() -> Plot:
    """Plot entropy against diversity along each method's path.

    The sources are ``full`` and, for each method shown, ``<method>`` (`path_columns`), ``<method> marks`` and
    ``<method> now`` (`rows_of`); methods in `SEEDED_METHODS` also have ``<method> band`` with the columns
    ``x``, ``low`` and ``high``.
    """
    fig = blank("diversity / nats", "entropy / nats")
    fig.add_tools(_path_hover())
    sources = {"full": empty("diversity", "entropy")}
    # Keep it above lines added later.
    full = fig.scatter(
        "diversity", "entropy", source=sources["full"], marker="star", size=17, color=FULL_COLOR,
        level="overlay",
    )  # fmt: skip
    return Plot(fig, sources, legend=add_legend(fig, {"full set": [full]}), draw=_draw_marked_path)


def _draw_marked_path(plot: Plot, method: str) -> list[GlyphRenderer]:
    """Add the renderers of a method, including labelled marks at `MARKED_PERCENT`."""
    drawn = _draw_path(plot, method, "diversity", "entropy")
    source, color = empty(*_PATH_COLUMNS, "label"), METHOD_INFO[method].color
    plot.sources[f"{method} marks"] = source
    marks = plot.figure.add_glyph(
        source, Scatter(x="diversity", y="entropy", size=7, line_color=color, fill_color=color)
    )
    plot.labels[method] = plot.figure.add_glyph(
        source,
        Text(
            x="diversity", y="entropy", text="label", x_offset=-8, y_offset=-6, text_align="right",
            text_font_size="11px", text_color=color,
        ),
    )  # fmt: skip
    return [*drawn, marks]


def overlap_plot() -> Plot:
    """Plot overlap against size; sources ``<method>``, ``<method> now`` and ``<method> band``."""
    fig = blank("frames kept / %", "overlap / %")
    set_range(fig.x_range, 0, 102)
    set_range(fig.y_range, 0, 104)
    fig.add_tools(_path_hover())
    return Plot(fig, {}, legend=add_legend(fig, {}), draw=partial(_draw_path, x="percent", y="overlap"))


def size_span() -> Span:
    """Return a vertical line for the current size."""
    return Span(location=0, dimension="height", line_color=FULL_COLOR, line_width=2, line_dash="dashed")


def target_span() -> Span:
    """Return a horizontal line for the target overlap, initially hidden."""
    return Span(location=0, dimension="width", line_color=FULL_COLOR, line_dash="dotted", visible=False)


def bound_line(fig: figure) -> tuple[Span, Label]:
    """Add a dotted line for ln N, the upper bound of the entropy, with its label."""
    span = Span(location=0, dimension="width", line_color=FULL_COLOR, line_width=2, line_dash="dotted")
    label = Label(x=6, x_units="screen", y=0, y_offset=2, text="", text_font_size="11px")
    fig.add_layout(span)
    fig.add_layout(label)
    follow_theme(fig, label)
    return span, label
