"""Figures: arrays in, columns out."""

import numpy as np
import pandas as pd
import pytest
from bokeh.document import Document
from bokeh.models import Legend

from quests_app.plots import base, curves
from quests_app.plots.forces import forces_plot, tail_data


@pytest.fixture
def columns():
    sizes = np.arange(1, 101)
    curve = pd.DataFrame({"n_frames": sizes, "n_envs": 4 * sizes, "fraction": sizes / 100})
    curve["entropy"], curve["diversity"], curve["overlap"] = np.log(sizes), np.sqrt(sizes), sizes / 100
    return curves.path_columns(curve)


def test_the_tail_is_the_share_of_forces_above(rng):
    forces = np.sort(rng.exponential(size=5000))
    tail = tail_data(forces)
    assert tail["share"][0] == 1
    assert len(tail["force"]) < 800
    for force, share in zip(tail["force"][1:], tail["share"][1:], strict=True):
        # Each level holds up to its own force, so it is the share of those at least as large.
        assert share == pytest.approx(np.mean(forces >= force))


def test_the_tail_keeps_each_of_the_largest_forces():
    forces = np.arange(1.0, 3001.0)
    tail = tail_data(forces)
    assert set(forces[-100:]) <= set(tail["force"])
    assert tail["force"][-1] == 3000
    assert tail["share"][-1] == pytest.approx(1 / 3000)


@pytest.mark.parametrize("forces", [np.empty(0), np.array([2.0]), np.zeros(5)])
def test_the_tail_of_few_or_equal_forces(forces):
    tail = tail_data(forces)
    assert len(tail["force"]) == len(tail["share"])
    assert np.isfinite(tail["force"]).all()


def test_marks_are_at_75_50_25_and_10_percent(columns):
    rows = curves.marked_rows(columns["percent"] / 100)
    assert curves.rows_of(columns, rows)["label"] == ["75 %", "50 %", "25 %", "10 %"]


def test_overlapping_labels_are_hidden(columns):
    figure = curves.curve_plot().figure
    base.set_range(figure.x_range, 0, 10)
    base.set_range(figure.y_range, 0, 5)
    marks = {
        "diversity": [9.0, 8.5, 8.5, 9.0],
        "entropy": [4.0, 4.1, 4.9, 3.7],
        "label": ["75 %", "50 %", "25 %", "10 %"],
    }
    shown = curves.hide_overlapping_labels(marks, figure)
    assert shown["label"] == ["75 %", "", "25 %", ""]
    assert shown["diversity"] == marks["diversity"], "the marks remain"
    base.set_range(figure.x_range, 0, 1)
    base.set_range(figure.y_range, 0, 1)
    assert curves.hide_overlapping_labels(marks, figure)["label"] == marks["label"]


def test_marks_of_a_tiny_set_are_not_repeated():
    assert curves.marked_rows(np.array([1.0])).tolist() == [0]
    assert curves.marked_rows(np.array([0.3, 0.8])).tolist() == [1, 0]


def test_a_range_is_padded_and_never_empty():
    assert base.padded(np.array([0.0, 10.0]), 0.1) == (-1.0, 11.0)
    assert base.padded(np.array([3.0, 3.0])) == (2.5, 3.5)
    assert base.padded(np.array([np.nan, np.inf])) == (0.0, 1.0)


@pytest.mark.parametrize("make", [curves.curve_plot, curves.overlap_plot, forces_plot])
def test_only_chosen_methods_are_drawn_and_in_the_legend(make):
    plot = make()
    plot.show_methods(["random"])
    plot.show_methods(["msc"])
    assert all(renderer.visible for renderer in plot.renderers["msc"])
    assert not any(renderer.visible for renderer in plot.renderers["random"])
    assert (plot.legend["msc"].visible, plot.legend["random"].visible) == (True, False)
    # Methods that were never shown have no models; the legend follows the order of the checkboxes.
    assert "fps" not in plot.renderers
    (row,) = plot.figure.select({"type": Legend})
    names = [item.label.value for item in row.items]
    assert names == ["msc", "random", *["full set"] * ("full set" in plot.legend)]


def test_a_method_that_is_shown_later_counts_the_models_of_a_page_once():
    plot, document = curves.curve_plot(), Document()
    document.add_root(plot.figure)
    counted, count = [], document.models.recompute
    document.models.recompute = lambda: counted.append(count())
    plot.show_methods(["msc", "random"])
    assert len(counted) == 1
    assert document.models.get_by_id(plot.renderers["random"][0].id) is not None
    bands = [type(renderer.glyph).__name__ for renderer in plot.figure.renderers]
    assert bands[0] == "VArea"


def test_axes_have_units():
    labels = [
        (plot.figure.xaxis[0].axis_label, plot.figure.yaxis[0].axis_label)
        for plot in (curves.curve_plot(), curves.overlap_plot(), forces_plot())
    ]
    assert labels == [
        ("diversity / nats", "entropy / nats"),
        ("frames kept / %", "overlap / %"),
        ("f / eV Å⁻¹", "share with |F| > f"),
    ]
