"""Building blocks of all figures.

A function ``*_plot`` creates a figure once; a function ``*_data`` converts arrays to the columns of one of
its sources, so that moving the slider only replaces columns.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsFloat
from urllib.parse import quote

import numpy as np
from bokeh.models import ColumnDataSource, CustomAction, CustomJS, Range1d, SaveTool, Text
from bokeh.models.annotations import Label, Legend, LegendItem
from bokeh.models.ranges import NumericalRange, Range
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from ..analysis.methods import METHODS

if TYPE_CHECKING:
    from bokeh.models.sources import DataDict

# The page renders on a canvas, which is fast; the SVG is rendered on request.
_SAVE_SVG = """
const view = Bokeh.index.find_one(fig);
view.export("svg").to_blob().then((blob) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
});
"""
_SVG_ICON = "data:image/svg+xml;utf8," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><text x="12" y="16" '
    'text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="10" fill="#5c6873">SVG'
    "</text></svg>"
)
_NO_LETTERS = re.compile("[^a-z]+")
_TOOLS = "pan,wheel_zoom,box_zoom,reset,save"


@dataclass(frozen=True)
class Plot:
    """A figure, its sources, and the renderers of each method.

    `draw` adds the sources and renderers of a method and returns the renderers; the first one appears in
    the legend. It is called when the method is first shown, since unused renderers slow the page down.
    """

    figure: figure
    sources: dict[str, ColumnDataSource]
    renderers: dict[str, list[GlyphRenderer]] = field(default_factory=dict)
    legend: dict[str, LegendItem] = field(default_factory=dict)
    labels: dict[str, GlyphRenderer] = field(default_factory=dict)
    draw: "DrawMethod | None" = None

    def show_methods(self, methods: Iterable[str]) -> None:
        """Show only these methods."""
        methods = set(methods)
        self.add_methods(methods)
        for method, renderers in self.renderers.items():
            for renderer in renderers:
                renderer.visible = method in methods
            self.legend[method].visible = method in methods

    def add_methods(self, methods: Iterable[str]) -> None:
        """Add the renderers of these methods that are missing."""
        if self.draw is None:
            return
        missing = [method for method in METHODS if method in set(methods) - self.renderers.keys()]
        document = self.figure.document
        # Freeze once: the document recounts its models at every change.
        with document.models.freeze() if missing and document is not None else nullcontext():
            for method in missing:
                self._add(method, self.draw(self, method))

    def _add(self, method: str, renderers: list[GlyphRenderer]) -> None:
        self.renderers[method] = renderers
        self.legend[method] = LegendItem(label=method, renderers=renderers[:1])
        ranks = {name: rank for rank, name in enumerate(METHODS)}
        legend = next(layout for layout in self.figure.above if isinstance(layout, Legend))
        legend.items = [
            self.legend[name] for name in sorted(self.legend, key=lambda n: ranks.get(n, len(ranks)))
        ]


DrawMethod = Callable[[Plot, str], list[GlyphRenderer]]


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


def follow_theme(fig: figure, *texts: Label | Text) -> None:
    """Keep the colour of texts in a figure equal to that of the axis labels, which the theme sets.

    No fixed grey is legible on both white and black. Labels get a translucent background, so that lines
    behind them do not make them illegible.
    """
    for text in texts:
        axis, link = fig.xaxis[0], {"text": text}
        if isinstance(text, Text):
            code = "text.text_color = {value: cb_obj.major_label_text_color}"
        else:
            code = "text.text_color = cb_obj.major_label_text_color"
            text.update(background_fill_color="white", background_fill_alpha=0.6)
            background = "text.background_fill_color = cb_obj.background_fill_color"
            fig.js_on_change("background_fill_color", CustomJS(args=link, code=background))
        axis.js_on_change("major_label_text_color", CustomJS(args=link, code=code))


def blank(x_label: str, y_label: str, **options) -> figure:
    """Return an empty figure in the page's style with ranges from 0 to 1."""
    fig = figure(
        x_axis_label=x_label,
        y_axis_label=y_label,
        tools=_TOOLS,
        toolbar_location="above",
        toolbar_inner=True,
        x_range=Range1d(start=0, end=1),
        y_range=options.pop("y_range", None) or Range1d(start=options.pop("y_start", 0), end=1),
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
    name = _NO_LETTERS.sub("-", f"{y_label} {x_label}".lower()).strip("-") or "plot"
    # Without a file name the tool opens a prompt.
    next(tool for tool in fig.toolbar.tools if isinstance(tool, SaveTool)).filename = name
    fig.add_tools(svg_tool(fig, name))
    return fig


def svg_tool(fig: figure, name: str) -> CustomAction:
    """Return a tool that saves a figure as SVG; Bokeh's own saves a PNG."""
    callback = CustomJS(args={"fig": fig, "name": f"{name}.svg"}, code=_SAVE_SVG)
    return CustomAction(icon=_SVG_ICON, description="Save as SVG", callback=callback)


def add_legend(fig: figure, renderers: Mapping[str, Sequence[GlyphRenderer]]) -> dict[str, LegendItem]:
    """Add a legend above the frame with the first renderer of each name."""
    items = {name: LegendItem(label=name, renderers=[r[0]]) for name, r in renderers.items()}
    # Above the frame, since curves may cross every corner inside it.
    legend = Legend(
        items=list(items.values()),
        orientation="horizontal",
        padding=0,  # type: ignore[arg-type]  # Bokeh's stub omits plain integers
        margin=2,
        spacing=14,
        label_text_font_size="12px",
    )
    fig.add_layout(legend, "above")
    return items


def empty(*columns: str) -> ColumnDataSource:
    """Return a source with these columns and no rows."""
    return ColumnDataSource({column: [] for column in columns})


def set_data(source: ColumnDataSource, data: Mapping[str, Sequence[Any] | np.ndarray]) -> None:
    """Replace all columns of a source at once."""
    columns: DataDict = dict(data)
    source.data = columns


def clear(source: ColumnDataSource) -> None:
    """Remove all rows of a source."""
    set_data(source, {column: [] for column in source.column_names})
