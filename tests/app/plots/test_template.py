"""Models that are rendered once and copied."""

import holoviews as hv
import pytest
from bokeh.models import Range1d

from quests_app.plots.template import EXAMPLE, PlotFigure, Template


def overlay(*labels):
    lines = [hv.Curve([(0, 0), (1, 1)], group="Line", label=label) for label in labels]
    return hv.Overlay([*lines, hv.HLine(0.5, group="Level")])


def test_a_copy_has_models_of_its_own_that_refer_to_each_other():
    template = Template(overlay("first", "second"))
    one, other = PlotFigure(template), PlotFigure(template)
    assert not one.figure.references() & other.figure.references()
    assert not one.figure.references() & template.figure.references()
    assert one.part("Line", "first") in one.figure.renderers
    assert one.part("Legend", "first").renderers == [one.part("Line", "first")]
    assert isinstance(one.figure.x_range, Range1d)
    assert (one.figure.x_range.start, one.figure.x_range.end) == (0, 1)
    one.sources["Line", "first"].data = {"x": [5], "y": [5]}
    assert len(other.sources["Line", "first"].data["x"]) == 2


def test_annotations_are_not_among_the_renderers():
    plot = PlotFigure(Template(overlay("first", "second")))
    assert plot.part("Level") in plot.figure.center
    assert len(plot.figure.renderers) == 2
    assert len(plot.figure.grid) == 2


def test_parts_of_one_name_are_refused():
    same = hv.Overlay([hv.Curve([(0, 0)], group="Line"), hv.Curve([(1, 1)], group="Line")])
    with pytest.raises(ValueError, match=r"expected distinct groups and labels, got \('Line', ''\) twice"):
        Template(same)


def test_the_example_is_drawn_of_each_method_that_is_added_in_their_order():
    plot = PlotFigure(Template(overlay(EXAMPLE, "rest")))
    assert set(plot.sources) == {("Line", "rest")}
    plot.add(["random", "msc"])
    plot.add(["fps"])
    assert [item.label.value for item in plot.figure.legend[0].items] == ["msc", "fps", "random", "rest"]
    assert [renderer.name for renderer in plot.figure.renderers] == ["msc", "fps", "random", "rest"]
    plot.show(["msc"])
    assert [item.visible for item in plot.figure.legend[0].items] == [True, False, False, True]
    assert [renderer.visible for renderer in plot.figure.renderers] == [True, False, False, True]
