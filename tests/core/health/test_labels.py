"""Tests of the checks of labels, energies and forces."""

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from tests.core.health.frames import (
    assert_found,
    checked,
    extreme_force,
    good_frames,
    label,
    without_label,
)


def without_energy(atoms, rng):
    atoms.calc = SinglePointCalculator(atoms, forces=atoms.get_forces())


def other_name(atoms, rng):
    energy = atoms.get_potential_energy()
    without_energy(atoms, rng)
    atoms.info["REF_energy"] = energy


def far_energy(atoms, rng):
    atoms.calc.results["energy"] += 5.0 * len(atoms)


def without_forces(atoms, rng):
    atoms.calc = SinglePointCalculator(atoms, energy=atoms.get_potential_energy())


def net_force(atoms, rng):
    atoms.calc.results["forces"] += [0.2, 0, 0]


def stress_of_other_sign(atoms, rng):
    atoms.calc.results["stress"] = np.array([0.1, 0.2, 0.3, 0.0, 0.0, 0.0])
    atoms.info["virial"] = np.diag([0.1, 0.2, 0.3]) * atoms.cell.volume


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (without_label, "missing labels"),
        (without_energy, "missing energies"),
        (other_name, "mixed names"),
        (far_energy, "energy outliers"),
        (without_forces, "missing forces"),
        (extreme_force, "extreme forces"),
        (net_force, "net forces"),
        (stress_of_other_sign, "stress and virial"),
    ],
)
def test_each_fault_is_found_in_its_frames(rng, tmp_path, fault, kind):
    assert_found(rng, tmp_path, fault, kind)


def test_labels_that_are_not_finite_are_found(rng, tmp_path):
    frames = good_frames(rng, 6)
    frames[0].calc.results["energy"] = np.nan
    frames[1].calc.results["energy"] = -np.inf
    frames[2].calc.results["forces"][-1, 2] = np.nan
    frames[3].calc.results["energy"] = 1e308
    found = checked(frames, tmp_path)
    assert found["unusable labels"].frames == (0, 1, 2, 3)
    assert found["missing energies"].frames == (0, 1, 3)
    assert found["missing forces"].frames == (2,)
    for atoms in frames:
        atoms.calc.results["energy"] = np.inf
    assert "no energies" in checked(frames, tmp_path)


def test_forces_too_large_to_sum_are_found(rng, tmp_path):
    """Without an overflow, whose warning would be an error here."""
    frames = good_frames(rng, 4)
    frames[1].calc.results["forces"][:2, 0] = 1.7e308
    found = checked(frames, tmp_path)
    assert found["unusable labels"].frames == found["missing forces"].frames == (1,)
    assert found["extreme forces"].frames == (1,)
    assert "some beyond 1e+150" in found["extreme forces"].explanation
    assert "net forces" not in found
    frames[2].calc.results["forces"][0, 0] = 1e149
    found = checked(frames, tmp_path)
    assert found["extreme forces"].frames == (1, 2)
    assert "per atom, up to 3.13e+147: " in found["net forces"].explanation


def test_huge_forces_of_the_same_geometry_are_compared(rng, tmp_path):
    frames = good_frames(rng, 2)
    frames[1] = frames[0].copy()
    label(frames[1], rng, np.full((len(frames[0]), 3), 1.7e308), energy=1.7e308)
    label(frames[0], rng, np.full((len(frames[0]), 3), -1.7e308), energy=-1.7e308)
    assert checked(frames, tmp_path)["unusable labels"].frames == (0, 1)
