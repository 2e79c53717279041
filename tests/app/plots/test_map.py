"""The figure of the map."""

import numpy as np
from bokeh.models import BoxSelectTool, LassoSelectTool

from quests_app.analysis.methods import METHOD_INFO
from quests_app.plots.map import MapFigure, ParityFigure, ScatterFigure
from quests_app.plots.map_colors import DROPPED_COLOR, by_status, by_value

KEPT_COLOR = METHOD_INFO["balanced"].color
XY = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]])


def test_few_points_are_glyphs_and_many_an_image():
    for always_image in (False, True):
        plot = MapFigure(always_image=always_image)
        plot.set_points(XY, np.arange(3))
        plot.set_colors(by_value(np.array([1.0, 2.0, 3.0]), "x / Å"))
        plot.draw()
        assert len(plot.points.data["x"]) == (0 if always_image else 3)
        assert len(plot.image.data["image"]) == int(always_image)
        assert (plot.bar_title.text, plot.color_bar.visible) == ("x / Å", True)


def test_dropped_points_are_seen_among_kept_ones_at_the_same_place():
    """One in ten is kept: the place must not look as if all were."""
    status = np.array(["kept", *9 * ["dropped"]], dtype=object)
    frame, n = np.arange(10), 1000
    coloring = by_status(status, np.tile(frame, n // 10), "balanced")
    dropped, kept = (coloring.palette.index(color) + 1 for color in (DROPPED_COLOR, KEPT_COLOR))
    # All at one place, where the last one drawn hides the others, and one far away.
    glyphs = MapFigure()
    xy = np.vstack([np.zeros((n - 1, 2)), [[9.0, 9.0]]])
    glyphs.set_points(xy, np.arange(n))
    glyphs.set_colors(coloring)
    glyphs.draw()
    drawn = np.asarray(glyphs.points.data["color"])
    assert 0.7 < np.mean(drawn[-100:] == dropped) < 1
    # In an image, a cloud of more points than pixels shows both colours by their share.
    image = MapFigure(size=(60, 40), always_image=True)
    image.set_points(np.random.default_rng(0).random((n, 2)), np.arange(n))
    image.set_colors(coloring)
    image.draw()
    pixels = np.asarray(image.image.data["image"][0])
    share = np.mean(pixels == dropped) / (np.mean(pixels == dropped) + np.mean(pixels == kept))
    assert 0.8 < share < 0.97


def test_chosen_points_have_a_ring_and_the_current_one_a_cross():
    plot = MapFigure()
    plot.set_points(XY, np.arange(3))
    plot.set_picked(np.array([False, True, False]))
    plot.set_current(2)
    plot.draw()
    assert (plot.rings.data["x"].tolist(), plot.cross.data["x"]) == ([1.0], [3.0])
    small, larger, largest = sorted(glyph.size for glyph in plot._glyphs)
    assert small < larger < largest


def test_two_maps_share_their_ranges_and_nothing_else():
    first = MapFigure()
    second = MapFigure(like=first)
    assert second.figure.x_range is first.figure.x_range
    shared = first.figure.references() & second.figure.references()
    assert shared == {first.figure.x_range, first.figure.y_range}
    kinds = {type(tool) for tool in second.figure.tools}
    assert kinds >= {LassoSelectTool, BoxSelectTool}


def test_a_parity_has_equal_ranges_a_line_and_names_of_its_quantity():
    plot = ParityFigure()
    plot.set_points(XY, np.arange(3))
    plot.set_quantity("energy / eV atom⁻¹")
    plot.set_colors(by_value(np.array([1.0, 2.0, 3.0]), "x / Å"))
    plot.draw()
    x, y = plot.figure.x_range, plot.figure.y_range
    assert (x.start, x.end) == (y.start, y.end)
    assert x.start < 0
    assert x.end > 3
    line = plot._plot.sources["Equal", ""].data
    assert line["x"] == line["y"]
    assert line["x"][0] < x.start
    assert (plot.figure.xaxis[0].axis_label, plot.figure.yaxis[0].axis_label) == (
        "reference energy / eV atom⁻¹", "predicted energy / eV atom⁻¹"
    )  # fmt: skip
    assert len(plot.figure.select({"type": LassoSelectTool})) == 1


def test_a_scatter_names_its_axes_and_keeps_their_ranges_apart():
    plot = ScatterFigure()
    plot.set_points(XY * (1, 100), np.arange(3))
    plot.set_quantities("energy / eV", "$$x$$")
    plot.draw()
    x, y = plot.figure.x_range, plot.figure.y_range
    assert y.end - y.start > 10 * (x.end - x.start)
    assert plot.figure.xaxis[0].axis_label == "energy / eV"
    assert not plot.figure.yaxis[0].axis_label.startswith("$$"), "no formula"
    assert len(plot.figure.select({"type": LassoSelectTool})) == 1
