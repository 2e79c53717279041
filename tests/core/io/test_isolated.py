"""Tests of isolated atoms, which are defined by distance and label, not by the cutoff."""

import itertools
import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from typer.testing import CliRunner

import quests_core as q
from quests_core.cli import app
from quests_core.descriptors.describe import descriptors
from quests_core.health import check
from quests_core.io.dataset import load
from quests_core.io.isolated import is_isolated, is_isolated_label, shortest_period


def nearest_image(atoms, reach=4):
    """Return the length of the shortest lattice vector by a full search."""
    ranges = [range(-reach, reach + 1) if periodic else (0,) for periodic in atoms.pbc]
    vectors = [np.array(n) @ atoms.cell.array for n in itertools.product(*ranges) if any(n)]
    return min(np.linalg.norm(vector) for vector in vectors) if vectors else np.inf


@pytest.mark.parametrize("pbc", list(itertools.product([True, False], repeat=3)))
def test_shortest_period_equals_that_of_a_full_search(rng, pbc):
    for _ in range(20):
        cell = np.diag(rng.uniform(4, 12, 3)) + rng.uniform(-4, 4, (3, 3)) * (rng.random((3, 3)) < 0.4)
        if abs(np.linalg.det(cell)) < 100:
            continue
        atoms = Atoms("Cu", cell=cell, pbc=pbc)
        assert shortest_period(atoms) == pytest.approx(nearest_image(atoms))


def test_non_periodic_axes_may_have_zero_vectors():
    assert shortest_period(Atoms("Cu", cell=[[9, 0, 0], [8, 3, 0], [0, 0, 0]], pbc=[1, 1, 0])) == np.sqrt(10)
    assert shortest_period(Atoms("Cu", cell=[0, 0, 7], pbc=[0, 0, 1])) == 7


@pytest.mark.parametrize(
    ("cell", "isolated"),
    [
        ([0, 0, 0], True),
        ([12, 12, 12], True),
        ([12, 12, 9.5], False),
        ([[9.0, 0, 0], [8.2, 3.0, 0], [8.2, 1.5, 2.6]], False),
        ([[30.0, 0, 0], [29.0, 5.0, 0], [0, 0, 30]], False),
    ],
)
def test_the_shortest_lattice_vector_decides(cell, isolated):
    assert is_isolated(Atoms("Cu", cell=cell, pbc=np.any(cell))) == isolated
    assert is_isolated(Atoms("Cu", cell=cell, pbc=np.any(cell)), "Isolated_atom")
    assert not is_isolated(Atoms("Cu2", [[0, 0, 0], [2, 0, 0]], cell=cell, pbc=np.any(cell)))


@pytest.mark.parametrize(
    "label", ["IsolatedAtom", "isolated_atom", "ISOLATED_ATOM", "isolated-atom", "isolated atom"]
)
def test_labels_of_isolated_atoms(label):
    assert is_isolated_label(label)
    assert not is_isolated_label(f"{label}s in water")


def sparse_and_dense(rng):
    """Return an isolated atom, bulk of one atom with neighbours beyond 5 Å, and denser bulk."""
    frames = [Atoms("Cs", info={"config_type": "IsolatedAtom"})]
    frames += [bulk("Cs", "bcc", a=a) for a in (5.9, 6.0, 6.1)]
    frames += [bulk("Cs", "bcc", a=5.5, cubic=True) for _ in range(3)]
    for atoms in frames[4:]:
        atoms.positions += 0.1 * rng.normal(size=atoms.positions.shape)
    return frames


def test_isolated_atoms_do_not_depend_on_the_cutoff(rng, tmp_path):
    path = q.write_subset(tmp_path / "cs.xyz", sparse_and_dense(rng), range(7))
    dataset = load(path)
    envs = descriptors(dataset.frames, k=8, cutoff=5.0)
    assert (envs.X[envs.offsets[1:4]] == 0).all(), "the bulk frames have no neighbour within 5 Å"
    assert dataset.locked == (0,)
    found = {finding.kind: finding.frames for finding in check(dataset, envs, 5.0)}
    assert found["isolated atoms"] == (0,)
    assert found["no neighbours"] == (1, 2, 3)
    assert "unlabelled atoms" not in found


# compress


@pytest.fixture
def with_references(rng, tmp_path):
    """Return a file of ten molecules, an O and an H atom, with another spelling of the key."""
    frames = []
    for i in range(10):
        atoms = Atoms("OH2", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
        atoms.positions += 0.02 * i * rng.normal(size=(3, 3))
        frames.append(atoms)
    frames.append(Atoms("O", cell=[12] * 3, pbc=True, info={"Config_type": "isolated_atom"}))
    frames.append(Atoms("H"))
    return q.write_subset(tmp_path / "water.xyz", frames, range(12))


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.jit
@pytest.mark.parametrize("method", [method for method in q.METHODS if method != "pcov_fps"])
def test_isolated_atoms_are_kept_by_every_method(with_references, tmp_path, method):
    done = run("compress", with_references, "-m", method, "-s", 3, "-o", tmp_path / "s.xyz", "--json")
    report = json.loads(done.stdout)
    assert report["isolated_atoms"] == report["parameters"]["locked"] == [10, 11]
    kept = q.read(tmp_path / "s.xyz")
    assert sorted(len(atoms) for atoms in kept) == [1, 1, 3]


@pytest.mark.jit
def test_output_about_isolated_atoms(with_references, tmp_path):
    run_it = ("compress", with_references, "-s", 3, "--dry-run")
    assert "Including 2 isolated atoms; use --no-lock-isolated" in run(*run_it).stdout
    assert "isolated" not in run(*run_it, "--no-lock-isolated").stdout
    left = json.loads(run(*run_it, "--no-lock-isolated", "--json").stdout)
    assert left["isolated_atoms"] == left["parameters"]["locked"] == []
    one = json.loads(run(*run_it, "--excluded", "10", "--locked", "2", "--json").stdout)
    assert (one["isolated_atoms"], one["parameters"]["locked"]) == ([11], [2, 11])


@pytest.mark.jit
def test_sizes_below_the_number_of_isolated_atoms_are_refused(with_references):
    done = run("compress", with_references, "-s", 1, "--dry-run")
    assert done.exit_code == 1
    assert "--size: expected at least 2 frames" in done.stderr
    assert "--no-lock-isolated" in done.stderr
    assert run("compress", with_references, "-s", 1, "--dry-run", "--no-lock-isolated").exit_code == 0
    done = run("compress", with_references, "--until", "max_envs=1", "--dry-run")
    assert done.exit_code == 1
    assert "have 2 environments, more than max_envs=1" in done.stderr


@pytest.mark.jit
def test_isolated_atoms_are_kept_beyond_a_target(with_references):
    done = run("compress", with_references, "--until", "overlap=0.01", "--dry-run", "--json")
    assert json.loads(done.stdout)["indices_by_rank"] == [10, 11]
