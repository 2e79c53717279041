"""Predictions in a child process: the same as in this one, cancelled at once, and proof against crashes."""

import time

import numpy as np
import pytest
from ase.build import bulk

from quests_app.jobs import calculator_process
from quests_app.jobs.calculator_process import predict_in_process
from quests_core import Cancelled, Progress
from quests_core.potentials import prediction_errors
from tests.core.potentials.trained import labelled_frames


def test_they_are_those_of_the_calculator():
    frames, steps = labelled_frames(20), []
    found, failures = predict_in_process(frames, "EMT", None, lambda *step: steps.append(step))
    errors = prediction_errors(frames, found)
    assert np.abs(errors.forces).max() < 1e-9
    assert np.abs(errors.energies).max() < 1e-9
    assert failures == {}
    assert [step for i, step in enumerate(steps) if step not in steps[:i]] == [
        ("predictions", 0, 20), ("predictions", 16, 20), ("predictions", 20, 20)
    ]  # fmt: skip


def test_a_frame_that_fails_costs_itself_only():
    frames = [bulk("Cu"), bulk("Si"), bulk("Cu")]
    found, failures = predict_in_process(frames, "EMT", None)
    assert np.isfinite(found.energies).tolist() == [True, False, True]
    assert failures == {1: "No EMT-potential for Si"}


@pytest.mark.costly
def test_a_process_that_ends_costs_the_frame_that_ended_it(monkeypatch):
    monkeypatch.setattr(calculator_process, "CHILD", "tests.app.jobs.crashing_calculator:predict_in_child")
    found, failures = predict_in_process([bulk("Cu"), bulk("Ag"), bulk("Cu")], "EMT", None)
    assert np.isfinite(found.energies).tolist() == [True, False, True]
    assert failures == {1: "its process ended with code 3"}


def test_cancelling_ends_it_at_once(monkeypatch):
    started = []
    start = calculator_process.Child._start
    monkeypatch.setattr(
        calculator_process.Child, "_start", lambda self: started.append(start(self)) or started[-1]
    )
    progress = Progress(lambda _: started and progress.cancel())
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        predict_in_process(labelled_frames(40), "EMT", None, progress)
    assert time.monotonic() - begun < 60
    assert started
    assert all(process.poll() is not None for process in started)


def test_a_model_that_cannot_be_loaded_is_the_reason(tmp_path):
    (tmp_path / "bad.model").write_bytes(b"nothing")
    _, failures = predict_in_process([bulk("Cu")], "MACE", tmp_path / "bad.model")
    assert list(failures) == [0]
