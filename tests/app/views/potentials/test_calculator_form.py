"""The form that predicts with a calculator."""

import pytest
from ase.calculators.emt import EMT

from quests_app.analysis.calculators import CALCULATORS, CalculatorKind
from quests_app.session import predictions as module
from quests_app.session.predictions import PotentialPredictions
from quests_app.views.potentials.calculator_form import CalculatorForm
from quests_app.views.potentials.parity import ParityView
from quests_core.potentials import computed_predictions
from tests.app.conftest import visible_text_of
from tests.app.views.potentials.conftest import field, press

pytestmark = pytest.mark.usefixtures("uncached")


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    for name in list(CALCULATORS):
        monkeypatch.delitem(CALCULATORS, name)
    monkeypatch.setitem(CALCULATORS, "EMT", CalculatorKind("EMT", "ase", lambda _: EMT()))
    monkeypatch.setitem(CALCULATORS, "toy", CalculatorKind("Toy", "ase", lambda _: EMT(), ".toy"))

    def predict(frames, kind, model, progress):
        progress("predictions", 0, len(frames))
        return computed_predictions(frames, EMT(), progress=progress), {}

    monkeypatch.setattr(module, "predict_in_process", predict)


@pytest.fixture
def predictions(copper):
    return PotentialPredictions(copper.state, copper.controller)


@pytest.fixture
def view(copper, predictions):
    return CalculatorForm(copper.state, predictions, "potentials")


def test_progress_is_shown_and_the_result_is_that_of_all_views(copper, predictions, view):
    parity = ParityView(copper.state, predictions, "potentials")
    copper.run()
    assert not field(view, "Cancel").visible
    assert "frames that cannot be calculated are skipped" in visible_text_of(view)
    press(view, "Predict")
    assert field(view, "Cancel").visible
    assert field(view, "Predict").disabled
    copper.run()
    assert not field(view, "Predict").disabled
    assert "Predictions of EMT" in visible_text_of(parity)
    assert len(parity._plot.points.data["x"]) == 3 * copper.state.data.envs.n_envs


def test_cancel(copper, view, monkeypatch):
    def predict(frames, kind, model, progress):
        while True:
            progress("predictions", 5, 20)

    monkeypatch.setattr(module, "predict_in_process", predict)
    press(view, "Predict")
    copper.run(until=lambda: "running, 25 %" in visible_text_of(view))
    press(view, "Cancel")
    copper.run()
    assert "Cancelled." in visible_text_of(view)


def test_a_model_is_asked_for_where_one_is_needed(copper, view, tmp_path):
    assert not field(view, "Model file on the server").visible
    field(view, "Calculator").value = "toy"
    model = field(view, "Model file on the server")
    assert model.visible
    press(view, "Predict")
    assert "expected the path of a file, such as potential.toy, got none." in visible_text_of(view)
    (tmp_path / "mine.toy").touch()
    model.param.update(value=f"{tmp_path}/mine.toy", value_input=f"{tmp_path}/mine.toy")
    press(view, "Predict")
    copper.run()
    assert list(copper.state.predictions) == ["toy_mine"]


def test_it_is_hidden_where_nothing_may_be_run(copper, predictions, view):
    assert view.__panel__().visible
    copper.controller.may_train = False
    assert not CalculatorForm(copper.state, predictions, "potentials").__panel__().visible
