"""Predictions that a data set holds, beside its reference."""

import numpy as np
import pytest

from quests_app.analysis.predictions import predictions_of


@pytest.fixture
def found(predicted):
    return predictions_of(predicted.state.data)["MACE"]


def test_pairs_are_those_of_frames_with_both(found):
    xy, atoms = found.force_pairs()
    # The first frame, an isolated atom, has no prediction.
    assert len(xy) == 3 * (found.sizes.sum() - 1)
    assert atoms.min() == 1
    np.testing.assert_allclose(xy[:3, 1] - xy[:3, 0], found.errors.forces[1])
    energies, frames = found.energy_pairs()
    np.testing.assert_allclose(energies[:, 1] - energies[:, 0], 0.01 * frames)


def test_the_worst_frames_come_first_with_their_worst_atom(found):
    worst = found.worst_frames(3)
    n = len(found.sizes)
    assert worst["frame"].tolist() == [n - 1, n - 2, n - 3]
    assert found.frame_index[worst["row"]].tolist() == worst["frame"].tolist()
    np.testing.assert_allclose(found.atom_errors[worst["row"]], worst["max_force_error"])
    np.testing.assert_allclose(worst["energy_error"], 0.01 * worst["frame"])
    # The one atom that was moved most.
    assert (worst["max_force_error"] > worst["force_rmse"]).all()


def test_rmse(found):
    forces, energies = found.rmse()
    known = found.errors.forces[1:]
    assert forces == pytest.approx(np.sqrt((known**2).mean()))
    assert 0 < energies < 1


def test_a_file_without_predictions_has_none(opened_state):
    assert predictions_of(opened_state.data) == {}
