"""Tests of inputs for training elsewhere: scripts that run, and predictions that make the same table."""

import os
import subprocess
import sys

import pytest

import quests_core as q
from quests_core.potentials import GAP, MACE, compare_potentials, read_predictions, write_training_inputs
from tests.core.potentials.fake_mace import install
from tests.core.potentials.trained import NoisyEMT, labelled_frames

FRAMES = labelled_frames(12)
ARGUMENTS = {"test_size": 3, "k": 8, "seeds": [0, 1]}
METHODS, SIZES = ["msc", "random"], [4]


@pytest.mark.costly
@pytest.mark.skipif(sys.platform == "win32", reason="a script with #! is no program on Windows")
def test_trained_elsewhere_is_as_trained_here(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", install(tmp_path / "programs"), prepend=os.pathsep)
    folder = tmp_path / "inputs"
    paths = write_training_inputs(FRAMES, METHODS, SIZES, "mace", folder, **ARGUMENTS)
    assert len(paths) == 4
    assert not list(folder.glob("*/predictions.xyz"))

    before = read_predictions(FRAMES, METHODS, SIZES, "mace", folder, **ARGUMENTS)
    assert before.table.status.tolist() == ["missing"] * 4
    assert before.table.message[0] == f"{paths[0].name} has no predictions.xyz yet"

    for path in paths[1:]:
        subprocess.run([path / "run.sh"], cwd=tmp_path, check=True)
    after = read_predictions(FRAMES, METHODS, SIZES, "mace", folder, **ARGUMENTS)
    assert sorted(after.table.status) == ["finished"] * 3 + ["missing"]
    here = compare_potentials(FRAMES, METHODS, SIZES, MACE(), **ARGUMENTS)
    same = ["method", "n_frames", "seed", "force_rmse", "energy_rmse", "overlap"]
    finished = after.table.status == "finished"
    assert after.table[finished][same].equals(here.table[finished][same])


def test_inputs_of_gap_need_no_quippy(tmp_path):
    (path,) = write_training_inputs(FRAMES, "msc", [6], GAP(n_sparse=20), tmp_path, seeds=[2], test_size=3)
    assert {file.name for file in path.iterdir()} == {
        "gap_prediction.py", "run.sh", "test.xyz", "train.xyz",
    }  # fmt: skip
    script = (path / "run.sh").read_text()
    assert "\ngap_fit at_file=train.xyz " in script
    assert "rnd_seed=3" in script
    assert script.endswith("\npython gap_prediction.py gap.xml test.xyz predictions.xyz\n")
    assert len(q.read(path / "train.xyz", energy_key="quests_energy", forces_key="quests_forces")) == 6
    assert len(q.read(path / "test.xyz")) == 3


def test_other_arguments_than_those_written(tmp_path):
    write_training_inputs(FRAMES, "msc", [6], "mace", tmp_path, seeds=[0])
    found = read_predictions(FRAMES, "msc", [5], "mace", tmp_path, seeds=[0])
    assert found.table.status.tolist() == ["missing"]
    assert "they were written with other arguments" in found.table.message[0]


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "predictions.xyz").touch()
    with pytest.raises(ValueError, match="folder: expected an empty folder"):
        write_training_inputs(FRAMES, "msc", [6], "mace", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.xyz"]


def test_what_cannot_be_written_or_read(tmp_path):
    with pytest.raises(TypeError, match="trainer: expected one that runs programs"):
        write_training_inputs(FRAMES, "msc", [6], NoisyEMT(), tmp_path)
    with pytest.raises(ValueError, match="folder: expected a folder of write_training_inputs"):
        read_predictions(FRAMES, "msc", [6], "mace", tmp_path / "none")
