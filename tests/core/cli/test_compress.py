"""Tests of the command ``compress``."""

import gzip
import json
import re

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

import quests_core as q
import quests_core.cli.common
from tests.core.cli.commands import KEYS, PARAMETERS, environments, run, run_json


@pytest.mark.jit
@pytest.mark.parametrize("method", [method for method in q.METHODS if method != "pcov_fps"])
def test_compress_selects_the_frames_of_select(file, tmp_path, method):
    target, expected = tmp_path / "kept.xyz", tmp_path / "expected.xyz"
    answer = run_json(
        "compress", file, "-m", method, "-s", 5, *PARAMETERS, "--locked", "7,2", "--excluded", "4-5",
        "--seed", 3, "--order", "rank", "-o", target,
    )  # fmt: skip
    (envs,) = environments(file)
    selection = q.select(envs, method, 5, bandwidth=0.03, locked=[2, 7], excluded=[4, 5], random_state=3)
    assert answer["indices_by_rank"] == selection.order.tolist()
    assert answer["parameters"]["k"] == 4
    assert answer["output"] == str(target)
    q.write_subset(expected, file, selection.order, order="rank")
    assert target.read_bytes() == expected.read_bytes()
    rest = envs.take(np.setdiff1d(np.arange(8), [4, 5]))
    kept = envs.take(selection.order)
    assert answer["metrics"]["overlap"] == q.overlap(rest, kept, bandwidth=0.03)
    assert answer["metrics"]["entropy"] == pytest.approx(q.entropy(kept, bandwidth=0.03), abs=1e-6)


def test_pcov_fps_uses_the_energies_per_atom_of_the_file(file, rng, tmp_path):
    energies = rng.normal(-14.0, 2.0, 8)
    frames = [atoms.repeat(1 + i % 2) for i, atoms in enumerate(q.read(file))]
    for atoms, energy in zip(frames, energies, strict=True):
        atoms.info["REF_energy"] = energy * len(atoms)
    path = tmp_path / "labelled.xyz"
    ase.io.write(path, frames, format="extxyz")
    answer = run_json("compress", path, "-m", "pcov_fps", "-s", 5, "--dry-run", *PARAMETERS)
    (envs,) = environments(path)
    assert answer["indices_by_rank"] == q.select(envs, "pcov_fps", 5, y=energies).order.tolist()
    del frames[3].info["REF_energy"]
    ase.io.write(path, frames, format="extxyz")
    done = run("compress", path, "-m", "pcov_fps", "--dry-run", *PARAMETERS)
    assert done.exit_code == 1
    assert "frame 3: expected a finite energy, which the method pcov_fps needs of every frame" in done.stderr


def test_compress_with_a_reference(file, other, tmp_path):
    answer = run_json("compress", file, "-r", other, "-s", 3, *PARAMETERS, "-o", tmp_path / "kept.xyz")
    envs, known = environments(file, other)
    selection = q.select(envs, n_to_select=3, bandwidth=0.03, reference=known)
    assert answer["indices_by_rank"] == selection.order.tolist()
    both = np.concatenate([known.X, envs.take(selection.order).X])
    assert answer["metrics"]["overlap_with_reference"] == q.overlap(envs, both, bandwidth=0.03)
    asked = (
        "compress",
        file,
        "-r",
        other,
        "-u",
        "overlap=0.9",
        "--dry-run",
        "--no-lock-isolated",
        *PARAMETERS,
    )
    expected = q.select(envs, bandwidth=0.03, reference=known, until={"overlap": 0.9}, n_to_select=None)
    found = run_json(*asked)
    assert found["indices_by_rank"] == expected.order.tolist()
    assert found["metrics"]["overlap_with_reference"] >= 0.9
    done = run("compress", file, "-r", other, "-m", "k_means", "--dry-run", *PARAMETERS)
    assert done.exit_code == 1
    assert "reference: expected None for method 'k_means', whose clusters divide" in done.stderr


def test_compress_until_targets_are_met(file):
    (envs,) = environments(file)
    for given, until in (
        (["-u", "overlap=0.6", "-u", "max_envs=30"], {"overlap": 0.6, "max_envs": 30}),
        (["--until", "information_loss=0.5", "-s", "8"], {"information_loss": 0.5}),
    ):
        answer = run_json("compress", file, *given, *PARAMETERS, "--dry-run")
        assert answer["indices_by_rank"] == q.select(envs, bandwidth=0.03, until=until).order.tolist()
        assert answer["parameters"]["until"] == until


def test_dry_run_writes_nothing(file, tmp_path):
    target = tmp_path / "kept.xyz"
    done = run("compress", file, "-o", target, "-k", 4, "--dry-run")
    assert done.exit_code == 0
    assert "balanced keeps 2 of 8 frames: overlap" in done.stdout
    assert not target.exists()


def test_defaults_equal_those_of_select(file, tmp_path):
    answer = run_json("compress", file, "-o", tmp_path / "kept.xyz")
    selection = q.select(q.descriptors(q.read(file)), n_to_select=0.25)
    assert answer["indices_by_rank"] == selection.order.tolist()
    assert answer["parameters"] == selection.parameters | {
        "k": 32, "cutoff": 5.0, "species": False, "cost": "frames",
    }  # fmt: skip


def test_compress_from_stdin_to_stdout(file):
    content = file.read_bytes()
    done = run("compress", "-", "-s", 3, "-k", 4, "-m", "random", "-o", "-", stdin=content)
    assert done.exit_code == 0
    order = q.select(q.descriptors(q.read(file), k=4), "random", 3).order
    lines = content.splitlines(keepends=True)
    assert done.stdout_bytes == b"".join(b"".join(lines[6 * i : 6 * i + 6]) for i in sorted(order))
    assert "random keeps 3 of 8 frames" in done.stderr
    packed = run("compress", "-", "-s", 3, "-k", 4, "-m", "random", "-o", "-", stdin=gzip.compress(content))
    assert packed.stdout_bytes == done.stdout_bytes
    assert json.loads(run("entropy", "-", "-k", 4, "--json", stdin=content).stdout)["file"] == "-"


def test_isolated_atoms_are_found_by_label_key(keyed):
    options = ("-s", 2, "-k", 4, "-m", "random", "--dry-run")
    assert run_json("compress", keyed, *options)["isolated_atoms"] == []
    named = run_json("compress", keyed, *options, *KEYS, "--label-key", "kind")
    assert named["isolated_atoms"] == [2]
    assert 2 in named["indices_by_rank"]


def test_a_subset_is_compared_with_that_of_msc(file):
    envs = environments(file)[0]
    marked = (["--locked", "5", "--excluded", "1"], {"locked": [5], "excluded": [1]})
    for options, given in (([], {}), marked):
        answer = run_json("compress", file, "-m", "random", *options, *PARAMETERS, "-s", 3, "--dry-run")
        order = q.select(envs, "msc", 3, bandwidth=0.03, **given).order
        kept = np.setdiff1d(range(len(envs)), given.get("excluded", []))
        rows = q.compression_curve(envs.take(kept), np.searchsorted(kept, order), [3], 0.03)
        expected = rows.drop(columns="n_frames").iloc[0].to_dict()
        assert answer["metrics_of_msc"] == pytest.approx(expected, abs=1e-9)
    shown = run("compress", file, "-m", "random", *PARAMETERS, "-s", 3, "--dry-run").stdout
    assert re.search(r"At this size (msc leads random|random leads msc|random and msc are equal)", shown)
    assert "metrics_of_msc" not in run_json("compress", file, "-m", "msc", *PARAMETERS, "--dry-run")


@pytest.fixture
def oxides(rng, tmp_path):
    """Return candidates of several elements, the last an isolated atom, and a reference of Fe and O."""
    frames = []
    for i, symbols in enumerate(("Fe4", "FeO3", "Cu4", "FeOCu2", "Fe3O", "O4", "Cu3O")):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols = symbols
        atoms.positions += 0.05 * (i + 1) * rng.normal(size=(4, 3))
        frames.append(atoms)
    frames.append(Atoms("Cu", cell=[20] * 3, pbc=True, info={"config_type": "isolated_atom"}))
    candidates, reference = tmp_path / "candidates.xyz", tmp_path / "reference.xyz"
    ase.io.write(candidates, frames, format="extxyz")
    ase.io.write(reference, [frames[0], frames[5]], format="extxyz")
    return candidates, reference


@pytest.mark.parametrize(
    ("options", "matching"),
    [
        (["--elements", "Fe,O"], [0, 1, 4, 5]),
        (["--elements", "reference"], [0, 1, 4, 5]),
        (["--elements", "Fe,O", "--match", "any"], [0, 1, 3, 4, 5, 6]),
        (["--elements", "Fe,O", "--match", "all"], [1, 3, 4]),
        (["--elements", "Fe,O", "--match", "all", "--locked", "2", "--excluded", "3"], [1, 2, 4]),
        (["--elements", "Cu"], [2, 7]),
    ],
)
def test_frames_are_chosen_by_element(oxides, options, matching):
    file, reference = oxides
    answer = run_json("compress", file, "-r", reference, "-s", "100%", *options, *PARAMETERS, "--dry-run")
    assert sorted(answer["indices_by_rank"]) == matching
    assert answer["n_frames_of"] == len(matching)
    assert answer["parameters"]["match"] == (options[3] if "--match" in options else "only")
    assert set(answer["parameters"]["elements"]) == ({"Cu"} if options[1] == "Cu" else {"Fe", "O"})


def test_elements_of_a_reference_that_is_a_store(oxides, tmp_path):
    file, reference = oxides
    q.descriptors(reference, 4, store=tmp_path / "known.envs")
    options = ("-s", "100%", "--elements", "reference", "-k", 4, "--dry-run")
    answers = [
        run_json("compress", file, "-r", known, *options) for known in (reference, tmp_path / "known.envs")
    ]
    assert answers[0]["indices_by_rank"] == answers[1]["indices_by_rank"]
    assert answers[1]["parameters"]["elements"] == ["Fe", "O"]


def test_novelty_is_that_of_the_chosen_frames(oxides):
    file, reference = oxides
    options = ("-r", reference, "--elements", "reference", "-s", 2, "-m", "msc", *PARAMETERS, "--dry-run")
    answer = run_json("compress", file, *options)
    envs, known = environments(file, reference)
    order = q.select(envs, "msc", 2, 0.03, known, excluded=[2, 3, 6, 7]).order
    assert answer["indices_by_rank"] == order.tolist()
    novelty = q.delta_entropy(envs.take(order), known, 0.03)
    assert answer["novelty"]["n_new"] == np.sum(novelty >= 1e-5) == 8
    assert answer["novelty"]["mean_delta_entropy"] == pytest.approx(novelty.mean(), abs=1e-6)
    assert answer["novelty"]["overlap_before"] == 0.5, "two of the four candidates are in the reference"
    assert answer["novelty"]["overlap_after"] == answer["metrics"]["overlap_with_reference"] == 1
    shown = run("compress", file, *options).stdout
    assert "New to the reference: 8 of 8 selected environments (100.0 %), mean δH" in shown
    assert "covers 50.0 % of the candidates alone, 100.0 % with the selected frames" in shown


def test_elements_that_cannot_be_used_are_refused(oxides):
    file, _ = oxides
    for given, code, message in (
        ("Xy", 1, "--elements: expected symbols such as Fe,O, got 'Xy'"),
        ("He", 1, "--elements: expected elements of some frames with match only, got He"),
        ("reference", 2, "expected a reference with --elements reference"),
    ):
        done = run("compress", file, "--elements", given, "--dry-run", *PARAMETERS)
        assert done.exit_code == code
        assert message in " ".join(done.stderr.replace("│", " ").split())


def test_targets_are_given_once(file):
    done = run("compress", file, *PARAMETERS, "--dry-run", "-u", "overlap=0.5", "-u", "overlap=0.9")
    assert done.exit_code == 2
    assert "--until" in done.stderr
    assert "expected each target once" in done.stderr


@pytest.mark.parametrize(("target", "message"), [
    ("overlap=-1", "--until overlap: expected a number of at least 0, got -1.0"),
    ("overlap=nan", "--until overlap: expected a number of at least 0, got nan"),
    ("overlap=1.5", "--until overlap: expected a value that the whole order reaches (1), got 1.5"),
    ("information_loss=-1", "--until information_loss: expected a number of at least 0, got -1.0"),
    ("max_delta_entropy=-1", "--until max_delta_entropy: expected a number of at least 0, got -1.0"),
    ("max_envs=0", "--until max_envs: expected an integer of at least 1, got 0"),
    ("max_envs=1", "--until max_envs: expected at least 4, the size of the first frame, got 1"),
])  # fmt: skip
def test_errors_about_targets_name_the_option(file, target, message):
    done = run("compress", file, *PARAMETERS, "--dry-run", "-u", target)
    assert (done.exit_code, done.stderr) == (1, f"Error: {message}\n")


def test_errors_about_knee_and_cost_name_the_option(file, tmp_path):
    one = tmp_path / "one.xyz"
    q.write_subset(one, file, [0])
    done = run("compress", one, *PARAMETERS, "--dry-run", "-u", "knee")
    assert done.stderr.startswith("Error: --until: expected a curve with a knee")
    done = run("compress", file, *PARAMETERS, "--dry-run", "-m", "msc", "--cost", "environments")
    assert (done.exit_code, done.stderr) == (
        1, "Error: --cost: expected 'frames' for method 'msc', got 'environments'\n"
    )  # fmt: skip


@pytest.mark.parametrize("energy", ["nan", "inf"])
@pytest.mark.parametrize("stored", [True, False])
def test_pcov_fps_names_a_frame_whose_energy_is_not_finite(file, tmp_path, energy, stored):
    path = tmp_path / "labelled.xyz"
    frames = q.read(file)
    for i, atoms in enumerate(frames):
        atoms.info["REF_energy"] = float(energy) if i == 3 else -1.0 * i
    ase.io.write(path, frames, format="extxyz")
    options = ("--store", tmp_path / "a") if stored else ()
    done = run("compress", path, "-m", "pcov_fps", "-k", 4, "--dry-run", *options)
    assert done.exit_code == 1
    assert "frame 3: expected a finite energy" in done.stderr
