"""Plots of any column of frames or atoms."""

import numpy as np
import pytest
from bokeh.events import SelectionGeometry, Tap

from quests_app.plots.elements.columns import ALL, SELECTED
from quests_app.views.frames.columns import ATOMS, ColumnsView
from tests.app.conftest import text_of, visible_text_of


@pytest.fixture
def view(opened):
    opened.state.tab = "frames"
    view = ColumnsView(opened.state, opened.controller, "frames")
    opened.run()
    return view


def choose(view, x, y="histogram"):
    view._x.value, view._y.value = x, y


def brush(view, x0, x1, figure):
    geometry = {"type": "rect", "x0": x0, "x1": x1, "y0": -1e9, "y1": 1e9}
    event = SelectionGeometry(figure, geometry=geometry, final=True)
    figure._trigger_event(event)


def counts(view, which):
    return view._histogram.sources["Column", which].data["top"]


def test_a_histogram_is_brushed_and_shows_the_selection_of_the_page(opened, view):
    assert view._x.value == "energy_per_atom"
    choose(view, "n_atoms")
    assert list(counts(view, ALL)) == [1, 0, 0, 23]
    assert "24 frames, all drawn" in text_of(view)
    brush(view, 0.5, 1.5, view._histogram.figure)
    assert opened.state.selected == (0,)
    assert "1 point of 1 frame inside" in text_of(view)
    opened.state.selected = (0, 4, 5)
    assert list(counts(view, SELECTED)) == [1, 2], "bars of no selected frame are left out"
    opened.state.selected = ()
    assert counts(view, SELECTED).sum() == 0


def test_a_column_is_drawn_against_another(opened, view):
    choose(view, "frame", "max_force")
    assert view._scatter.figure.yaxis[0].axis_label == "max |F| / eV Å⁻¹"
    forces = np.maximum.reduceat(opened.state.opened.dataset.forces, opened.state.opened.envs.offsets[:-1])
    np.testing.assert_array_equal(view._xy, np.stack([np.arange(24), forces], axis=1))
    assert len(view._scatter.points.data["x"]) == 24
    brush(view, 2.5, 4.5, view._scatter.figure)
    assert opened.state.selected == (3, 4)
    assert len(view._scatter.rings.data["x"]) == 2
    figure = view._scatter.figure
    figure._trigger_event(Tap(figure, x=7.0, y=float(forces[7])))
    assert opened.state.current_frame == 7
    envs = opened.state.opened.envs
    own = opened.state.delta_entropy[envs.offsets[7] : envs.offsets[8]]
    assert opened.state.current_env == envs.offsets[7] + np.argmax(own), "the most novel one"
    assert list(view._scatter.cross.data["x"]) == [7.0]


def test_a_point_of_an_atom_selects_its_frame(opened, view):
    view._unit.value = ATOMS
    choose(view, "force", "delta_entropy")
    n_envs = opened.state.opened.envs.n_envs
    assert len(view._xy) == n_envs
    np.testing.assert_array_equal(view._xy[:, 1], opened.state.delta_entropy)
    largest = int(np.argmax(view._xy[:, 0]))
    brush(view, view._xy[largest, 0] - 1e-9, 1e9, view._scatter.figure)
    assert opened.state.selected == (int(opened.state.opened.envs.frame_index[largest]),)


def test_columns_of_the_subset_follow_its_size(opened, view):
    choose(view, "max_delta_entropy")
    before = view._xy.copy()
    opened.state.n_frames = 20
    opened.run()
    assert not np.array_equal(view._xy[:, 0], before[:, 0])
    choose(view, "energy_per_atom")
    drawn = view._histogram.sources["Column", ALL].data
    opened.state.n_frames = 5
    opened.run()
    assert view._histogram.sources["Column", ALL].data is drawn


def test_missing_values_are_counted(opened, view):
    opened.state.marks = opened.state.marks.exclude([3])
    opened.run()
    choose(view, "rank")
    assert "23 frames, all drawn; 1 without a value" in text_of(view)


def test_the_choice_stays_where_another_file_has_the_column(opened, view, other_file):
    choose(view, "max_force", "n_atoms")
    opened.open(other_file)
    assert (view._x.value, view._y.value) == ("max_force", "n_atoms")
    assert len(view._xy) == 14
    assert "No frame has a value" not in visible_text_of(view)
