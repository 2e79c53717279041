"""Tests of the labels of frames."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core.potentials.labelled import atom_energies, check_labelled, fingerprint, reference_labels
from tests.core.potentials.trained import labelled_frames


@pytest.mark.parametrize("fault", ["energy", "forces"])
def test_labels_that_are_not_finite_name_their_frame(fault):
    frames = labelled_frames(3)
    frames[1].calc.results[fault] = np.nan * frames[1].calc.results[fault]
    check_labelled(frames, [0, 2])
    with pytest.raises(ValueError, match=r"frame 1: expected finite|frame 1: expected forces"):
        check_labelled(frames, [0, 1])


def test_reference_labels():
    frames = labelled_frames(3)
    del frames[1].calc.results["energy"]
    found = reference_labels(frames)
    assert np.isnan(found.energies).tolist() == [False, True, False]
    assert found.forces[4:8].tolist() == frames[1].calc.results["forces"].tolist()


def test_atom_energies():
    def atoms(symbols, energy):
        return Atoms(symbols, info={} if energy is None else {"energy": energy})

    frames = [atoms("H2O", -14.0), atoms("H2", -4.0), atoms("OC", -15.0), atoms("O2", None)]
    assert atom_energies(frames) == pytest.approx({"C": -5.0, "H": -2.0, "O": -10.0})
    isolated = [atoms("H", -1.0), atoms("He", -3.0)]
    assert atom_energies(frames, isolated) == pytest.approx({"C": -4.0, "H": -1.0, "O": -11.0}, abs=2)
    assert atom_energies(frames, isolated)["H"] == -1.0
    assert atom_energies([atoms("H2", None)]) == {"H": 0.0}
    # Proportions that never change determine only the sum.
    assert atom_energies([atoms("CuAg", -6.0)] * 2) == pytest.approx({"Ag": -3.0, "Cu": -3.0})


def test_the_fingerprint_depends_on_structures_and_labels_only():
    def made(change=lambda atoms: None):
        atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]], cell=[3, 3, 3], pbc=True)
        atoms.calc = SinglePointCalculator(atoms, energy=1.0, forces=np.zeros((2, 3)))
        change(atoms)
        return fingerprint([atoms])

    changes = [
        lambda atoms: atoms.positions.__setitem__((0, 0), 0.1),
        lambda atoms: atoms.set_pbc(False),
        lambda atoms: atoms.numbers.__setitem__(0, 2),
        lambda atoms: atoms.calc.results.__setitem__("energy", 2.0),
        lambda atoms: atoms.calc.results.pop("forces"),
    ]
    assert made() == made(lambda atoms: atoms.info.update(note="x"))
    assert len({made(), *map(made, changes)}) == 6
