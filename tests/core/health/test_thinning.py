"""Frames of a trajectory that differ little from the one kept before."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from quests_core import delta_entropy, descriptors
from quests_core.health.thinning import small_steps
from quests_core.io.dataset import load


def trajectory(energies, rng, step=0.0):
    """Return frames with these energies per atom, whose atoms move by `step` at a time."""
    frames, atoms = [], bulk("Cu", cubic=True)
    for energy in energies:
        atoms = atoms.copy()
        atoms.positions += step * rng.normal(size=(4, 3))
        atoms.calc = None if np.isnan(energy) else SinglePointCalculator(atoms, energy=4 * energy)
        frames.append(atoms)
    return frames


def loaded(frames, path):
    write(path, frames, format="extxyz")
    dataset = load(path)
    return dataset, descriptors(dataset.frames, k=4)


def dropped(*arguments, **options):
    return [(step.frame, step.other) for step in small_steps(*arguments, **options)]


def test_energies_of_kept_frames_differ_by_the_step(rng, tmp_path):
    found = loaded(trajectory([0, 0.04, 0.08, 0.125, 0.1, 0.3, 0.27], rng), tmp_path / "a.xyz")
    steps = small_steps(*found, energy_step=0.1)
    assert [(step.frame, step.other) for step in steps] == [(1, 0), (2, 0), (4, 3), (6, 5)]
    assert steps[1].energy == pytest.approx(0.08)
    assert dropped(*found, energy_step=1.0) == [(i, 0) for i in range(1, 7)]


def test_novelty_is_that_of_the_definition(rng, tmp_path):
    dataset, envs = loaded(trajectory([0.0] * 12, rng, 0.01), tmp_path / "a.xyz")
    h, threshold = 0.05, 0.05
    expected, last = [], 0
    for i in range(1, 12):
        given = delta_entropy(envs.take([i]), envs.take([last]), h)
        if np.mean(np.maximum(0, given)) < threshold:
            expected.append((i, last))
        else:
            last = i
    assert 0 < len(expected) < 11
    assert dropped(dataset, envs, novelty_step=threshold, bandwidth=h) == expected
    assert dropped(dataset, envs, energy_step=0.1) == [(i, 0) for i in range(1, 12)]
    both = dropped(dataset, envs, energy_step=0.1, novelty_step=threshold, bandwidth=h)
    assert both == expected, "a large step of either kind keeps a frame"


def test_frames_without_energy_other_elements_and_isolated_atoms_stay(rng, tmp_path):
    frames = trajectory([0, 0, np.nan, 0, 0], rng)
    silver = frames[0].copy()
    silver.symbols = "Ag4"
    silver.calc = SinglePointCalculator(silver, energy=0.0)
    atom = Atoms("Cu", cell=[15] * 3, pbc=True, info={"config_type": "isolated_atom"})
    found = loaded([*frames, silver, atom, silver], tmp_path / "a.xyz")
    assert dropped(*found, energy_step=0.1) == [(1, 0), (4, 3), (7, 5)]


def test_several_files_are_several_trajectories(rng, tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.xyz", trajectory([0, 0, 0], rng), format="extxyz")
    dataset = load([tmp_path / "a.xyz", tmp_path / "b.xyz"])
    envs = descriptors(dataset.frames, k=4)
    assert dropped(dataset, envs, energy_step=0.1) == [(1, 0), (2, 0), (4, 3), (5, 3)]


def test_a_step_is_positive(rng, tmp_path):
    found = loaded(trajectory([0, 0], rng), tmp_path / "a.xyz")
    with pytest.raises(ValueError, match="energy_step: expected"):
        small_steps(*found, energy_step=0.0)
