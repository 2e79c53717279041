"""Tests of the command ``clean``."""

import hashlib
import json

import pytest
from ase import Atoms
from ase.io import write

import quests_core as q
import quests_core.cli.common
from tests.core.cli.commands import run, run_json
from tests.core.health.frames import extreme_force, good_frames, label
from tests.core.health.test_near_pairs import copied


@pytest.fixture
def faulty(rng, tmp_path):
    """Return a file in which 5 repeats 2, 7 contradicts 2, 8 has an extreme and 10 a net force."""
    frames = good_frames(rng, 12)
    frames[5] = copied(frames[2], rng)
    frames[7] = copied(frames[2], rng, energy=0.02)
    extreme_force(frames[8], rng)
    frames[10].calc.results["forces"] += [0.2, 0, 0]
    write(tmp_path / "faulty.xyz", frames, format="extxyz")
    return tmp_path / "faulty.xyz"


@pytest.fixture
def test_set(faulty, rng, tmp_path):
    write(tmp_path / "test.xyz", [*good_frames(rng, 2), q.read(faulty)[11]], format="extxyz")
    return tmp_path / "test.xyz"


def test_everything_is_listed_and_nothing_removed(faulty, test_set):
    answer = run_json("clean", faulty, "--test", test_set)
    found = answer["found"]
    pairs = {kind: [(p["frame"], p["other"]) for p in found[kind]] for kind in ("duplicates", "conflicts")}
    assert pairs == {"duplicates": [(5, 2)], "conflicts": [(7, 2)]}
    assert [(p["frame"], p["other"]) for p in found["leakage"]] == [(11, 2)]
    assert found["forces"] == [8]
    assert found["net-forces"] == [10]
    assert answer["removed"] == answer["dropped"] == []
    assert answer["n_frames"] == 12
    shown = run("clean", faulty, "--test", test_set).stdout
    for text in (
        "another one: 1\n  5 repeats 2\n", "7 and 2 (20 meV atom⁻¹", "test set: 1\n  11 is test frame 2\n",
        "Extreme forces: 1\n  8\n", "add up to zero: 1\n  10\n", "Nothing is removed",
    ):  # fmt: skip
        assert text in shown


@pytest.mark.parametrize(
    ("drop", "removed"),
    [
        ("duplicates", [5]), ("conflicts", [2, 7]), ("leakage", [11]), ("forces", [8]), ("net-forces", [10]),
        ("duplicates, forces,duplicates", [5, 8]),
        ("duplicates,conflicts,leakage,forces,net-forces", [2, 5, 7, 8, 10, 11]),
    ],
)  # fmt: skip
def test_only_what_is_asked_is_removed(faulty, test_set, tmp_path, drop, removed):
    target = tmp_path / "cleaned.xyz"
    done = run("clean", faulty, "--test", test_set, "--drop", drop, "-o", target)
    assert done.exit_code == 0, done.output
    assert f"keeps {12 - len(removed)}" in done.stdout
    expected = tmp_path / "expected.xyz"
    q.write_subset(expected, faulty, [i for i in range(12) if i not in removed])
    assert target.read_bytes() == expected.read_bytes()
    record = json.loads((tmp_path / "cleaned.json").read_text())
    assert [one["frame"] for one in record["removed"]] == removed
    assert all(one["why"] for one in record["removed"])
    assert record["source"]["sha256"] == hashlib.sha256(faulty.read_bytes()).hexdigest()
    assert record["output"]["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert record["output"]["n_frames"] == record["n_frames"] == 12 - len(removed)
    assert record["parameters"]["tolerance"] == 1e-4
    assert record["versions"]["quests-explorer"]


def test_the_record_says_why(faulty, test_set, tmp_path):
    target = tmp_path / "cleaned.extxyz.gz"
    drop = "duplicates,conflicts,leakage,forces"
    assert run("clean", faulty, "--test", test_set, "--drop", drop, "-o", target).exit_code == 0
    record = json.loads((tmp_path / "cleaned.json").read_text())
    assert {one["frame"]: one["why"] for one in record["removed"]} == {
        2: ["conflicts: contradicts frame 7"],
        5: ["duplicates: repeats frame 2"],
        7: ["conflicts: contradicts frame 2"],
        8: ["forces"],
        11: ["leakage: is test frame 2"],
    }
    assert len(q.read(target)) == 7


def test_limits_and_tolerances(faulty, tmp_path):
    found = run_json("clean", faulty, "--max-force", 50, "--max-net-force", 0.3, "--energy-tolerance", 0.03)
    assert found["found"] == {
        "duplicates": found["found"]["duplicates"], "conflicts": [], "forces": [], "net-forces": []
    }  # fmt: skip
    assert [(p["frame"], p["other"]) for p in found["found"]["duplicates"]] == [(5, 2), (7, 2)]


def test_isolated_atoms_stay(faulty, rng, tmp_path):

    lone = [
        label(Atoms("Cu", cell=[20] * 3, pbc=True), rng, energy=e, name="IsolatedAtom") for e in (-1, -2, -2)
    ]
    source, target = tmp_path / "lone.xyz", tmp_path / "cleaned.xyz"
    write(source, [*lone, *q.read(faulty)], format="extxyz")
    answer = run_json("clean", source, "--drop", "duplicates,conflicts", "-o", target)
    assert [(p["frame"], p["other"]) for p in answer["found"]["conflicts"]] == [(1, 0), (2, 0), (10, 5)]
    assert [one["frame"] for one in answer["removed"]] == [5, 8, 10]


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (("-o", "a.xyz"), 2, "expected what to remove"),
        (("--drop", "noise"), 2, "expected some of duplicates"),
        (("--drop", "leakage"), 2, "expected a test set"),
        (("--tolerance", "0"), 1, "--tolerance: expected a positive number"),
        (("--max-force", "-1"), 1, "--max-force: expected a positive number"),
        (("--drop", "forces", "-o", "a.txt"), 1, "expected a name that ends in .xyz"),
        (("--drop", "forces", "--max-force", "1e-9", "-o", "a.xyz"), 1, "no frame would be left"),
        (("--drop", "forces", "-o", "faulty.xyz", "--force"), 1, "expected another file than the source"),
    ],
)
def test_errors(faulty, tmp_path, monkeypatch, options, code, why):
    monkeypatch.chdir(tmp_path)
    done = run("clean", faulty.name, *options)
    assert done.exit_code == code
    assert why in " ".join(done.stderr.replace("│", "").split())
    assert {path.name for path in tmp_path.iterdir()} == {"faulty.xyz"}


def test_a_record_is_not_replaced_without_force(faulty, tmp_path):
    (tmp_path / "cleaned.json").write_text("precious")
    done = run("clean", faulty, "--drop", "forces", "-o", tmp_path / "cleaned.xyz")
    assert "cleaned.json exists; --force replaces it" in done.stderr
    assert not (tmp_path / "cleaned.xyz").exists()


def test_a_pipe_gets_the_frames_and_a_dry_run_writes_nothing(faulty, tmp_path):
    done = run("clean", faulty, "--drop", "forces", "-o", "-")
    assert done.stdout_bytes.count(b"Lattice") == 11
    assert "keeps 11" in done.stderr
    assert run("clean", faulty, "--drop", "forces", "-o", tmp_path / "a.xyz", "--dry-run").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"faulty.xyz"}


def test_a_trajectory_is_thinned(rng, tmp_path):
    frames = good_frames(rng, 6)
    for atoms, energy in zip(frames, (0, 0.1, 0.5, 0.55, 0.2, 0.21), strict=True):
        label(atoms, rng, energy=len(atoms) * energy, name="md")
    write(tmp_path / "md.xyz", frames, format="extxyz")
    target = tmp_path / "thinned.xyz"
    answer = run_json("clean", tmp_path / "md.xyz", "--energy-step", 0.2, "--drop", "steps", "-o", target)
    assert [step["frame"] for step in answer["found"]["steps"]] == [1, 3, 5]
    assert answer["removed"][1] == {"frame": 3, "why": ["steps: small step from frame 2"]}
    assert [q.atoms_energy(atoms) / 32 for atoms in q.read(target)] == pytest.approx([0, 0.5, 0.2])
    assert json.loads(target.with_suffix(".json").read_text())["parameters"]["energy_step"] == 0.2
    shown = run("clean", tmp_path / "md.xyz", "--energy-step", 0.2).stdout
    assert "Small steps: frames near the one kept before: 3" in shown
    assert "3 from 2" in shown
    for options, message in (
        (["--drop", "steps"], "expected a step, --energy-step or --novelty-step"),
        (["--novelty-step", 0], "--novelty-step: expected"),
    ):
        done = run("clean", tmp_path / "md.xyz", *options)
        assert done.exit_code != 0
        assert message in " ".join(done.stderr.replace("│", " ").split())
