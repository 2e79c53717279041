"""Duplicates, conflicting labels and leakage."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from quests_core import Cancelled, Progress, descriptors
from quests_core.health.near_pairs import TOLERANCE, Pair, duplicates_and_conflicts, leakage
from quests_core.io.dataset import load
from tests.core.health.frames import checked, good_frames, label


def loaded(frames, path):
    """Return frames as read from a file, and their descriptors."""
    write(path, frames, format="extxyz")
    dataset = load(path)
    elements = list(dataset.elements)
    return dataset, descriptors(dataset.frames, species=elements if len(elements) > 1 else None)


def copied(atoms, rng, shift=0.0, energy=0.0, force=0.0):
    """Return a copy that is displaced, and whose labels differ."""
    other = atoms.copy()
    other.positions[0, 0] += shift
    forces = atoms.get_forces().copy()
    forces[3, 1] += force
    return label(other, rng, forces, atoms.get_potential_energy() + energy * len(atoms))


def turned(atoms, rng):
    """Return a frame rotated, translated and renumbered, with its forces."""
    other, forces = atoms.copy(), atoms.get_forces()
    order = rng.permutation(len(atoms))
    arrow = atoms.copy()
    arrow.positions = forces
    arrow.rotate(33, (1, 2, 3))
    other.rotate(33, (1, 2, 3), rotate_cell=True)
    other.positions += [0.3, 1.1, -0.4]
    other = other[order]
    return label(other, rng, arrow.positions[order], atoms.get_potential_energy())


@pytest.fixture
def frames(rng):
    return good_frames(rng, 12)


def test_copies_repeat_the_first_and_labels_that_differ_conflict(frames, rng, tmp_path):
    frames[5] = copied(frames[2], rng)
    frames[7] = copied(frames[2], rng, energy=0.02)
    frames[8] = copied(frames[3], rng, force=0.3)
    frames[9] = copied(frames[7], rng)
    duplicates, conflicts = duplicates_and_conflicts(*loaded(frames, tmp_path / "a.xyz"))
    assert [pair[:2] for pair in duplicates] == [(5, 2), (9, 7)]
    assert [pair[:2] for pair in conflicts] == [(7, 2), (8, 3), (9, 2)]
    assert conflicts[0].energy == pytest.approx(0.02)
    assert conflicts[0].force == pytest.approx(0.0, abs=1e-6)
    assert conflicts[1].force == pytest.approx(0.3)
    assert conflicts[0].sentence.startswith("7 and 2 (20 meV atom⁻¹, ")


@pytest.mark.parametrize("energy", [0.0, 0.05])
def test_a_frame_is_recognised_when_it_is_turned_and_renumbered(frames, rng, tmp_path, energy):
    frames[4] = turned(frames[1], rng)
    frames[4].calc.results["energy"] += energy * len(frames[4])
    duplicates, conflicts = duplicates_and_conflicts(*loaded(frames, tmp_path / "a.xyz"))
    pair, none = (conflicts, duplicates) if energy else (duplicates, conflicts)
    assert [one[:2] for one in pair] == [(4, 1)]
    assert none == []
    assert pair[0].force < 1e-6


def test_the_tolerance_decides_what_is_near(frames, rng, tmp_path):
    frames[6] = copied(frames[0], rng, shift=0.01)
    dataset, envs = loaded(frames, tmp_path / "a.xyz")
    assert duplicates_and_conflicts(dataset, envs) == ([], [])
    ((frame, other, distance, energy, force),), _ = duplicates_and_conflicts(dataset, envs, tolerance=0.01)
    assert (frame, other) == (6, 0)
    assert TOLERANCE < distance < 0.01
    assert (energy, force) == pytest.approx((0, 0), abs=1e-6)
    frames[6] = copied(frames[0], rng, shift=0.01, energy=0.1)
    found = duplicates_and_conflicts(*loaded(frames, tmp_path / "a.xyz"), tolerance=0.01)
    assert found == ([], []), "another geometry may have another energy"


def test_the_frame_with_labels_is_kept(frames, rng, tmp_path):
    frames[8] = copied(frames[3], rng)
    frames[3].calc = None
    duplicates, conflicts = duplicates_and_conflicts(*loaded(frames, tmp_path / "a.xyz"))
    assert [pair[:2] for pair in duplicates] == [(3, 8)]
    assert np.isnan([duplicates[0].energy, duplicates[0].force]).all()
    assert conflicts == []


def test_exchanged_elements_are_another_structure(frames, rng, tmp_path):
    first, second = frames[0].copy(), frames[0].copy()
    first.symbols[:8] = "Ag"
    second.symbols[8:16] = "Ag"
    pair = [label(first, rng), label(second, rng, energy=-1.0)]
    dataset, envs = loaded(pair, tmp_path / "a.xyz")
    assert duplicates_and_conflicts(dataset, envs) == ([], [])
    assert "conflicting labels" not in checked(pair, tmp_path), "without blocks of elements it is not known"
    in_place = copied(pair[0], rng, energy=0.02)
    assert checked([*pair, in_place], tmp_path)["conflicting labels"].frames == (0, 2)


def by_definition(frames, envs, tolerance):
    """Return all pairs of frames within a tolerance."""
    pairs = []
    for i, j in itertools.combinations(range(len(frames)), 2):
        same = sorted(frames[i].numbers) == sorted(frames[j].numbers)
        d = np.linalg.norm(envs[i][:, None] - envs[j][None], axis=2)
        d[frames[i].numbers[:, None] != frames[j].numbers] = np.inf
        if same and d.min(axis=0).max() <= tolerance and d.min(axis=1).max() <= tolerance:
            pairs.append((j, i))
    return pairs


def test_pairs_are_those_of_the_definition(rng, tmp_path):
    """Without labels nothing conflicts, and each frame but the first of its kind repeats one."""
    base = [Atoms("CuAg2", positions=4 * rng.random((3, 3)), cell=[9] * 3, pbc=True) for _ in range(6)]
    frames = [base[i].copy() for i in rng.integers(0, 6, 40)]
    for atoms in frames:
        atoms.positions += rng.choice([0, 1e-3], p=[0.7, 0.3]) * rng.normal(size=(3, 3))
    dataset, envs = loaded(frames, tmp_path / "a.xyz")
    pairs = by_definition(frames, envs, TOLERANCE)
    duplicates, conflicts = duplicates_and_conflicts(dataset, envs)
    assert conflicts == []
    assert {pair[:2] for pair in duplicates} <= set(pairs)
    repeats = {pair.frame for pair in duplicates}
    kept = set(range(40)) - repeats
    assert not [pair for pair in pairs if set(pair) <= kept]
    assert 0 < len(repeats) < 40


def test_leakage_is_found_on_the_side_of_the_training(frames, rng, tmp_path):
    lone = label(Atoms("Cu", cell=[20] * 3, pbc=True), rng)
    test = [*good_frames(rng, 3), turned(frames[4], rng), copied(frames[9], rng, energy=1.0), lone]
    dataset, envs = loaded([*frames, lone], tmp_path / "a.xyz")
    numbers = [atoms.numbers for atoms in test]
    _, test_envs = loaded(test, tmp_path / "b.xyz")
    pairs = leakage(dataset, envs, numbers, test_envs)
    assert [pair[:2] for pair in pairs] == [(4, 3), (9, 4)]
    assert [pair[:2] for pair in leakage(dataset, envs, numbers, test_envs, ignored=[4])] == [(9, 4)]
    assert leakage(dataset, envs, numbers[:3], test_envs.take(range(3))) == []


def test_a_frame_that_is_ignored_neither_repeats_nor_is_repeated(frames, rng, tmp_path):
    frames[5], frames[8] = copied(frames[2], rng), copied(frames[2], rng)
    dataset, envs = loaded(frames, tmp_path / "a.xyz")
    for ignored, expected in (((), [(5, 2), (8, 2)]), ([2], [(8, 5)]), ([5], [(8, 2)]), ([2, 5], [])):
        duplicates, _ = duplicates_and_conflicts(dataset, envs, ignored=ignored)
        assert [pair[:2] for pair in duplicates] == expected


def test_the_health_check_lists_conflicts(frames, rng, tmp_path):
    frames[7] = copied(frames[2], rng, energy=0.02)
    found = checked(frames, tmp_path)["conflicting labels"]
    assert found.frames == (2, 7)
    assert found.removable
    assert "7 and 2 (20 meV atom⁻¹" in found.explanation


def test_comparing_can_be_cancelled(frames, tmp_path):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        duplicates_and_conflicts(*loaded(frames, tmp_path / "a.xyz"), progress=progress)


def test_a_pair_without_labels_is_named_by_its_frames():
    assert Pair(3, 1, 0.0).sentence == "3 and 1"
    assert Pair(3, 1, 0.0, 0.0012).sentence == "3 and 1 (1.2 meV atom⁻¹)"
