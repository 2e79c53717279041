"""Tests of MACE: its command and files, with a program in its place; a tiny model where it is installed."""

import ast
import os
import shlex
import shutil
import sys

import numpy as np
import pytest

import quests_core as q
from quests_core.potentials import MACE, TrainerMissing, compare_potentials
from quests_core.potentials.errors import force_spread
from tests.core.potentials.fake_mace import install
from tests.core.potentials.trained import labelled_frames

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script with #! is no program on Windows")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Put programs in the place of those of mace-torch on PATH."""
    monkeypatch.setenv("PATH", install(tmp_path / "programs"), prepend=os.pathsep)


def options(command):
    return dict(one.removeprefix("--").split("=", 1) for one in command)


def test_the_command_and_the_training_set(tmp_path):
    frames = labelled_frames(4)
    del frames[1].calc.results["energy"]
    program, *arguments = MACE(max_num_epochs=7, device="cuda").write_training(
        frames, {"Ag": 0.5, "Cu": -1.0}, tmp_path, 3
    )
    assert program == "mace_run_train"
    # Arguments that a shell would have to quote are quoted in scripts.
    assert shlex.split(shlex.join(arguments)) == arguments
    given = options(arguments)
    assert ast.literal_eval(given.pop("E0s")) == {29: -1.0, 47: 0.5}
    assert given == {
        "name": "mace", "work_dir": ".", "train_file": "train.xyz", "valid_fraction": "0.1",
        "energy_key": "REF_energy", "forces_key": "REF_forces", "r_max": "5.0", "num_channels": "32",
        "max_L": "0", "num_interactions": "2", "max_num_epochs": "7", "batch_size": "5",
        "energy_weight": "1.0", "forces_weight": "100.0", "device": "cuda", "plot": "False", "seed": "3",
    }  # fmt: skip
    written = q.read(tmp_path / "train.xyz", energy_key="REF_energy", forces_key="REF_forces")
    for atoms, frame in zip(written, frames, strict=True):
        assert q.atoms_energy(atoms) == q.atoms_energy(frame)
        assert (q.atoms_forces(atoms) == q.atoms_forces(frame)).all()
        assert (atoms.pbc == frame.pbc).all()


def test_predictions_come_from_the_model_that_was_trained(tmp_path, programs):
    frames = labelled_frames(10)
    found = compare_potentials(frames, ["msc"], [4], MACE(), seeds=[0], k=8, folder=tmp_path / "kept")
    assert found.table.status.tolist() == ["finished"], found.table.message.tolist()
    # The programs predict what the frames are labelled with, to the digits of the file.
    assert found.table.force_rmse[0] < 1e-7
    assert found.table.energy_rmse[0] < 1e-7
    (model,) = (tmp_path / "kept").glob("*/mace.model")
    assert options(model.read_text().splitlines())["seed"] == "0"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("mace_run_train") is None, reason="mace-torch is not installed")
def test_a_tiny_model_learns(tmp_path):
    frames = labelled_frames(30)
    trainer = MACE(r_max=4.0, num_channels=8, num_interactions=1, max_num_epochs=30, batch_size=4)
    found = compare_potentials(frames, ["msc"], [12], trainer, seeds=[0], k=8, folder=tmp_path / "kept")
    assert found.table.status.tolist() == ["finished"], found.table.message.tolist()
    spread = force_spread(np.concatenate([atoms.get_forces() for atoms in frames]))
    assert found.table.force_rmse[0] < 0.3 * spread


def test_a_missing_program_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("quests_core.potentials.process.shutil.which", lambda *args, **keys: None)
    with pytest.raises(TrainerMissing, match=r'mace_run_train is not installed; pip install "quests-exp'):
        MACE().train(labelled_frames(2), {}, tmp_path, 0, lambda: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong",
    [{"r_max": 0.0}, {"num_channels": 0}, {"max_L": -1}, {"device": "gpu"}, {"valid_fraction": 1.0}],
)
def test_bad_parameters(wrong):
    with pytest.raises((TypeError, ValueError), match=f"{next(iter(wrong))}: expected"):
        MACE(**wrong)


def test_parameters_are_those_that_the_potential_depends_on():
    one, other = MACE(command="/a/mace_run_train", seconds=1.0), MACE()
    assert one.parameters == other.parameters
    assert {"r_max", "max_num_epochs", "device", "mace_torch"} <= set(one.parameters)
