"""What is set on models that HoloViews has rendered."""

from urllib.parse import quote

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import (
    BoxSelectTool,
    CustomAction,
    HoverTool,
    LassoSelectTool,
    SaveTool,
    Step,
    TapTool,
    VArea,
)
from bokeh.models.annotations import Label

from quests_app.plots import bokeh_hooks as hooks
from quests_app.plots.elements.sets import overlap_matrix
from quests_app.plots.template import PlotFigure, Template


@pytest.fixture
def template():
    line = hv.Curve([(1, 1), (2, 3)], "h / Å", "H / nats", group="Line").opts(
        color="#123456", line_width=3, tools=["hover"], backend="bokeh"
    )
    return Template(hv.Overlay([
        line, hv.Area(([1, 2], [0, 1], [1, 2]), "x", ["low", "high"], group="Band"),
        hv.Points([(1, 1)], group="Point"), hv.VLine(1.5, group="Size"), hv.Text(1, 2, "note", group="Note"),
    ]))  # fmt: skip


def test_the_frame_has_the_tools_of_the_page_and_saves_under_a_name(template):
    hooks.frame(template)
    fig = template.figure
    (save,) = [tool for tool in fig.tools if isinstance(tool, SaveTool)]
    assert save.filename == "h-nats-h"
    kinds = [type(tool).__name__ for tool in fig.tools]
    assert kinds == [
        "PanTool", "WheelZoomTool", "BoxZoomTool", "ResetTool", "SaveTool", "CustomAction", "HoverTool"
    ]  # fmt: skip
    assert not any(tool.visible for tool in fig.tools if isinstance(tool, HoverTool))
    # The page scrolls under the wheel, and no tool covers what is drawn.
    assert (fig.toolbar.active_scroll, fig.toolbar_inner) == (None, False)
    (svg,) = [tool for tool in fig.tools if isinstance(tool, CustomAction)]
    assert quote(svg.icon, safe=":/;,+=") == svg.icon, "Bokeh escapes it once more"
    hooks.frame(template, zooms=False)
    assert type(fig.tools[0]) is SaveTool
    assert {template.parts["Line", ""].nonselection_glyph, template.parts["Line", ""].muted_glyph} == {"auto"}


def test_the_title_of_a_colour_bar_is_beside_its_middle():
    template = Template(overlap_matrix(np.eye(2)))
    hooks.frame(template)
    bar, title = PlotFigure(template).figure.right
    assert (bar.title, title.text, title.align) == (None, "overlap / %", "center")


def test_steps_and_bands_keep_the_look(template):
    hooks.steps(template, "Line", "after")
    hooks.bands(template)
    step, area = (template.parts[group, ""].glyph for group in ("Line", "Band"))
    assert isinstance(step, Step)
    assert (step.mode, step.line_color, step.line_width) == ("after", "#123456", 3)
    assert isinstance(area, VArea)
    assert set(template.parts["Band", ""].data_source.data) == {"x", "low", "high"}


def test_a_pinned_text_is_a_label_that_follows_the_theme(template):
    hooks.pin(template, ("Note", ""), x=6, x_units="screen")
    plot = PlotFigure(template)
    label = plot.part("Note")
    assert isinstance(label, Label)
    assert (label.text, label.x, label.x_units, label.y) == ("note", 6, "screen", 2)
    assert label in plot.figure.center
    (callback,) = plot.figure.xaxis[0].js_property_callbacks["change:major_label_text_color"]
    assert callback.args["text"] is label


@pytest.mark.parametrize("span", [None, ("Size", "")])
def test_a_handle_knows_the_sizes_and_its_line(template, span):
    hooks.add_handle(template, span)
    plot = PlotFigure(template)
    assert plot.figure.toolbar.active_drag is None
    (pick,) = plot.figure.js_event_callbacks["pan"]
    assert pick.args["sizes"] is plot.part("Sizes")
    assert pick.args["requested"] is plot.part("Requested")
    assert pick.args["figure"] is plot.figure
    assert pick.args["span"] is (plot.part("Size") if span else None)
    assert pick.args["along_x"] is bool(span)


def test_ticks_are_labelled_by_their_values(template):
    hooks.all_ticks(template, (-1000, 0, 1000), lambda value: value / 10)
    axis = template.figure.xaxis[0]
    assert list(axis.ticker.ticks) == [-100, 0, 100]
    assert axis.major_label_overrides[-100.0] == "−1,000"
    hooks.name_ticks(axis, {0: "liquid", 1: "solid"})
    assert (list(axis.ticker.ticks), axis.major_label_overrides) == ([0, 1], {0: "liquid", 1: "solid"})


def test_selections_and_clicks(template):
    hooks.add_selection(template)
    hooks.add_tap(template, ("Point", ""))
    hooks.add_glyph(template, "Ring", template.parts["Point", ""].glyph.clone())
    plot = PlotFigure(template)
    kinds = {type(tool): tool for tool in plot.figure.tools}
    assert isinstance(plot.figure.toolbar.active_drag, LassoSelectTool)
    assert kinds[BoxSelectTool].renderers == []
    assert kinds[TapTool].renderers == [plot.part("Point")]
    assert plot.part("Point").nonselection_glyph is plot.part("Point").glyph
    assert plot.figure.renderers[-1] is plot.part("Ring")


def test_bars_are_coloured_by_a_column(template):
    hooks.color_column(template, ("Point", ""), "color")
    assert template.parts["Point", ""].glyph.fill_color == "color"
    assert template.parts["Point", ""].data_source.data["color"] == ["black"]
