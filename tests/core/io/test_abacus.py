"""Folders of ABACUS."""

import numpy as np
import pytest
from ase.stress import voigt_6_to_full_3x3_stress

from quests_core import atoms_energy, atoms_forces, read
from quests_core.io.abacus import is_abacus_folder, read_abacus
from tests.core.io.abacus_files import CELL, KBAR, POSITIONS, write_md, write_relax, write_scf

pytest.importorskip("dpdata", reason="dpdata is not installed")


@pytest.fixture
def labels(rng):
    """Return positions, forces and stresses of four frames."""
    stresses = rng.normal(size=(4, 3, 3))
    coords = POSITIONS + 0.05 * rng.normal(size=(4, 2, 3))
    return coords, rng.normal(size=(4, 2, 3)), stresses + stresses.swapaxes(1, 2)


def assert_frame(atoms, coords, energy, forces, stress):
    assert atoms.get_chemical_symbols() == ["Na", "Cl"]
    assert atoms.pbc.all()
    np.testing.assert_allclose(atoms.cell.array, CELL, atol=1e-6)
    np.testing.assert_allclose(atoms.positions, coords, atol=1e-6)
    assert atoms_energy(atoms) == energy
    np.testing.assert_allclose(atoms_forces(atoms), forces, atol=1e-11)
    # The stress of ASE is positive under tension.
    found = voigt_6_to_full_3x3_stress(atoms.calc.results["stress"])
    np.testing.assert_allclose(found, -stress * KBAR, rtol=1e-6, atol=1e-10)


def test_a_single_point_is_read_with_its_labels(labels, tmp_path):
    _, forces, stresses = labels
    write_scf(tmp_path / "run", -1.25, forces[0], stresses[0])
    (atoms,) = read(tmp_path / "run")
    assert_frame(atoms, POSITIONS, -1.25, forces[0], stresses[0])
    assert atoms.info["source"] == "run"


def test_energies_alone_are_read(tmp_path):
    write_scf(tmp_path / "run", -1.25)
    (atoms,) = read(tmp_path / "run")
    assert atoms_energy(atoms) == -1.25
    assert atoms_forces(atoms) is None
    assert "stress" not in atoms.calc.results


@pytest.mark.parametrize("write", [write_md, write_relax])
def test_trajectories_are_read(labels, tmp_path, write):
    coords, forces, stresses = labels
    write(tmp_path / "run", [-1.0, -2.0, -3.0, -4.0], *labels)
    frames = read(tmp_path / "run")
    assert len(frames) == 4
    for i, atoms in enumerate(frames):
        assert_frame(atoms, coords[i], -1.0 - i, forces[i], stresses[i])


def test_all_calculations_below_a_folder_are_one_set_without_what_has_not_converged(labels, tmp_path, capsys):
    coords, forces, stresses = labels
    write_scf(tmp_path / "b" / "2", -2.0, forces[0], stresses[0])
    write_scf(tmp_path / "b" / "1", -1.0, forces[0], stresses[0], converged=False)
    write_md(tmp_path / "a", [-3.0, None, -5.0, -6.0], *labels)
    write_scf(tmp_path / "c", -9.0)
    (tmp_path / "c" / "INPUT").write_text("INPUT_PARAMETERS\nsuffix test\ncalculation nscf\n")
    assert is_abacus_folder(tmp_path)
    notes = []
    frames = read(tmp_path, notes=notes)
    assert [atoms.info["source"] for atoms in frames] == ["a", "a", "a", "b/2"]
    assert [atoms_energy(atoms) for atoms in frames] == [-3.0, -5.0, -6.0, -2.0]
    np.testing.assert_allclose(frames[1].positions, coords[2], atol=1e-6)
    assert notes == [
        "a: frames whose calculation has not converged are left out",
        "b/1: frames whose calculation has not converged are left out",
        "c: calculations of the kind 'nscf' are not read",
    ]
    assert capsys.readouterr().out == ""


def test_a_bad_folder_is_named(tmp_path):
    assert not is_abacus_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="no calculation with ABACUS, which has INPUT"):
        read_abacus(tmp_path)
    write_scf(tmp_path / "a", -1.0, converged=False)
    with pytest.raises(ValueError, match="no calculation with ABACUS that has converged"):
        read(tmp_path)
    write_relax(tmp_path / "b", [-1.0], [POSITIONS], [np.zeros((2, 3))], [np.eye(3)])
    log = tmp_path / "b" / "OUT.test" / "running_relax.log"
    log.write_text(log.read_text().replace("number of atom for this type", "number of something else"))
    with pytest.raises(ValueError, match=r"b: cannot be read by dpdata: .*atom number"):
        read(tmp_path)
