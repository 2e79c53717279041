"""Bokeh's figures drawn by matplotlib, as SVG and PNG: without a browser, so a worker thread can do it.

What is drawn is what the figure holds: its visible glyphs, ranges, labels, legend and colour bar. Only the
kinds of glyphs that `plots` uses are known; another one is an error, so that no plot leaves incomplete.
"""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.core.property.vectorization import Field
from bokeh.models import (
    BoxAnnotation,
    ColorBar,
    FactorRange,
    FixedTicker,
    GlyphRenderer,
    Label,
    Legend,
    LinearColorMapper,
    LogScale,
    Span,
)
from bokeh.plotting import figure
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

_INCHES, _DPI = (6.4, 4.6), 200
# Pixels of the page, 96 an inch, in points, of which there are 72.
_POINT = 0.75
_DASHES = {"solid": "-", "dashed": "--", "dotted": ":", "dotdash": "-."}
_MARKERS = {"circle": "o", "star": "*", "cross": "+", "x": "x"}
_STYLE = {
    "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#8a929b", "axes.grid": True, "grid.color": "#dfe3e7", "grid.linewidth": 0.6,
    "axes.axisbelow": True, "legend.frameon": False,
}  # fmt: skip


def images(fig: figure) -> dict[str, bytes]:
    """Return a figure as the contents of an SVG and of a PNG file, by their suffix.

    Raises
    ------
    TypeError
        If it holds a glyph that cannot be drawn.
    """
    files = {}
    with rc_context(_STYLE):
        drawn = draw(fig)
        for suffix in ("svg", "png"):
            buffer = io.BytesIO()
            # Without the date, equal figures give equal files.
            drawn.savefig(
                buffer, format=suffix, dpi=_DPI, metadata={"Date": None} if suffix == "svg" else None
            )
            files[suffix] = buffer.getvalue()
    return files


def draw(fig: figure) -> Figure:
    """Return a figure of Bokeh as one of matplotlib."""
    drawn = Figure(figsize=_INCHES, layout="constrained")
    axes = drawn.add_subplot()
    _prepare(axes, fig)
    for order, renderer in enumerate(fig.renderers):
        if isinstance(renderer, GlyphRenderer) and renderer.visible:
            _draw_glyph(axes, fig, renderer, 3 + 0.01 * order + 5 * (renderer.level == "overlay"))
    for item in [*fig.center, *fig.renderers]:
        _annotate(axes, item)
    for item in [*fig.right, *fig.above]:
        if isinstance(item, ColorBar) and item.visible:
            mapper = item.color_mapper
            colors = ScalarMappable(Normalize(mapper.low, mapper.high), ListedColormap(list(mapper.palette)))
            drawn.colorbar(colors, ax=axes, label=item.title or "")
        elif isinstance(item, Legend) and item.visible:
            _legend(axes, item)
    if fig.title is not None and fig.title.text:
        axes.set_title(fig.title.text)
    return drawn


def _prepare(axes: Axes, fig: figure) -> None:
    """Set ranges, scales, ticks and labels."""
    for name, axis, span, scale in (
        ("x", fig.xaxis[0], fig.x_range, fig.x_scale),
        ("y", fig.yaxis[0], fig.y_range, fig.y_scale),
    ):
        mine = getattr(axes, f"{name}axis")
        if not axis.visible:
            mine.set_visible(False)
            axes.spines[:].set_visible(False)
        if isinstance(span, FactorRange):
            factors = list(span.factors)
            getattr(axes, f"set_{name}ticks")(range(len(factors)), factors)
            getattr(axes, f"set_{name}lim")(-0.5, len(factors) - 0.5)
            if name == "x":
                axes.tick_params(axis="x", labelrotation=35)
        else:
            if isinstance(scale, LogScale):
                getattr(axes, f"set_{name}scale")("log")
            getattr(axes, f"set_{name}lim")(span.start, span.end)
        if isinstance(axis.ticker, FixedTicker) and axis.major_label_overrides:
            ticks = _thinned([t for t in axis.ticker.ticks if span.start <= t <= span.end], span)
            names = [axis.major_label_overrides.get(tick, f"{tick:g}") for tick in ticks]
            getattr(axes, f"set_{name}ticks")(ticks, names)
        mine.set_label_text(axis.axis_label or "")
    for name, grid in (("x", fig.xgrid), ("y", fig.ygrid)):
        axes.grid(bool(grid) and grid[0].visible, axis=name)


def _thinned(ticks: list[float], span) -> list[float]:
    """Return the ticks that leave room for each other's names, 0 first of all."""
    least, kept = (span.end - span.start) / 18, []
    for tick in sorted(ticks, key=abs):
        if all(abs(tick - other) >= least for other in kept):
            kept.append(tick)
    return sorted(kept)


@dataclass(frozen=True)
class _Glyph:
    """A glyph's properties, each as a value or as an array, and what it shares with the others."""

    glyph: Any
    data: dict
    fig: figure
    zorder: float

    def __call__(self, name: str) -> Any:
        """Return a property: a column of the source where it names one."""
        spec = getattr(self.glyph, name)
        if isinstance(spec, Field):
            values = np.asarray(self.data[spec.field])
            return (
                _mapped(values, spec.transform) if isinstance(spec.transform, LinearColorMapper) else values
            )
        if isinstance(spec, str) and spec in self.data:
            return np.asarray(self.data[spec])
        return spec

    def along(self, axis: str, name: str) -> np.ndarray:
        """Return coordinates; a factor's is its place in the range."""
        values, span = self(name), getattr(self.fig, f"{axis}_range")
        if isinstance(span, FactorRange):
            return np.array([span.factors.index(value) for value in values], dtype=float)
        return np.asarray(values, dtype=float)

    @property
    def line(self) -> dict:
        """How lines are drawn."""
        dash = list(self.glyph.line_dash)
        style = (0, [max(_POINT, part * _POINT) for part in dash]) if dash else "-"
        return {
            "color": self("line_color"), "linewidth": _POINT * self("line_width"), "linestyle": style,
            "alpha": self("line_alpha"), "zorder": self.zorder,
        }  # fmt: skip

    @property
    def fill(self) -> dict:
        """How areas are drawn."""
        return {
            "facecolor": _or_none(self("fill_color")), "alpha": self("fill_alpha"), "zorder": self.zorder,
        }  # fmt: skip


def _or_none(color):
    return "none" if color is None else color


def _mapped(values: np.ndarray, mapper: LinearColorMapper) -> np.ndarray:
    """Return the colours of numbers, shape (n, 4)."""
    palette = to_rgba_array(list(mapper.palette))
    place = (values - mapper.low) / ((mapper.high - mapper.low) or 1.0) * len(palette)
    colors = palette[np.clip(place, 0, len(palette) - 1).astype(int)]
    if mapper.low_color is not None:
        colors[values < mapper.low] = to_rgba_array(mapper.low_color)
    return colors


def _draw_glyph(axes: Axes, fig: figure, renderer: GlyphRenderer, zorder: float) -> None:
    kind = type(renderer.glyph).__name__
    if kind not in _DRAWN:
        raise TypeError(f"renderer: expected one of {', '.join(_DRAWN)}, got {kind}")
    data = renderer.data_source.data
    if any(len(column) for column in data.values()):
        _DRAWN[kind](axes, _Glyph(renderer.glyph, data, fig, zorder))


def _line(axes: Axes, glyph: _Glyph) -> None:
    axes.plot(glyph.along("x", "x"), glyph.along("y", "y"), **glyph.line)


def _step(axes: Axes, glyph: _Glyph) -> None:
    where = {"before": "pre", "after": "post", "center": "mid"}[glyph.glyph.mode]
    axes.step(glyph.along("x", "x"), glyph.along("y", "y"), where=where, **glyph.line)


def _band(axes: Axes, glyph: _Glyph) -> None:
    x, low, high = (np.asarray(glyph(name), dtype=float) for name in ("x", "y1", "y2"))
    axes.fill_between(x, low, high, linewidth=0, **glyph.fill)


def _scatter(axes: Axes, glyph: _Glyph) -> None:
    fill, size = glyph("fill_color"), np.asarray(glyph("size"), dtype=float)
    colors = {"c": fill} if isinstance(fill, np.ndarray) else {"facecolors": _or_none(fill)}
    axes.scatter(
        glyph.along("x", "x"), glyph.along("y", "y"), s=(_POINT * size) ** 2, **colors,
        marker=_MARKERS[glyph("marker")], edgecolors=_or_none(glyph("line_color")),
        linewidths=_POINT * glyph("line_width"), alpha=glyph("fill_alpha"), zorder=glyph.zorder,
    )  # fmt: skip


def _text(axes: Axes, glyph: _Glyph) -> None:
    colors, offset = glyph("text_color"), (_POINT * glyph("x_offset"), -_POINT * glyph("y_offset"))
    for i, (x, y, text) in enumerate(
        zip(glyph.along("x", "x"), glyph.along("y", "y"), glyph("text"), strict=True)
    ):
        axes.annotate(
            str(text), (x, y), offset, textcoords="offset points", ha=glyph("text_align"),
            va={"middle": "center"}.get(glyph("text_baseline"), "bottom"), fontsize=8, clip_on=True,
            color=colors[i] if isinstance(colors, np.ndarray) else colors, zorder=glyph.zorder,
        )  # fmt: skip


def _bars(axes: Axes, glyph: _Glyph) -> None:
    color = glyph("fill_color")
    fill = {**glyph.fill, "facecolor": color.tolist() if isinstance(color, np.ndarray) else color}
    edge = glyph("line_color") if glyph.glyph.line_dash else "none"
    axes.barh(
        glyph.along("y", "y"),
        np.asarray(glyph("right"), dtype=float),
        glyph("height"),
        edgecolor=edge,
        **fill,
    )


def _quads(axes: Axes, glyph: _Glyph) -> None:
    left, right, top = (np.asarray(glyph(name), dtype=float) for name in ("left", "right", "top"))
    axes.bar(
        left, top, right - left, align="edge", edgecolor=glyph("line_color"), linewidth=0.6, **glyph.fill
    )


def _rects(axes: Axes, glyph: _Glyph) -> None:
    x, y, colors = glyph.along("x", "x"), glyph.along("y", "y"), glyph("fill_color")
    for at, color in zip(zip(x - 0.5, y - 0.5, strict=True), colors, strict=True):
        axes.add_patch(Rectangle(at, 1, 1, facecolor=color, edgecolor="white", zorder=glyph.zorder))


def _image(axes: Axes, glyph: _Glyph) -> None:
    (x,), (y,), (width,), (height,) = (glyph(name) for name in ("x", "y", "dw", "dh"))
    colors = to_rgba_array(list(glyph.glyph.color_mapper.palette))
    axes.imshow(
        colors[glyph.data["image"][0]], extent=(x, x + width, y, y + height), origin="lower", aspect="auto",
        interpolation="nearest", zorder=glyph.zorder,
    )  # fmt: skip


_DRAWN = {
    "Line": _line, "Step": _step, "VArea": _band, "Scatter": _scatter, "Text": _text, "HBar": _bars,
    "Quad": _quads, "Rect": _rects, "Image": _image,
}  # fmt: skip


def _annotate(axes: Axes, item) -> None:
    """Draw a line across, a shaded part or a label."""
    if not item.visible:
        return
    if isinstance(item, Span):
        across = axes.axvline if item.dimension == "height" else axes.axhline
        dash = (
            item.line_dash if isinstance(item.line_dash, str) else ("dashed" if item.line_dash else "solid")
        )
        across(
            item.location, color=item.line_color, linewidth=_POINT * item.line_width, linestyle=_DASHES[dash]
        )
    elif isinstance(item, BoxAnnotation):
        axes.axvspan(
            axes.get_xlim()[0], item.right, color=item.fill_color, alpha=item.fill_alpha, linewidth=0
        )
    elif isinstance(item, Label):
        offset = (
            _POINT * item.x_offset,
            _POINT * (item.y_offset + (item.y if item.y_units == "screen" else 0)),
        )
        place = axes.get_xaxis_transform() if item.y_units == "screen" else axes.transData
        axes.annotate(
            item.text, (item.x, 0 if item.y_units == "screen" else item.y), offset, xycoords=place,
            textcoords="offset points", ha=item.text_align, color=item.text_color, fontsize=8,
        )  # fmt: skip


def _legend(axes: Axes, legend: Legend) -> None:
    """Draw the visible items above the frame, each as its first glyph looks."""
    handles = []
    for item in legend.items:
        if not item.visible or not item.renderers:
            continue
        glyph = item.renderers[0].glyph
        name = item.label.value if hasattr(item.label, "value") else item.label
        if hasattr(glyph, "line_color") and type(glyph).__name__ in ("Line", "Step"):
            mine = _Glyph(glyph, {}, None, 0).line
            handles.append(Line2D([], [], label=name, **mine))
        elif type(glyph).__name__ == "Scatter":
            marker, color = _MARKERS[glyph.marker], glyph.fill_color
            handles.append(Line2D([], [], label=name, marker=marker, color=color, linestyle="none"))
        else:
            fill = glyph.fill_color if str(glyph.fill_color).startswith("#") else "#5b8fb0"
            handles.append(Rectangle((0, 0), 1, 1, label=name, facecolor=fill, alpha=glyph.fill_alpha))
    if handles:
        axes.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=min(len(handles), 5),
            borderaxespad=0.2, handlelength=1.8, columnspacing=1.2,
        )  # fmt: skip
