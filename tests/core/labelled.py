"""Frames with all kinds of labels, and their comparison."""

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator


def labelled(seed=0, n=5):
    """Return frames with all kinds of labels."""
    rng = np.random.default_rng(seed)
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True) if i % 2 else molecule("CH3CH2OH", vacuum=3.0)
        atoms.rattle(0.1, seed=seed + i)
        atoms.info = {"config_type": f"kind {i % 2}", "weight": 0.25 * i}
        atoms.arrays["REF_forces"] = rng.normal(size=(len(atoms), 3))
        forces, stress = rng.normal(size=(len(atoms), 3)), rng.normal(size=6)
        atoms.calc = SinglePointCalculator(atoms, energy=-3.5 - i, forces=forces, stress=stress)
        frames.append(atoms)
    return frames


def assert_same(frames, expected):
    assert len(frames) == len(expected)
    for one, other in zip(frames, expected, strict=True):
        assert one.symbols.get_chemical_formula() == other.symbols.get_chemical_formula()
        np.testing.assert_allclose(one.positions, other.positions, atol=1e-7)
        np.testing.assert_allclose(one.cell.array, other.cell.array, atol=1e-7)
        np.testing.assert_array_equal(one.pbc, other.pbc)


def assert_same_labels(frames, expected):
    for one, other in zip(frames, expected, strict=True):
        assert one.info == other.info
        assert one.get_potential_energy() == pytest.approx(other.get_potential_energy())
        np.testing.assert_allclose(one.get_forces(), other.get_forces(), atol=1e-7)
        np.testing.assert_allclose(one.get_stress(), other.get_stress(), atol=1e-7)
        np.testing.assert_allclose(one.arrays["REF_forces"], other.arrays["REF_forces"], atol=1e-7)
