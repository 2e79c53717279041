"""What the figures of the page have and HoloViews cannot draw, set on the rendered models.

- `frame`: fills its card in the light theme, its tools are in a bar that hides itself, one of them saves SVG;
- `point_glyphs`: no glyphs of their own for selected, unselected and muted points, which slow a page down;
- `steps` and `bands`: Bokeh's own steps and areas, so that a source has the columns of the data;
- `pin`: texts that stay at the edge of the frame while the axes move;
- `bar_titles`: titles beside the middle of their colour bars;
- `follow_theme`: texts in the colour of the axis labels, which the theme of the page sets;
- `fill_with_paper`: rings that are white on white and black on black;
- `clear_behind`: texts that no curve strikes through;
- `all_ticks`: ticks for every range that the axis may get, of which the browser omits those that overlap;
- `name_ticks`: names of sets that come and go; `color_column`: a colour for each bar;
- `map_colors_of`: colours of the quantity itself, not of a copy of its column;
- `add_handle`: a drag or click that selects a size;
- `add_selection`: lasso and box, whose shape the server resolves; `add_span_selection`: a range along x;
- `add_tap`: a click on a point;
- `add_pointer`: what is under the pointer, which the server knows;
- `add_glyph`: rings around points.

The layers of the map of few environments are in `map`. All change a `Template` before it is copied.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from bokeh.core.property.vectorization import Field
from bokeh.models import (
    BoxSelectTool,
    BoxZoomTool,
    ColumnDataSource,
    CustomAction,
    CustomJS,
    FixedTicker,
    HoverTool,
    LassoSelectTool,
    NoOverlap,
    PanTool,
    ResetTool,
    SaveTool,
    Step,
    TapTool,
    Text,
    VArea,
    WheelZoomTool,
)
from bokeh.models.annotations import ColorBar, Label, Title
from bokeh.models.axes import Axis
from bokeh.models.glyph import Glyph
from bokeh.models.mappers import ColorMapper
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from .page_theme import SECONDARY, set_light_theme
from .palettes import FULL_COLOR
from .template import Key, Template

# As many entries in a row as fit. The theme of the page sets sizes and gaps whatever the legend's model says.
_LEGEND = """
:host { max-width: 100%; }
.bk-grid { display: flex; flex-wrap: wrap; width: auto; gap: 0 12px !important; }
.bk-item { gap: 5px !important; }
.bk-item .bk-label { font-size: 12px !important; line-height: 16px !important; min-height: 0 !important; }
"""
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
# Bokeh escapes the address once more, which only base64 survives.
_SVG_ICON = (
    "data:image/svg+xml;base64,"
    + b64encode(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><text x="12" y="16" '
        b'text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="10" fill="#5c6873">SVG'
        b"</text></svg>"
    ).decode()
)
# Runs in the browser for immediate feedback; the server is notified only when the size changes.
_NEAREST = """
const moved = cb_obj.event_name != 'tap'
if (moved && figure.toolbar.gestures.pan.active != null) return
const {x, y, n_frames} = sizes.data
const width = figure.inner_width / (figure.x_range.end - figure.x_range.start)
const height = along_x ? 0 : figure.inner_height / (figure.y_range.end - figure.y_range.start)
let best = -1, least = Infinity
for (let i = 0; i < n_frames.length; i++) {
  const distance = Math.hypot((x[i] - cb_obj.x) * width, (y[i] - cb_obj.y) * height)
  if (distance < least) { least = distance; best = i }
}
if (best < 0 || requested.data.n_frames[0] == n_frames[best]) return
if (span != null) span.location = x[best]
requested.data = {n_frames: [n_frames[best]]}
"""
# Tells the server where the pointer rests: it knows the points of an image too.
_REST = """
clearTimeout(pointer.timer)
const {x, y, event_name} = cb_obj
if (event_name == 'mousemove') pointer.timer = setTimeout(() => { pointer.data = {x: [x], y: [y]} }, 80)
else if (pointer.data.x.length > 0) pointer.data = {x: [], y: []}
"""
# The renderers of methods that are shown later are not known yet.
_PAPER = "paper"
_FILL = f"""
for (const {{name, glyph}} of figure.renderers)
  if (name == '{_PAPER}') glyph.fill_color = {{value: figure.background_fill_color}}
"""
_NO_LETTERS = re.compile("[^a-z]+")


def frame(template: Template, zooms: bool = True) -> None:
    """Fit the figure to its card, with the tools of the page."""
    fig = template.figure
    # The margin brings the row of the tools, which is seen while pointed at, closer to the heading.
    fig.update(
        width=None, height=None, sizing_mode="stretch_both", align="auto", min_height=200,
        styles={"margin-top": "-10px"},
        min_border_left=None, min_border_right=16, min_border_top=None, min_border_bottom=None,
        background_fill_alpha=0, border_fill_alpha=0, outline_line_color=None, toolbar_inner=False,
        toolbar_location="above", output_backend="canvas",
    )  # fmt: skip
    for legend in fig.legend:
        # Above the frame, since curves may cross every corner inside it.
        legend.update(
            click_policy="none", padding=0, margin=2, border_line_alpha=0, background_fill_alpha=0,
            stylesheets=[_LEGEND],
        )  # fmt: skip
    bar_titles(template)
    hovers = [tool for tool in fig.tools if isinstance(tool, HoverTool)]
    for tool in hovers:
        tool.visible = False
    # Without a file name the tool opens a prompt.
    name = _file_name(fig)
    tools = [PanTool(), WheelZoomTool(), BoxZoomTool(), ResetTool()] if zooms else []
    # The wheel scrolls the page until its tool is chosen.
    fig.toolbar.update(
        logo=None, autohide=True, active_drag="auto", active_scroll=None, active_inspect="auto",
        active_tap="auto", tools=[*tools, SaveTool(filename=name), svg_tool(fig, name), *hovers],
    )  # fmt: skip
    for part in template.parts.values():
        if isinstance(part, GlyphRenderer):
            point_glyphs(part)
    models = {*fig.references(), *(one for part in template.parts.values() for one in part.references())}
    set_light_theme(models)
    for model in models:
        model.tags = []


def bar_titles(template: Template) -> None:
    """Put the title of each colour bar beside its middle, as part ``BarTitle``; Bokeh puts it at the foot."""
    fig = template.figure
    for bar in [one for one in fig.right if isinstance(one, ColorBar)]:
        title = Title(
            text=bar.title or "", align="center", text_font_size="12px", text_font_style="normal", standoff=6
        )
        bar.title = None
        fig.add_layout(title, "right")
        template.parts["BarTitle", ""] = title
        code = "title.text_color = cb_obj.axis_label_text_color"
        fig.xaxis[0].js_on_change("axis_label_text_color", CustomJS(args={"title": title}, code=code))


def _file_name(fig: figure) -> str:
    labels = [str(axis.axis_label or "") for axis in (fig.yaxis[0], fig.xaxis[0]) if axis.visible]
    return _NO_LETTERS.sub("-", " ".join(labels).lower()).strip("-") or "plot"


def svg_tool(fig: figure, name: str) -> CustomAction:
    """Return a tool that saves a figure as SVG; Bokeh's own saves a PNG."""
    callback = CustomJS(args={"fig": fig, "name": f"{name}.svg"}, code=_SAVE_SVG)
    return CustomAction(icon=_SVG_ICON, description="Save as SVG", callback=callback)


def point_glyphs(renderer: GlyphRenderer, selected: Glyph | str = "auto") -> None:
    """Draw points by one glyph, whether they are selected or not."""
    renderer.update(
        selection_glyph=selected, nonselection_glyph=selected, muted_glyph="auto", hover_glyph=None
    )


def steps(template: Template, group: str, mode: Literal["before", "after"]) -> None:
    """Draw the curves of a group as steps of the given mode, whose vertices need no columns."""
    _redraw(template, group, lambda line: Step(mode=mode, **_set(line)))


def bands(template: Template, group: str = "Band") -> None:
    """Draw the areas of a group between the columns ``low`` and ``high`` over ``x``."""

    def area(patch) -> VArea:
        fill = {name: value for name, value in _set(patch).items() if name.startswith("fill_")}
        return VArea(x="x", y1="low", y2="high", **fill)

    _redraw(template, group, area)
    for (name, _), part in template.parts.items():
        if name == group:
            part.data_source.data = {"x": [], "low": [], "high": []}


def _redraw(template: Template, group: str, glyph_of: Callable[[Any], Glyph]) -> None:
    for (name, _), part in template.parts.items():
        if name == group:
            part.glyph = glyph_of(part.glyph)


def _set(glyph: Glyph) -> dict[str, Any]:
    return glyph.properties_with_values(include_defaults=False)


def pin(template: Template, key: Key, **place) -> None:
    """Make a text a label with a place in the frame, such as ``x=6, x_units="screen"``."""
    drawn = template.parts[key]
    glyph, columns = drawn.glyph, drawn.data_source.data
    looks = {name: _plain(getattr(glyph, name)) for name in ("text_font_size", "text_align", "text_baseline")}
    at = {"x": columns["x"][0], "y": columns["y"][0], "text": columns["text"][0]}
    label = Label(**{**at, **looks, **place})
    template.annotate(key, label)
    follow_theme(template.figure, label)


def _plain(spec: Any) -> Any:
    """Return the value of a property that may be a column, and is none."""
    return getattr(spec, "value", spec)


def follow_theme(fig: figure, *texts: Label | Text) -> None:
    """Keep the colour of texts in a figure equal to that of the axis labels, which the theme sets.

    No fixed grey is legible on both white and black. Labels get a background, see `clear_behind`.
    """
    for text in texts:
        axis, link = fig.xaxis[0], {"text": text}
        text.text_color = SECONDARY
        if isinstance(text, Text):
            code = "text.text_color = {value: cb_obj.major_label_text_color}"
        else:
            code = "text.text_color = cb_obj.major_label_text_color"
            clear_behind(fig, text)
        axis.js_on_change("major_label_text_color", CustomJS(args=link, code=code))


def clear_behind(fig: figure, text: Label | Text) -> None:
    """Give a text a background in the colour of the paper, so that curves do not strike it through."""
    text.update(background_fill_color="white", background_fill_alpha=0.85)
    value = (
        "{value: cb_obj.background_fill_color}" if isinstance(text, Text) else "cb_obj.background_fill_color"
    )
    code = f"text.background_fill_color = {value}"
    fig.js_on_change("background_fill_color", CustomJS(args={"text": text}, code=code))


def fill_with_paper(template: Template, group: str) -> None:
    """Fill the points of a group in the colour of the paper, which the theme sets."""
    for (name, _), part in template.parts.items():
        if name == group:
            part.name = _PAPER
    callback = CustomJS(args={"figure": template.figure}, code=_FILL)
    for change in ("background_fill_color", "renderers"):
        template.figure.js_on_change(change, callback)


def all_ticks(template: Template, values: Sequence[float], scale: Callable[[float], float]) -> None:
    """Set ticks along x at the scaled values, labelled by the values."""
    labels = {float(scale(value)): f"{value:,}".replace("-", "−") for value in values}
    template.figure.xaxis[0].update(
        ticker=FixedTicker(ticks=list(labels)), major_label_overrides=labels,
        major_label_policy=NoOverlap(min_distance=8),
    )  # fmt: skip


def name_ticks(axis: Axis, names: Mapping[float, str]) -> None:
    """Set ticks with names at places along an axis."""
    labels: dict[float | str, Any] = dict(names.items())
    axis.ticker, axis.major_label_overrides = FixedTicker(ticks=list(names)), labels


def color_column(template: Template, key: Key, column: str) -> None:
    """Colour bars by a column of colours."""
    part = template.parts[key]
    part.glyph.update(fill_color=column, line_color=column)
    part.data_source.data[column] = ["black"] * len(next(iter(part.data_source.data.values())))


def map_colors_of(template: Template, key: Key, column: str) -> None:
    """Colour by the column of a quantity, of which HoloViews makes a copy under another name."""
    glyph, source = template.parts[key].glyph, template.parts[key].data_source
    for name, value in glyph.properties_with_values(include_defaults=False).items():
        if isinstance(value, Field) and isinstance(value.transform, ColorMapper):
            setattr(glyph, name, Field(column, transform=value.transform))
    source.data = {
        name: values for name, values in source.data.items() if name not in ("color", "fill_color")
    }


def add_handle(template: Template, span: Key | None = None) -> None:
    """Let a drag or click select the nearest size, unless a drag tool is active.

    The part ``("Sizes", "")`` is the source of the available sizes, filled by the caller: ``x``, ``y`` and
    ``n_frames``. The part ``("Requested", "")`` is the source of the last selected size, in column
    ``n_frames``.

    Parameters
    ----------
    template : Template
        Its active drag tool is switched off.
    span : tuple of str, optional
        Vertical line to move along; only the distance along x counts then.
    """
    fig = template.figure
    fig.toolbar.active_drag = None
    sizes = ColumnDataSource({"x": [], "y": [], "n_frames": []})
    requested = ColumnDataSource({"n_frames": [0]})
    template.parts |= {("Sizes", ""): sizes, ("Requested", ""): requested}
    line = None if span is None else template.parts[span]
    arguments = {
        "figure": fig,
        "sizes": sizes,
        "requested": requested,
        "span": line,
        "along_x": span is not None,
    }
    pick = CustomJS(args=arguments, code=_NEAREST)
    for event in ("tap", "panstart", "pan", "panend"):
        fig.js_on_event(event, pick)


def add_glyph(template: Template, group: str, glyph: Glyph, columns: Sequence[str] = ("x", "y")) -> None:
    """Draw points above all others; groups of the same columns that follow each other share a source."""
    last = template.parts[template.lists[0].keys[-1]].data_source
    source = last if list(last.data) == list(columns) else ColumnDataSource({name: [] for name in columns})
    template.add_renderer((group, ""), GlyphRenderer(data_source=source, glyph=glyph))


def add_span_selection(template: Template) -> None:
    """Add a box across the whole height, whose limits along x the server resolves."""
    tool = BoxSelectTool(renderers=[], continuous=False, dimensions="width")
    template.figure.add_tools(tool)
    template.figure.toolbar.active_drag = tool


def add_selection(template: Template) -> None:
    """Add lasso and box; the server resolves their shapes, for points in an image as for glyphs."""
    tools = [kind(renderers=[], continuous=False) for kind in (LassoSelectTool, BoxSelectTool)]
    template.figure.add_tools(*tools)
    template.figure.toolbar.active_drag = tools[0]


def add_pointer(template: Template) -> None:
    """Report where the pointer rests, and hold a text about the point there.

    The part ``("Pointer", "")`` is a source of columns ``x`` and ``y``, empty without the pointer; ``Hover``
    is a label.
    """
    pointer = template.parts["Pointer", ""] = ColumnDataSource({"x": [], "y": []})
    for event in ("mousemove", "mouseleave"):
        template.figure.js_on_event(event, CustomJS(args={"pointer": pointer}, code=_REST))
    label = Label(x=0, y=0, text="", visible=False, text_font_size="12px")
    template.annotate(("Hover", ""), label)
    follow_theme(template.figure, label)
    label.update(
        padding=5, border_radius=4, border_line_color=FULL_COLOR, border_line_alpha=0.6,
        background_fill_alpha=0.95,
    )  # fmt: skip


def add_tap(template: Template, key: Key) -> None:
    """Let a click select a point, which looks the same selected or not."""
    part = template.parts[key]
    point_glyphs(part, part.glyph)
    template.figure.add_tools(TapTool(renderers=[part], visible=False))
