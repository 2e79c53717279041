"""Tests of the energies and forces of frames."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import atoms_energy, atoms_forces, read
from quests_core.io.dataset import load
from quests_core.io.labels import frame_energies, label_notes, usable_energy, usable_forces
from tests.core.single_frame import BARE, HEAD, one


@pytest.mark.parametrize(
    ("comment", "energy"),
    [
        (HEAD + " note= energy=-1.5", -1.5),
        (HEAD + " note='' energy=-1.5", -1.5),
        (HEAD + ' a="" b= c={} energy=-1.5 d=', -1.5),
        (HEAD + " ENERGY=-1.5", -1.5),
        (HEAD + " Dft_Energy=-1.5 gap_energy=7", -1.5),
        (HEAD + " REF_energy=-1.5 dft_energy=7", -1.5),
        (HEAD + " free_energy=-1.5", -1.5),
        (HEAD + " DFT_free_energy=-1.5", -1.5),
        (HEAD + " mace-energy=-1.5", -1.5),
        (HEAD + " energy=-0.15d1", -1.5),
        (HEAD + " energy=-15D-1", -1.5),
        (HEAD + ' energy="-1.5"', -1.5),
        (HEAD + " energy={-1.5}", -1.5),
        (HEAD + " energy=None REF_energy=-1.5", -1.5),
        (HEAD + " energy=-1.5 energy", -1.5),
        (HEAD + " converged energy=-1.5", -1.5),
        ("energy=-1.5", -1.5),
        ("energy = -1.5 note = x", -1.5),
        ("REF_energy=-1.5 converged", -1.5),
        (HEAD + " energy=abc", None),
        (HEAD + " energy=1_0", None),
        (HEAD + " energy", None),
        (HEAD + ' energy="1 2"', None),
        (HEAD + ' d="energy=3"', None),
        (HEAD + " d='energy=3'", None),
        (HEAD + " d={energy=3}", None),
        (HEAD + " d=[energy=3]", None),
        (HEAD + " source_of_energy=3", None),
        ("water, energy = 3", None),
        ("it's E, energy = 3 energy = 4", None),
        ("kinetic energy = 3", None),
        ("Step 0: energy = 3 stress = 4 virial = 4", None),
        ("", None),
    ],
)
def test_spellings_of_energy(tmp_path, comment, energy):
    assert atoms_energy(one(tmp_path, BARE.format(comment))) == energy


def test_keys_given_by_the_user(tmp_path):
    path = tmp_path / "two.xyz"
    head = "Properties=species:S:1:pos:R:3:forces:R:3:mine:R:3"
    frame = "1\n" + head + " energy=-1 E_x={} kind=a config_type=b\nSi 0 0 0 1 1 1 2 2 2\n"
    path.write_text(frame.format("-7") + frame.format("none"), encoding="utf-8")
    notes = []
    frames = read(path, energy_key="E_x", forces_key="mine", notes=notes)
    assert [atoms_energy(atoms) for atoms in frames] == [-7, -1]
    assert [atoms_forces(atoms).tolist() for atoms in frames] == [[[2, 2, 2]]] * 2
    assert notes == ["no energy under 'E_x'; other recognised keys are used (frame 1)"]
    assert load(path, energy_key="E_x", label_key="kind").labels == ("a", "a")
    for argument in ({"energy_key": "E_y"}, {"forces_key": "E_x"}, {"label_key": "kinds"}):
        name = next(iter(argument))
        with pytest.raises(ValueError, match=rf"^{name}: expected a key .*got '\w+'"):
            load(path, **argument)


def test_energy_and_forces_are_found_in_calculator_info_and_arrays():
    atoms = Atoms("H2", [[0, 0, 0], [0, 0, 0.8]])
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None
    for key in ("REF_energy", "energy", "dft_energy", "DFT_energy"):
        assert atoms_energy(Atoms("H", info={key: np.float64(-2.5)})) == -2.5
    for key in ("REF_forces", "forces", "force", "dft_forces"):
        one = atoms.copy()
        one.arrays[key] = np.array([[0, 0, 1], [0, 0, -1]])
        np.testing.assert_array_equal(atoms_forces(one), [[0, 0, 1], [0, 0, -1]])
        assert atoms_forces(one).dtype == np.float64
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=np.ones((2, 3)))
    assert atoms_energy(atoms) == -1.0
    np.testing.assert_array_equal(atoms_forces(atoms), np.ones((2, 3)))


def test_labels_are_never_computed():
    from ase.calculators.emt import EMT

    atoms = bulk("Cu")
    atoms.calc = EMT()
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None


def test_unsuitable_labels_are_ignored():
    atoms = Atoms("H2", [[0, 0, 0], [0, 0, 0.8]], info={"energy": [1.0, 2.0]})
    atoms.arrays["forces"] = np.zeros(2)
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None


def test_a_label_that_is_not_finite_is_not_usable():
    atoms = Atoms("H2", info={"REF_energy": float("inf"), "mace_energy": -1.0})
    atoms.arrays |= {"forces": np.array([[0, 0, 0], [0, np.nan, 0]]), "mace_forces": np.zeros((2, 3))}
    assert usable_energy(atoms) is None, "no prediction takes its place"
    assert usable_forces(atoms) is None
    assert np.isnan(frame_energies([atoms])).all()
    assert "no frame has an energy" in label_notes([atoms])
    atoms.info["REF_energy"], atoms.arrays["forces"][1, 1] = -2.0, 0.5
    assert usable_energy(atoms) == -2.0
    assert usable_forces(atoms)[1].tolist() == [0, 0.5, 0]
