"""Outputs of VASP, Quantum ESPRESSO and LAMMPS have known values, in the units and signs of ASE."""

import numpy as np
import pytest
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from quests_core import atoms_energy, atoms_forces, read
from tests.core.io import program_outputs as outputs

WRITTEN = {"OUTCAR": outputs.outcar, "vasprun.xml": outputs.vasprun, "pw.out": outputs.espresso}


@pytest.mark.parametrize("name", WRITTEN)
def test_energies_forces_and_stresses_are_read(name, rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng)
    (tmp_path / name).write_text(WRITTEN[name](made, energies, forces, stresses))
    found = read(tmp_path / name)
    assert len(found) == 2
    for i, atoms in enumerate(found):
        assert atoms.get_chemical_symbols() == ["Na", "Cl"]
        assert atoms.pbc.all()
        np.testing.assert_allclose(atoms.cell.array, outputs.CELL, atol=1e-5)
        np.testing.assert_allclose(atoms.positions, made[i].positions, atol=1e-5)
        assert atoms_energy(atoms) == pytest.approx(energies[i], abs=1e-6), "of VASP: sigma to 0"
        np.testing.assert_allclose(atoms_forces(atoms), forces[i], atol=1e-5)
        stress = voigt_6_to_full_3x3_stress(atoms.calc.results["stress"])
        np.testing.assert_allclose(stress, stresses[i], atol=2e-6)


def test_the_free_energy_of_vasp_is_kept(rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng)
    (tmp_path / "OUTCAR").write_text(outputs.outcar(made, energies, forces, stresses))
    found = [atoms.calc.results["free_energy"] for atoms in read(tmp_path / "OUTCAR")]
    np.testing.assert_allclose(found, energies - 0.25)


def test_many_calculations_are_one_set(rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng, 4)
    for i, run in enumerate(("a", "b", "c", "d")):
        (tmp_path / run).mkdir()
        one = (slice(i, i + 1),)
        text = outputs.outcar(made[one[0]], energies[one], forces[one], stresses[one])
        (tmp_path / run / "OUTCAR").write_text(text)
    found = read(tmp_path / "*" / "OUTCAR")
    assert [atoms.info["source"] for atoms in found] == ["a/OUTCAR", "b/OUTCAR", "c/OUTCAR", "d/OUTCAR"]
    np.testing.assert_allclose([atoms_energy(atoms) for atoms in found], energies)


def test_a_dump_has_forces_and_no_energy(rng, tmp_path):
    made, _, forces, _ = outputs.frames(rng)
    (tmp_path / "a.lammpstrj").write_text(outputs.dump(made, forces))
    notes = []
    for atoms, own, force in zip(read(tmp_path / "a.lammpstrj", notes=notes), made, forces, strict=True):
        assert atoms.get_chemical_symbols() == ["Na", "Cl"]
        np.testing.assert_allclose(atoms.positions, own.positions, atol=1e-6)
        np.testing.assert_allclose(atoms_forces(atoms), force, atol=1e-6)
        assert atoms_energy(atoms) is None
    assert notes == []
    (tmp_path / "b.lammpstrj").write_text(outputs.dump(made, forces, element=False))
    assert isinstance(read(tmp_path / "b.lammpstrj", notes=notes)[0], Atoms)
    assert notes == ["the file has no elements: types 1, 2, … are read as H, He, … (2 frames, first frame 0)"]
