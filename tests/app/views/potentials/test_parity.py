"""Parity of the predictions of a file."""

import numpy as np
import pytest

from quests_app.session.predictions import PotentialPredictions
from quests_app.views.potentials.parity import ENERGIES, ParityView
from tests.app.conftest import visible_text_of


@pytest.fixture
def view(predicted):
    predictions = PotentialPredictions(predicted.state, predicted.controller)
    predicted.state.tab = "potentials"
    view = ParityView(predicted.state, predictions, "potentials")
    predicted.run()
    return view


def test_every_component_and_every_energy_is_drawn(predicted, view):
    n_atoms = predicted.state.data.envs.n_envs
    source = view._plot.points
    assert len(source.data["x"]) == 3 * (n_atoms - 1)
    assert f"{3 * (n_atoms - 1)} points, all drawn" in visible_text_of(view)
    assert "Predictions of MACE" in visible_text_of(view)
    assert view._plot.figure.xaxis[0].axis_label == "reference force component / eV Å⁻¹"
    view._mode.value = ENERGIES
    assert len(view._plot.points.data["x"]) == len(predicted.state.data.envs) - 1
    assert view._plot.figure.yaxis[0].axis_label == "predicted energy / eV atom⁻¹"
    x, y = view._plot.figure.x_range, view._plot.figure.y_range
    assert (x.start, x.end) == (y.start, y.end)


def test_a_click_makes_the_environment_current_and_marks_it(predicted, view):
    x, y = view._xy[-1]
    view._tap(float(x), float(y))
    assert (
        predicted.state.current_env == view._rows[-1]
        or np.allclose(view._xy[view._rows == predicted.state.current_env], view._xy[-1], atol=0.1).any()
    )
    assert len(view._plot.cross.data["x"]) == 1
    view._describe({"x": [float(x)], "y": [float(y)]})
    assert view._plot.hover.visible


def test_many_values_are_an_image(predicted, view, monkeypatch):
    monkeypatch.setattr("quests_app.plots.map.MOST_GLYPHS", 10)
    view._update()
    assert len(view._plot.image.data["image"]) == 1
    assert view._plot.image.data["image"][0].max() > 0


def test_a_box_selects_the_frames_inside_and_rings_their_points(predicted, view):
    state = predicted.state
    low, high, rows = view._xy[:, 1].min(), view._xy[:, 1].max(), view._rows
    state.selected = (2,)
    view._lasso.select(
        {"type": "rect", "x0": low - 99, "x1": high + 99, "y0": high, "y1": high}, view._xy, rows
    )
    (frame,) = state.selected
    assert frame == state.data.envs.frame_index[rows[np.argmax(view._xy[:, 1])]]
    assert "1 point of 1 frame inside" in visible_text_of(view)
    ringed = len(view._plot.rings.data["x"])
    assert ringed == 3 * view._predictions.shown.sizes[frame]
    state.selected = (3, 5)
    assert "points, all drawn" in visible_text_of(view)
    assert len(view._plot.rings.data["x"]) == 3 * view._predictions.shown.sizes[[3, 5]].sum()
