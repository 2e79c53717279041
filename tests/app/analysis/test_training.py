"""What the form of a training accepts, and the training of a data set."""

import pytest
from ase.io import write

from quests_app.analysis.parameters import Marks
from quests_app.analysis.training import MOST_POTENTIALS, TrainingRequest, train
from quests_core.potentials import GAP
from tests.core.potentials.trained import NoisyEMT, labelled_frames

FORM = {
    "methods": ["msc"], "sizes": "10 %; 25%, 7", "n_seeds": 2, "trainer": "gap",
    "parameters": "n_sparse=9, zeta=2",
    "minutes": 2, "test": "random", "test_size": "20 %", "test_labels": [],
}  # fmt: skip


def test_a_form_is_a_request():
    request = TrainingRequest.from_form(**FORM)
    assert request.sizes == (0.1, 0.25, 7)
    assert request.trainer == GAP(n_sparse=9, zeta=2, seconds=120)
    assert (request.test, request.test_size, request.n_potentials) == ("random", 0.2, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": []}, "methods: expected at least 1 method"),
        ({"methods": ["msc", "k_means"]}, "methods: expected one of"),
        ({"sizes": " , "}, "sizes: expected at least 1 size"),
        ({"sizes": "many"}, "sizes: expected a number like 100, or a fraction like 0.25 or 25%, got 'many'"),
        ({"n_seeds": 0}, "seeds: expected"),
        ({"n_seeds": 21}, "seeds: expected at most 20, got 21"),
        ({"sizes": "1" + ",1" * MOST_POTENTIALS}, f"expected at most {MOST_POTENTIALS} potentials"),
        ({"minutes": 0}, "time limit: expected"),
        ({"minutes": float("inf")}, "time limit: expected"),
        ({"minutes": 1441}, "time limit: expected at most 1,440 minutes"),
        ({"parameters": "command=rm"}, "parameters: expected a parameter like n_sparse=1000, of "),
        ({"test_size": "x"}, "test size: expected a number"),
    ],
)
def test_fields_that_make_no_sense_are_one_sentence(changes, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        TrainingRequest.from_form(**{**FORM, **changes})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_excluded_frames_are_in_no_part(opened_state, tmp_path):
    request = TrainingRequest(("msc",), (4,), 1, NoisyEMT(), "random", 0.2)
    opened = opened_state.data
    found = train(opened, Marks(excluded=(3, 5)), request, tmp_path)
    assert found.record["n_frames"] == len(opened.envs) - 2
    assert [path.suffix for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_frame_without_forces_has_the_number_that_it_has_in_the_file(session, tmp_path):
    frames = labelled_frames()
    frames[7].calc = None
    write(tmp_path / "bare.xyz", frames, format="extxyz")
    opened = session.open(tmp_path / "bare.xyz").data
    request = TrainingRequest(("msc",), (4,), 1, NoisyEMT(), "random", 0.2)
    with pytest.raises(ValueError, match=r"frame 7: expected forces, got none \(1 of 17 frames have none\)"):
        train(opened, Marks(excluded=(1, 3, 5)), request, tmp_path / "kept")
    found = train(opened, Marks(excluded=(7,)), request, tmp_path / "kept")
    assert found.table.status.tolist() == ["finished"]
