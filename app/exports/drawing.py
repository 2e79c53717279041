"""Convert Bokeh figures to SVG and PNG with matplotlib, without a browser and in any thread.

The visible glyphs, ranges, labels, legend and colour bar are drawn. Only the glyph types used in `plots` are
supported; others raise an error, so that no exported plot is incomplete.
"""

import io
from collections.abc import Iterable, Sequence

from bokeh.core.property.vectorization import Value
from bokeh.models import ColorMapper, FactorRange, FixedTicker, LinearColorMapper, LogScale
from bokeh.models.annotations import BoxAnnotation, ColorBar, Label, Legend, LegendItem, Span, Title
from bokeh.models.grids import Grid
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from quests_core.utils.escape import mathtext

from ..plots.base import limits, number
from .glyphs import POINT, draw_glyph, legend_handle

_INCHES, _DPI = (6.4, 4.6), 200
_DASHES = {"solid": "-", "dashed": "--", "dotted": ":", "dotdash": "-."}


def images(fig: figure) -> dict[str, bytes]:
    """Return a figure as the contents of an SVG and a PNG file, by suffix.

    Raises
    ------
    TypeError
        If the figure has an unsupported glyph.
    """
    files = {}
    with rc_context({
        "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
        "axes.edgecolor": "#8a929b", "axes.grid": True, "grid.color": "#dfe3e7", "grid.linewidth": 0.6,
        "axes.axisbelow": True, "legend.frameon": False,
    }):  # fmt: skip
        drawn = draw(fig)
        for suffix in ("svg", "png"):
            buffer = io.BytesIO()
            # Omit the date, so that equal figures give equal files.
            drawn.savefig(
                buffer, format=suffix, dpi=_DPI, metadata={"Date": None} if suffix == "svg" else None
            )
            files[suffix] = buffer.getvalue()
    return files


def draw(fig: figure) -> Figure:
    """Convert a Bokeh figure to a matplotlib figure."""
    drawn = Figure(figsize=_INCHES, layout="constrained")
    axes = drawn.add_subplot()
    _prepare(axes, fig)
    for order, renderer in enumerate(fig.renderers):
        if isinstance(renderer, GlyphRenderer) and renderer.visible:
            draw_glyph(axes, fig, renderer, 3 + 0.01 * order + 5 * (renderer.level == "overlay"))
    for item in [*fig.center, *fig.renderers]:
        _annotate(axes, item)
    for item in [*fig.right, *fig.above]:
        if isinstance(item, ColorBar) and item.visible:
            drawn.colorbar(_color_scale(item.color_mapper), ax=axes, label=mathtext(item.title or ""))
        elif isinstance(item, Legend) and item.visible:
            _legend(axes, fig, item)
    if isinstance(fig.title, Title) and fig.title.text:
        drawn.suptitle(mathtext(fig.title.text), fontsize=8, wrap=True)
    return drawn


def _color_scale(mapper: ColorMapper) -> ScalarMappable:
    if not isinstance(mapper, LinearColorMapper):
        raise TypeError(f"color_mapper: expected LinearColorMapper, got {type(mapper).__name__}")
    return ScalarMappable(Normalize(mapper.low, mapper.high), ListedColormap(list(mapper.palette)))


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
            getattr(axes, f"set_{name}ticks")(range(len(factors)), [mathtext(factor) for factor in factors])
            getattr(axes, f"set_{name}lim")(-0.5, len(factors) - 0.5)
            if name == "x":
                for label in axes.get_xticklabels():
                    label.set(rotation=35, ha="right", rotation_mode="anchor")
        else:
            if isinstance(scale, LogScale):
                getattr(axes, f"set_{name}scale")("log")
            getattr(axes, f"set_{name}lim")(*limits(span))
        if isinstance(axis.ticker, FixedTicker) and axis.major_label_overrides:
            ticks = _thinned(axis.ticker.ticks, *limits(span))
            names = [mathtext(axis.major_label_overrides.get(tick, f"{tick:g}")) for tick in ticks]
            getattr(axes, f"set_{name}ticks")(ticks, names)
        mine.set_label_text(mathtext(axis.axis_label or ""))
    axes.grid(_is_visible(fig.xgrid), axis="x")
    axes.grid(_is_visible(fig.ygrid), axis="y")


def _is_visible(grids: Sequence[Grid]) -> bool:
    return bool(grids) and grids[0].visible


def _thinned(ticks: Iterable[float], low: float, high: float) -> list[float]:
    """Return the ticks from `low` to `high` whose labels do not overlap; those nearest 0 come first."""
    least = (high - low) / 18
    kept: list[float] = []
    for tick in sorted(ticks, key=abs):
        if low <= tick <= high and all(abs(tick - other) >= least for other in kept):
            kept.append(tick)
    return sorted(kept)


def _annotate(axes: Axes, item) -> None:
    """Draw a span, a shaded box or a label."""
    if not item.visible:
        return
    if isinstance(item, Span):
        across = axes.axvline if item.dimension == "height" else axes.axhline
        dash = (
            item.line_dash if isinstance(item.line_dash, str) else ("dashed" if item.line_dash else "solid")
        )
        across(
            number(item.location), color=item.line_color, linewidth=POINT * item.line_width,
            linestyle=_DASHES[dash],
        )  # fmt: skip
    elif isinstance(item, BoxAnnotation):
        axes.axvspan(
            axes.get_xlim()[0], number(item.right), color=item.fill_color, alpha=item.fill_alpha, linewidth=0
        )
    elif isinstance(item, Label):
        on_screen, x, y = item.y_units == "screen", number(item.x), number(item.y)
        offset = (POINT * item.x_offset, POINT * (item.y_offset + (y if on_screen else 0)))
        axes.annotate(
            mathtext(item.text), (x, 0 if on_screen else y), offset,
            xycoords=axes.get_xaxis_transform() if on_screen else axes.transData,
            textcoords="offset points", ha=item.text_align, color=item.text_color, fontsize=8,
        )  # fmt: skip


def _legend(axes: Axes, fig: figure, legend: Legend) -> None:
    """Draw the visible legend items above the frame, each with its first glyph."""
    items = [
        item for item in legend.items if isinstance(item, LegendItem) and item.visible and item.renderers
    ]
    names = [mathtext(_name(item)) for item in items]
    handles = [legend_handle(fig, item.renderers[0].glyph) for item in items]
    if handles:
        axes.legend(
            handles, names, loc="lower right", bbox_to_anchor=(1, 1), ncols=min(len(handles), 5),
            borderaxespad=0.2, handlelength=1.8, columnspacing=1.2,
        )  # fmt: skip


def _name(item: LegendItem) -> str:
    return str(item.label.value if isinstance(item.label, Value) else item.label)
