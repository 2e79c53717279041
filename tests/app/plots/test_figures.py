"""The figures of the page: the look of the elements, moved by replacing columns."""

import itertools

import holoviews as hv
import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import Legend, Range1d
from bokeh.models.renderers import GlyphRenderer

from quests_app.analysis.methods import METHODS, SEEDED_METHODS
from quests_app.plots import figures
from quests_app.plots.elements.curves import entropy_diversity, overlap
from quests_app.plots.elements.delta import delta_entropy
from quests_app.plots.elements.forces import force_tail
from quests_app.plots.entropy_bars import redundancy_data

FORCES, DELTA = np.array([1.0, 2.0]), np.array([-1.0, 1.0])
BAND = (np.array([0.5, 1.0]),) * 3


def bands_of(methods):
    return dict.fromkeys([method for method in methods if method in SEEDED_METHODS], BAND)


# The figure, and the element with the methods that it shows.
OF_METHODS = {
    "curve_figure": lambda methods: entropy_diversity(
        dict.fromkeys(methods, figures._CURVE), 1, bands=bands_of(methods)
    ),
    "overlap_figure": lambda methods: overlap(
        dict.fromkeys(methods, figures._CURVE), 1, bands=bands_of(methods)
    ),
    "force_figure": lambda methods: force_tail(FORCES, dict.fromkeys(methods, FORCES)),
    "delta_figure": lambda methods: delta_entropy(dict.fromkeys(methods, DELTA)),
}  # fmt: skip
UNITS = ("nats", "%", "Å", "share", "environments", "covered", "frames")
LOOK = ("line_color", "line_dash", "line_width", "line_alpha", "fill_color", "fill_alpha", "size", "marker")


def look(renderer):
    found = {name: getattr(renderer.glyph, name) for name in LOOK if name in renderer.glyph.properties()}
    return {name: getattr(value, "value", value) for name, value in found.items()}


@pytest.mark.parametrize("name", OF_METHODS)
def test_a_figure_looks_like_its_element(name):
    methods = ["msc", "mean_fps", "random"]
    plot, element = getattr(figures, name)(), OF_METHODS[name](methods)
    plot.add(methods)
    drawn = hv.renderer("bokeh").get_plot(element, doc=Document())
    compared = 0
    for subplot in drawn.subplots.values():
        group, label = subplot.current_frame.group, subplot.current_frame.label
        if "glyph_renderer" in subplot.handles and label in methods:
            wanted, found = look(subplot.handles["glyph_renderer"]), look(plot.part(group, label))
            both = wanted.keys() & found.keys()
            assert {key: wanted[key] for key in both} == {key: found[key] for key in both}, (group, label)
            compared += 1
    assert compared >= len(methods)
    for axis in ("xaxis", "yaxis"):
        ours, theirs = getattr(plot.figure, axis)[0], getattr(drawn.state, axis)[0]
        assert (ours.axis_label, type(ours)) == (theirs.axis_label, type(theirs))
    (legend,) = drawn.state.legend
    assert [item.label.value for item in plot.figure.legend[0].items] == [i.label.value for i in legend.items]


@pytest.mark.parametrize("name", OF_METHODS)
def test_only_chosen_methods_are_drawn_and_in_the_legend(name):
    plot = getattr(figures, name)()
    plot.show(["random"])
    plot.show(["msc"])
    main = next(group for group, label in plot.sources if label == "msc")
    assert plot.part(main, "msc").visible
    assert not plot.part(main, "random").visible
    assert (plot.part("Legend", "msc").visible, plot.part("Legend", "random").visible) == (True, False)
    # Methods that were never shown have no models; the legend follows the order of the checkboxes.
    assert (main, "fps") not in plot.sources
    (row,) = plot.figure.select({"type": Legend})
    names = [item.label.value for item in row.items]
    assert [name for name in names if name != "full set"] == ["msc", "random"]


def test_each_method_can_be_shown_and_only_those_with_a_seed_have_a_band():
    plot = figures.curve_figure()
    plot.show(METHODS)
    assert {label for group, label in plot.sources if group == "Band"} == set(SEEDED_METHODS)
    assert {label for group, label in plot.sources if group == "Path"} == set(METHODS)
    kinds = [type(renderer.glyph).__name__ for renderer in plot.figure.renderers]
    assert kinds[: len(SEEDED_METHODS)] == ["VArea"] * len(SEEDED_METHODS), "bands are below all lines"
    assert kinds[-1] == "Scatter", "the star of the full set is on top"


def test_a_method_that_is_shown_later_counts_the_models_of_a_page_once():
    plot, document = figures.curve_figure(), Document()
    document.add_root(plot.figure)
    counted, count = [], document.models.recompute
    document.models.recompute = lambda: counted.append(count())
    plot.show(["msc", "random"])
    assert len(counted) == 1
    assert document.models.get_by_id(plot.part("Path", "random").id) is not None


@pytest.mark.parametrize("make", figures.ALL, ids=lambda make: make.__name__)
def test_figures_of_two_pages_share_no_model(make):
    first, second = make(), make()
    for plot in (first, second):
        plot.add(["msc"])
    assert not first.figure.references() & second.figure.references()
    for plot in (first, second):
        Document().add_root(plot.figure)


@pytest.mark.parametrize("make", figures.ALL, ids=lambda make: make.__name__)
def test_a_figure_is_empty_fills_its_card_and_has_units(make):
    plot = make()
    plot.add(["msc"])
    fig = plot.figure
    for key, source in plot.sources.items():
        if key not in {("Covered", "")}:
            assert {len(column) for column in source.data.values()} <= {0}, key
    assert (fig.sizing_mode.startswith("stretch"), fig.width, fig.toolbar.logo) == (True, None, None)
    assert fig.output_backend == "canvas"
    assert all(isinstance(renderer, GlyphRenderer) for renderer in fig.renderers)
    saved = [tool.description for tool in fig.tools if tool.description]
    assert "Save as SVG" in saved
    labels = [axis.axis_label for axis in (fig.xaxis[0], fig.yaxis[0]) if axis.visible]
    for label, axis in itertools.product(labels, [fig.x_range, fig.y_range]):
        assert isinstance(axis, Range1d)
        assert not label or any(unit in label for unit in UNITS), label


def columns_read(renderer):
    """Return the columns that a glyph reads."""
    values = (getattr(renderer.glyph, name) for name in renderer.glyph.dataspecs())
    return {value.field for value in values if hasattr(value, "field")}


@pytest.mark.parametrize("make", figures.ALL, ids=lambda make: make.__name__)
def test_colours_are_those_of_columns_that_the_page_fills(make):
    filled = {
        "matrix_figure": lambda plot: figures.show_matrix(plot, np.eye(2), ["a", "b"]),
        "bar_figure": lambda plot: figures.show_bars(
            plot, redundancy_data(["a"], [1.0], [9], ["#123456"])
        ),
    }  # fmt: skip
    plot = make()
    filled.get(make.__name__, lambda plot: None)(plot)
    for renderer in plot.figure.renderers:
        assert columns_read(renderer) <= set(renderer.data_source.data)
    if make is figures.set_map_figure:
        assert columns_read(plot.part("Set")) == {"x", "y", "value"}
    if make is figures.matrix_figure:
        assert "overlap" in columns_read(plot.part("Cell"))
