"""The command gives what the library gives."""

import json
import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write
from typer.testing import CliRunner

import quests_core as q
from quests_core.cli import app

pytestmark = pytest.mark.jit


@pytest.fixture
def file(rng, tmp_path):
    frames = []
    for i in range(12):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[i % 4] = "Ag"
        atoms.positions += 0.02 * i * rng.normal(size=(4, 3))
        frames.append(atoms)
    write(tmp_path / "train.xyz", frames, format="extxyz")
    return tmp_path / "train.xyz"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("method", q.METHODS)
def test_the_same_frames_as_the_library(file, tmp_path, method):
    target, expected = tmp_path / "kept.xyz", tmp_path / "expected.xyz"
    done = run(
        "compress", file, "-m", method, "-s", 5, "-k", 10, "--cutoff", 4, "--bandwidth", 0.03, "--species",
        "--locked", "7,2", "--excluded", "4-5", "--seed", 3, "--order", "rank", "-o", target, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    envs = q.descriptors(q.read(file), k=10, cutoff=4, species=["Ag", "Cu"])
    selection = q.select(envs, method, 5, bandwidth=0.03, locked=[2, 7], excluded=[4, 5], random_state=3)
    told = json.loads(done.stdout)
    assert told["indices_by_rank"] == selection.order.tolist()
    q.write_subset(expected, file, selection.order, order="rank")
    assert target.read_bytes() == expected.read_bytes()
    rest = envs.take(np.setdiff1d(np.arange(12), [4, 5]))
    kept = envs.take(selection.order)
    assert told["metrics"]["overlap"] == q.overlap(rest, kept, bandwidth=0.03)
    assert told["metrics"]["entropy"] == pytest.approx(q.entropy(kept, bandwidth=0.03), abs=1e-6)


@pytest.mark.parametrize(("size", "n"), [("1", 1), ("1.0", 12), ("0.5", 6), ("12", 12)])
def test_sizes_are_counts_or_shares(file, size, n):
    done = run("compress", file, "-s", size, "--dry-run", "--json")
    assert json.loads(done.stdout)["n_frames"] == n


def test_a_dry_run_writes_nothing(file, tmp_path):
    target = tmp_path / "kept.xyz"
    done = run("compress", file, "-o", target, "--dry-run")
    assert done.exit_code == 0
    assert "balanced keeps 3 of 12 frames: overlap" in done.stdout
    assert not target.exists()


def test_a_file_that_is_there_is_replaced_only_by_force(file, tmp_path):
    target = tmp_path / "kept.xyz"
    target.write_text("precious")
    done = run("compress", file, "-o", target)
    assert done.exit_code == 1
    assert "exists" in done.stderr
    assert target.read_text() == "precious"
    assert run("compress", file, "-o", target, "--force").exit_code == 0
    assert target.read_text() != "precious"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("-s", "many"), "--size: expected"),
        (("-s", "13"), "n_to_select"),
        (("--locked", "99"), "locked: expected frames from 0 to 11"),
        (("--excluded", "x"), "excluded: expected frames like"),
        (("--bandwidth", "-1"), "bandwidth"),
    ],
)
def test_what_makes_no_sense_is_refused(file, tmp_path, arguments, why):
    done = run("compress", file, "-o", tmp_path / "kept.xyz", *arguments)
    assert done.exit_code == 1
    assert why in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "kept.xyz").exists()


def test_a_subset_needs_a_place(file):
    assert "--output" in run("compress", file).stderr


def test_serve_starts_panel_with_the_file(file, monkeypatch):
    calls = []
    monkeypatch.setattr("quests_core.cli.subprocess.call", lambda *a, env: calls.append((a[0], env)) or 0)
    assert run("serve", file, "--port", 5999, "--no-show").exit_code == 0
    (command, environment), *_ = calls
    assert command[:4] == [sys.executable, "-m", "panel", "serve"]
    assert command[-2:] == ["--port", "5999"]
    assert environment["QUESTS_FILE"] == str(file)
    assert "no such file" in run("serve", file.with_name("gone.xyz")).stderr


def test_it_runs_as_a_program_without_a_screen():
    code = "import sys, quests_core.cli; print('panel' in sys.modules or 'bokeh' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
