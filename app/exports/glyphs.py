"""Draw each glyph type used in `plots` with matplotlib."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from bokeh.core.property.vectorization import Field
from bokeh.models import ColumnDataSource, FactorRange, LinearColorMapper
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from quests_core.utils.escape import mathtext

# Points (1/72 inch) per CSS pixel (1/96 inch).
POINT = 0.75
# Rasterize scatter plots of more points, which take megabytes as shapes in an SVG.
_MOST_SHAPES = 2000
_STEPS: dict[str, Literal["pre", "post", "mid"]] = {"before": "pre", "after": "post", "center": "mid"}
_MARKERS = {"circle": "o", "star": "*", "circle_cross": "o"}


@dataclass(frozen=True)
class _Glyph:
    """A glyph with its data and figure; calling it resolves a property."""

    glyph: Any
    data: dict
    fig: figure
    zorder: float

    def __call__(self, name: str) -> Any:
        """Return the value of a property, or the column it refers to."""
        spec = getattr(self.glyph, name)
        if isinstance(spec, Field):
            values = _array(self.data[spec.field])
            return (
                _mapped(values, spec.transform) if isinstance(spec.transform, LinearColorMapper) else values
            )
        if isinstance(spec, str) and spec in self.data:
            return _array(self.data[spec])
        return spec

    def along(self, axis: str, name: str) -> np.ndarray:
        """Return coordinates; a factor has its index in the range."""
        values, span = self(name), getattr(self.fig, f"{axis}_range")
        if isinstance(span, FactorRange):
            return np.array([span.factors.index(value) for value in values], dtype=float)
        return np.asarray(values, dtype=float)

    @property
    def line(self) -> dict:
        """Line properties for matplotlib."""
        dash = list(self.glyph.line_dash)
        style = (0, [max(POINT, part * POINT) for part in dash]) if dash else "-"
        return {
            "color": self("line_color"), "linewidth": POINT * self("line_width"), "linestyle": style,
            "alpha": self("line_alpha"), "zorder": self.zorder,
        }  # fmt: skip

    @property
    def fill(self) -> dict:
        """Fill properties for matplotlib."""
        return {
            "facecolor": _or_none(self("fill_color")), "alpha": self("fill_alpha"), "zorder": self.zorder,
        }  # fmt: skip


def _array(values) -> np.ndarray:
    array = np.asarray(values)
    # NumPy strings drop trailing NULs.
    return np.array(list(values), dtype=object) if array.dtype.kind == "U" else array


def _or_none(color):
    return "none" if color is None else color


def _mapped(values: np.ndarray, mapper: LinearColorMapper) -> np.ndarray:
    """Return the colours of values, shape (n, 4)."""
    palette = to_rgba_array(list(mapper.palette))
    # As in Bokeh, limits that are not set are those of the data.
    low = values.min() if mapper.low is None else mapper.low
    high = values.max() if mapper.high is None else mapper.high
    place = (values - low) / ((high - low) or 1.0) * len(palette)
    colors = palette[np.clip(place, 0, len(palette) - 1).astype(int)]
    if mapper.low_color is not None:
        colors[values < low] = to_rgba_array(mapper.low_color)
    return colors


def draw_glyph(axes: Axes, fig: figure, renderer: GlyphRenderer, zorder: float) -> None:
    """Draw a glyph with its data.

    Raises
    ------
    TypeError
        If the glyph type is not supported.
    """
    kind = type(renderer.glyph).__name__
    if kind not in _DRAWN:
        raise TypeError(f"renderer: expected one of {', '.join(_DRAWN)}, got {kind}")
    source = renderer.data_source
    if not isinstance(source, ColumnDataSource):
        raise TypeError(f"renderer: expected a ColumnDataSource, got {type(source).__name__}")
    data = dict(source.data)
    if any(len(column) for column in data.values()):
        _DRAWN[kind](axes, _Glyph(renderer.glyph, data, fig, zorder))


def _line(axes: Axes, glyph: _Glyph) -> None:
    axes.plot(glyph.along("x", "x"), glyph.along("y", "y"), **glyph.line)


def _step(axes: Axes, glyph: _Glyph) -> None:
    axes.step(glyph.along("x", "x"), glyph.along("y", "y"), where=_STEPS[glyph.glyph.mode], **glyph.line)


def _band(axes: Axes, glyph: _Glyph) -> None:
    x, low, high = (np.asarray(glyph(name), dtype=float) for name in ("x", "y1", "y2"))
    axes.fill_between(x, low, high, linewidth=0, **glyph.fill)


def _scatter(axes: Axes, glyph: _Glyph) -> None:
    fill, size = glyph("fill_color"), np.asarray(glyph("size"), dtype=float)
    colors = {"c": fill} if isinstance(fill, np.ndarray) else {"facecolors": _or_none(fill)}
    axes.scatter(
        glyph.along("x", "x"), glyph.along("y", "y"), s=(POINT * size) ** 2, **colors,
        marker=_MARKERS[glyph("marker")], edgecolors=_or_none(glyph("line_color")),
        linewidths=POINT * glyph("line_width"), alpha=glyph("fill_alpha"), zorder=glyph.zorder,
        rasterized=len(glyph("x")) > _MOST_SHAPES,
    )  # fmt: skip


def _text(axes: Axes, glyph: _Glyph) -> None:
    colors, offset = glyph("text_color"), (POINT * glyph("x_offset"), -POINT * glyph("y_offset"))
    for i, (x, y, text) in enumerate(
        zip(glyph.along("x", "x"), glyph.along("y", "y"), glyph("text"), strict=True)
    ):
        axes.annotate(
            mathtext(text), (x, y), offset, textcoords="offset points", ha=glyph("text_align"),
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


def legend_handle(fig: figure, glyph) -> Line2D | Rectangle:
    """Return the legend handle of a glyph."""
    kind = type(glyph).__name__
    if kind in ("Line", "Step"):
        return Line2D([], [], **_Glyph(glyph, {}, fig, 0).line)
    if kind == "Scatter":
        color = glyph.fill_color
        return Line2D([], [], marker=_MARKERS[glyph.marker], color=color, linestyle="none")
    # Bars with individual colours get a neutral one.
    fill = glyph.fill_color if str(glyph.fill_color).startswith("#") else "#5b8fb0"
    return Rectangle((0, 0), 1, 1, facecolor=fill, alpha=glyph.fill_alpha)
