"""Tests of ``train``, with a trainer that needs no program."""

import json
import re
import shlex
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quests_core as q
from quests_core.io.frame_writer import frames_bytes
from quests_core.potentials import TRAINERS
from tests.core.cli.commands import run, run_json
from tests.core.potentials.endless_gap import end_while_training, install
from tests.core.potentials.trained import NoisyEMT, labelled_frames

DOCS = Path(__file__).parents[3] / "docs"
SMALL = ("-m", "msc,random", "-s", "25%,6", "--seeds", 2, "--test-size", 4, "-k", 8, "--trainer", "noisy")


class Configurable(NoisyEMT):
    """What GAP is to the command: a trainer with numbers as parameters."""

    trained = 0

    def __init__(self, noise=0.3, seconds=10.0):
        super().__init__(noise)
        self.parameters |= {"version": "1"}
        Configurable.seconds = seconds

    def train(self, *arguments):
        Configurable.trained += 1
        return super().train(*arguments)


class Sparse(Configurable):
    """Stands for GAP in the documentation."""

    def __init__(self, n_sparse=500, seconds=10.0):
        super().__init__()
        self.parameters |= {"n_sparse": n_sparse}


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    monkeypatch.setitem(TRAINERS, "noisy", Configurable)
    monkeypatch.setattr(Configurable, "trained", 0)
    path = tmp_path / "train.xyz"
    path.write_bytes(frames_bytes(labelled_frames()))
    return path


def test_tables_are_those_of_the_library(labelled, tmp_path):
    target, groups = tmp_path / "errors.csv", tmp_path / "groups.csv"
    answer = run_json("train", labelled, *SMALL, "-o", target, "--groups", groups)
    expected = q.compare_potentials(
        q.read(labelled), ["msc", "random"], [0.25, 6], Configurable(), test_size=4, seeds=[0, 1], k=8
    )
    written = pd.read_csv(target)
    assert written.force_rmse.tolist() == expected.table.force_rmse.tolist()
    assert list(written) == list(expected.table)
    assert len(pd.read_csv(groups)) == len(expected.groups)
    assert answer["sizes"] == [4, 6]
    record = json.loads((tmp_path / "errors.potentials" / "record.json").read_text())
    assert record["cells"] == answer["cells"]
    # The same command again trains nothing.
    trained = Configurable.trained
    shown = run("train", labelled, *SMALL, "-o", target, "--force")
    assert Configurable.trained == trained
    mean = expected.table[expected.table.n_frames == 6].groupby("method").force_rmse.mean()
    assert f"{mean['msc']:.4f}" in shown.stdout
    assert "Force RMSE on 4 test frames, eV/Å, mean over 2 seeds" in shown.stdout


def test_parameters_of_the_trainer(labelled, tmp_path):
    options = (*SMALL, "--set", "noise=0.5", "--time-limit", 7, "-o", tmp_path / "errors.csv")
    answer = run_json("train", labelled, *options)
    assert answer["trainer"]["parameters"] == {"noise": 0.5, "version": "1"}
    assert Configurable.seconds == 7.0


def test_held_out_labels(labelled, tmp_path):
    options = ("--test", "labels", "--test-label", "hot", "-o", "-", "--folder", tmp_path / "kept")
    done = run("train", labelled, *SMALL, *options)
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "kept" / "record.json").read_text())
    assert record["test"]["frames"] == list(range(10, 20))
    assert done.stdout.startswith("method,n_frames")
    assert "Force RMSE" in done.stderr


def test_an_interrupt_keeps_finished_potentials(labelled, tmp_path, monkeypatch):
    target = tmp_path / "errors.csv"
    train = Configurable.train

    def interrupted(self, *arguments):
        if Configurable.trained == 3:
            raise KeyboardInterrupt
        return train(self, *arguments)

    monkeypatch.setattr(Configurable, "train", interrupted)
    done = run("train", labelled, *SMALL, "-o", target)
    assert done.exit_code == 130
    assert f"Interrupted: {tmp_path / 'errors.potentials'} keeps finished potentials" in done.stderr
    assert not target.exists()
    monkeypatch.setattr(Configurable, "train", train)
    assert run("train", labelled, *SMALL, "-o", target).exit_code == 0
    assert Configurable.trained == 8
    assert len(pd.read_csv(target)) == 8


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", -signal.SIGTERM)])
def test_a_signal_ends_gap_fit_too(labelled, tmp_path, name, code):
    (tmp_path / "bin").mkdir()
    command = [sys.executable, "-m", "quests_core.cli", "train", labelled, *SMALL, "--trainer", "gap"]
    command += ["-o", tmp_path / "errors.csv"]
    environment = install(tmp_path / "bin")
    number = getattr(signal, name)
    assert end_while_training(list(map(str, command)), environment, tmp_path / "bin", number) == code


def test_failures_are_listed_and_an_exit_code_tells_if_all_failed(labelled, tmp_path, monkeypatch):
    train = Configurable.train

    def failing(self, frames, *arguments):
        if len(frames) == 4:
            raise RuntimeError("no memory")
        return train(self, frames, *arguments)

    monkeypatch.setattr(Configurable, "train", failing)
    done = run("train", labelled, *SMALL, "-o", tmp_path / "errors.csv")
    assert done.exit_code == 0
    assert "msc, 4 frames, seed 1: failed: RuntimeError: no memory" in done.stdout
    assert pd.read_csv(tmp_path / "errors.csv").force_rmse.isna().sum() == 4
    done = run("train", labelled, *SMALL, "-s", "4", "-o", tmp_path / "all.csv")
    assert done.exit_code == 1
    assert (tmp_path / "all.csv").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda found: found._replace(energies=np.nan * found.energies),
            "diverged: the potential predicts energies",
        ),
        (lambda found: found._replace(forces=-2 * found.forces), "diverged: the force RMSE, "),
    ],
)
def test_a_diverged_potential_is_marked_and_the_rest_goes_on(labelled, tmp_path, monkeypatch, spoil, message):
    train = Configurable.train

    def spoiled(self, frames, *arguments):
        predict = train(self, frames, *arguments)
        return (lambda asked: spoil(predict(asked))) if len(frames) == 4 else predict

    monkeypatch.setattr(Configurable, "train", spoiled)
    done = run("train", labelled, *SMALL, "-o", tmp_path / "errors.csv")
    assert done.exit_code == 0
    assert f"msc, 4 frames, seed 0: {message}" in done.stdout
    table = pd.read_csv(tmp_path / "errors.csv")
    assert table.groupby("n_frames").status.agg(set).to_dict() == {4: {"diverged"}, 6: {"finished"}}
    assert table.force_rmse.isna().tolist() == (table.n_frames == 4).tolist()


def test_a_size_with_too_few_frames_is_marked_and_the_rest_goes_on(labelled, tmp_path):
    done = run("train", labelled, *SMALL, "-s", "6,17", "-o", tmp_path / "errors.csv")
    assert done.exit_code == 0
    assert "random, 17 frames, seed 1: failed: the training part has only 16 frames" in done.stdout
    assert pd.read_csv(tmp_path / "errors.csv").force_rmse.notna().sum() == 4


def test_gap_that_is_not_installed_is_one_row_each(labelled, tmp_path, monkeypatch):
    monkeypatch.setattr("quests_core.potentials.gap.shutil.which", lambda *args, **keys: None)
    done = run("train", labelled, *SMALL, "--trainer", "gap", "-o", tmp_path / "errors.csv")
    assert done.exit_code == 1
    assert "missing: gap_fit is not installed; pip install quippy-ase" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-s", "17"), "--sizes: expected at most the 16 frames of the training part, got 17"),
        (("-m", "best"), "--methods: expected one of"),
        (("--test", "best"), "--test: expected one of"),
        (("--test", "labels"), "--test-label: expected some of 'cold', 'hot', got 'none'"),
        (("--test-size", "100%"), "--test: expected at least 1 frame in each part"),
        (("--trainer", "nep"), "--trainer: expected one of 'gap', 'mace', 'noisy', got 'nep'"),
        (
            ("--set", "nose=1"),
            "--set: expected a parameter like n_sparse=1000, of noise; got 'nose=1'",
        ),
        (("--set", "noise=x"), "--set: expected a number for noise, got 'x'"),
        (("--groups", "x.txt"), "expected a name that ends in .csv"),
    ],
)
def test_bad_options_are_one_sentence(labelled, tmp_path, options, message):
    done = run("train", labelled, *SMALL, *options, "-o", tmp_path / "errors.csv")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "errors.csv").exists()


def test_usage_errors(labelled):
    assert run("train", labelled).exit_code == 2
    assert run("train", labelled, "-o", "-").exit_code == 2
    assert run("train", labelled, "-o", "a.csv", "--seeds", 0).exit_code == 2
    assert run("train", labelled, "-o", "a.csv", "-s", "x").exit_code == 2


def test_a_test_set_of_other_elements_and_frames_without_forces(tmp_path, monkeypatch):
    monkeypatch.setitem(TRAINERS, "noisy", Configurable)
    frames = labelled_frames()
    for atoms in frames[10:]:
        atoms.symbols[:] = "Au"
    (tmp_path / "gold.xyz").write_bytes(frames_bytes(frames))
    options = ("--test", "labels", "--test-label", "hot", "-o", tmp_path / "errors.csv")
    done = run("train", tmp_path / "gold.xyz", *SMALL, *options)
    assert done.exit_code == 1
    assert "--test: expected only elements of the training part in the test set, got Au" in done.stderr
    frames[7].calc = None
    (tmp_path / "bare.xyz").write_bytes(frames_bytes(frames))
    done = run("train", tmp_path / "bare.xyz", *SMALL, "-o", tmp_path / "errors.csv")
    assert done.exit_code == 1
    assert "frame 7: expected forces, got none (1 of 20 frames have none)" in done.stderr


def test_frames_without_forces(file, tmp_path):
    done = run("train", file, "-o", tmp_path / "errors.csv")
    assert done.exit_code == 1
    assert "frame 0: expected forces, got none (8 of 8 frames have none)" in done.stderr


@pytest.mark.costly
@pytest.mark.jit
def test_the_commands_of_the_documentation_run(labelled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(TRAINERS, "gap", Sparse)
    commands = re.findall(r"^quests-explorer train .*$", (DOCS / "potentials.md").read_text(), re.MULTILINE)
    assert commands
    for command in commands:
        _, *arguments = shlex.split(command, comments=True)
        done = run(*arguments)
        assert done.exit_code == 0, done.output
