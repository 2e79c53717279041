"""Tests of the checks of labels, energies and forces."""

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from tests.core.health.frames import assert_found, extreme_force, without_label


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
