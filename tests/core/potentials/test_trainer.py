"""Tests of predictions with calculators of ASE."""

import numpy as np
from ase.calculators.emt import EMT

from quests_core.potentials import calculator_predictions
from tests.core.potentials.trained import labelled_frames


def test_predictions_are_those_of_the_calculator_and_change_no_frame():
    frames = labelled_frames(3)
    calculators = [atoms.calc for atoms in frames]
    found = calculator_predictions(EMT())(frames)
    assert np.allclose(found.energies, [calc.results["energy"] for calc in calculators], rtol=0, atol=1e-12)
    expected = np.concatenate([calc.results["forces"] for calc in calculators])
    assert np.allclose(found.forces, expected, rtol=0, atol=1e-12)
    assert [atoms.calc for atoms in frames] == calculators


def test_constraints_do_not_hide_forces():
    from ase.constraints import FixAtoms

    (atoms,) = labelled_frames(1)
    free = calculator_predictions(EMT())([atoms]).forces
    atoms.set_constraint(FixAtoms([0, 1, 2, 3]))
    assert calculator_predictions(EMT())([atoms]).forces.tolist() == free.tolist()
    assert np.abs(free).max() > 0


def test_no_frames():
    found = calculator_predictions(EMT())([])
    assert (found.energies.shape, found.forces.shape) == ((0,), (0, 3))
