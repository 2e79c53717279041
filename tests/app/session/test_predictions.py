"""Predictions of the open file in a session, stored and computed."""

import dataclasses

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.io import write

from quests_app.analysis.calculators import CALCULATORS, CalculatorKind
from quests_app.server.allowed_paths import AllowedPaths
from quests_app.session import predictions as module
from quests_app.session.predictions import PotentialPredictions
from quests_core.potentials import computed_predictions
from tests.core.potentials.trained import labelled_frames


def test_they_are_read_on_request_and_forgotten_with_the_file(predicted, other_file):
    predictions = PotentialPredictions(predicted.state, predicted.controller)
    predicted.run()
    assert predictions.found == {}
    predictions.refresh()
    predicted.run()
    assert (list(predictions.found), predictions.chosen) == (["MACE"], "MACE")
    assert predictions.shown is predictions.found["MACE"]
    predicted.open(other_file)
    predictions.refresh()
    predicted.run()
    assert (predictions.found, predictions.chosen, predictions.shown) == ({}, "", None)


@pytest.fixture
def alloy(uncached, session, tmp_path):
    write(tmp_path / "alloy.xyz", labelled_frames(6), format="extxyz")
    session.open(tmp_path / "alloy.xyz")
    return session


@pytest.fixture
def predictions(alloy):
    found = PotentialPredictions(alloy.state, alloy.controller)
    found.refresh()
    alloy.run()
    return found


@pytest.fixture
def in_this_process(monkeypatch):
    """Compute with EMT without a child process; return the numbers of frames of the calls."""
    calls = []

    def predict(frames, kind, model, progress):
        failures = {}
        calls.append(len(frames))
        return computed_predictions(frames, EMT(), 2, progress=progress, failures=failures), failures

    monkeypatch.setattr(module, "predict_in_process", predict)
    return calls


def test_a_calculator_predicts_in_the_background_and_once(alloy, predictions, in_this_process, other_file):
    predictions.predict("EMT")
    assert alloy.state.prediction_activity.running
    alloy.run()
    assert (list(predictions.found), predictions.chosen, predictions.error) == (["EMT"], "EMT", "")
    assert list(alloy.state.predictions) == ["EMT"]
    assert predictions.shown.rmse()[0] < 1e-6
    alloy.state.predictions = {}
    assert predictions.found == {}
    predictions.predict("EMT")
    alloy.run()
    assert list(predictions.found) == ["EMT"]
    assert in_this_process == [6]
    alloy.open(other_file)
    assert alloy.state.predictions == {}


def test_it_is_cancelled(alloy, predictions, monkeypatch):
    def predict(frames, kind, model, progress):
        while True:
            progress("predictions", 0, len(frames))

    monkeypatch.setattr(module, "predict_in_process", predict)
    predictions.predict("EMT")
    alloy.run(until=lambda: alloy.state.prediction_activity.step == "predictions")
    predictions.cancel()
    alloy.run()
    assert (predictions.notice, predictions.error, predictions.found) == ("Cancelled.", "", {})


def test_frames_that_fail_are_counted_and_all_of_them_are_an_error(alloy, predictions, monkeypatch):
    def failing(n):
        def predict(frames, kind, model, progress):
            found = computed_predictions(frames, EMT())
            found.energies[:n] = np.nan
            return found, dict.fromkeys(range(n), "not converged")

        monkeypatch.setattr(module, "predict_in_process", predict)

    failing(6)
    predictions.predict("EMT")
    alloy.run()
    assert predictions.error == "EMT predicts none of 6 frames: not converged."
    assert predictions.found == {}
    failing(2)
    predictions.predict("EMT")
    alloy.run()
    assert predictions.notice == "EMT: 2 of 6 frames without predictions; frame 0: not converged"
    assert list(predictions.found) == ["EMT"]


@pytest.mark.usefixtures("in_this_process")
def test_a_name_of_the_file_is_not_replaced(session, tmp_path):
    frames = labelled_frames(4)
    for atoms in frames:
        atoms.arrays["EMT_forces"] = atoms.get_forces() + 1
    write(tmp_path / "stored.xyz", frames, format="extxyz")
    session.open(tmp_path / "stored.xyz")
    predictions = PotentialPredictions(session.state, session.controller)
    predictions.refresh()
    session.run()
    predictions.predict("EMT")
    session.run()
    assert list(predictions.found) == ["EMT", "EMT_computed"]
    assert predictions.chosen == "EMT_computed"


def test_only_where_training_is_allowed(alloy, predictions):
    alloy.controller.may_train = False
    assert predictions.kinds == {}
    with pytest.raises(ValueError, match="calculator: expected one of none, got 'EMT'"):
        predictions.predict("EMT")
    with pytest.raises(PermissionError):
        alloy.controller.predict("EMT", "key", print, print, print)


def test_models_are_files_below_allowed_folders(alloy, predictions, tmp_path, monkeypatch):
    monkeypatch.setitem(CALCULATORS, "toy", CalculatorKind("Toy", "ase", lambda path: EMT(), ".toy"))
    monkeypatch.setitem(CALCULATORS, "code", CalculatorKind("Code", "ase", lambda path: EMT(), ".toy", True))
    monkeypatch.delenv("QUESTS_DATA_DIRS", raising=False)
    assert {"toy", "code"} < set(predictions.kinds)
    (tmp_path / "data").mkdir()
    (tmp_path / "a.toy").touch()
    (tmp_path / "data" / "b.xyz").touch()
    alloy.controller.allowed_paths = AllowedPaths([tmp_path / "data"])
    for path, message in (
        ("", "model: expected the path of a file, such as potential.toy, got none"),
        (tmp_path / "a.toy", "expected a path beneath"),
        (tmp_path / "data" / "b.xyz", "model: expected a file that ends in .toy, got b.xyz"),
        (tmp_path / "data" / "c.toy", "model: expected a file, got"),
    ):
        with pytest.raises(ValueError, match=message):
            predictions.predict("toy", str(path))
    alloy.controller.allowed_paths = AllowedPaths(())
    assert not {"toy", "code"} & set(predictions.kinds)
    # Others may write to these folders.
    alloy.controller.allowed_paths = AllowedPaths([tmp_path / "data"])
    monkeypatch.setenv("QUESTS_DATA_DIRS", str(tmp_path / "data"))
    assert "toy" in predictions.kinds
    assert "code" not in predictions.kinds


def test_a_model_that_was_replaced_predicts_again(alloy, predictions, in_this_process, tmp_path, monkeypatch):
    monkeypatch.setitem(CALCULATORS, "toy", CalculatorKind("Toy", "ase", lambda path: EMT(), ".toy"))
    model = tmp_path / "a.toy"
    for content, n_calls in (("one", 1), ("one", 1), ("other", 2)):
        if not model.exists() or model.read_text() != content:
            model.write_text(content)
        predictions.predict("toy", str(model))
        alloy.run()
        assert len(in_this_process) == n_calls


@pytest.mark.usefixtures("in_this_process")
def test_other_reference_labels_give_other_errors(alloy, predictions):
    predictions.predict("EMT")
    alloy.run()
    before = predictions.shown
    alloy.controller.recompute(dataclasses.replace(alloy.state.parameters, k=8))
    alloy.run()
    predictions.refresh()
    alloy.run()
    assert list(predictions.found) == ["EMT"]
    assert predictions.shown is not before
