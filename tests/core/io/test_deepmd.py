"""Folders of DeePMD-kit."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import atoms_energy, atoms_forces
from quests_core.io.deepmd import is_deepmd_folder, read_deepmd, write_deepmd

pytest.importorskip("dpdata", reason="dpdata is not installed")


@pytest.fixture
def frames(rng):
    """Return crystals with and without stress, in two orders of elements, and molecules."""
    frames = []
    for i in range(8):
        atoms = molecule("H2O") if i % 4 == 3 else bulk("NaCl", "rocksalt", a=5.6, cubic=True)
        if i % 4 == 1:
            atoms = atoms[::-1]
        atoms.positions += 0.1 * rng.normal(size=atoms.positions.shape)
        stress = {"stress": rng.normal(size=6)} if i % 4 < 2 else {}
        atoms.calc = SinglePointCalculator(
            atoms, energy=rng.normal(), forces=rng.normal(size=atoms.positions.shape), **stress
        )
        frames.append(atoms)
    return frames


def test_frames_are_read_back_as_they_were(frames, tmp_path):
    notes = write_deepmd(tmp_path / "out", frames, range(8))
    assert is_deepmd_folder(tmp_path / "out")
    assert notes == ["4 frames without virial (frames 2-3,6-7)."]
    found = read_deepmd(tmp_path / "out")
    assert len(found) == 8
    by_energy = {atoms_energy(atoms): atoms for atoms in found}
    for before in frames:
        after = by_energy[atoms_energy(before)]
        assert after.get_chemical_symbols() == before.get_chemical_symbols()
        np.testing.assert_array_equal(after.positions, before.positions)
        np.testing.assert_array_equal(after.cell.array, before.cell.array)
        np.testing.assert_array_equal(after.pbc, before.pbc)
        np.testing.assert_array_equal(atoms_forces(after), atoms_forces(before))
        stress = before.calc.results.get("stress")
        assert ("stress" in after.calc.results) == (stress is not None)
        if stress is not None:
            np.testing.assert_allclose(after.calc.results["stress"], stress, rtol=1e-12)
    assert {atoms.info["source"] for atoms in found} == {"Cl4Na4", "Cl4Na4.1", "Cl4Na4.2", "H2O"}


def test_the_order_within_a_system_is_that_of_the_indices(frames, tmp_path):
    write_deepmd(tmp_path / "out", frames, [4, 0])
    assert list(map(atoms_energy, read_deepmd(tmp_path / "out"))) == [atoms_energy(frames[i]) for i in (4, 0)]
    assert len(read_deepmd(tmp_path / "out" / "Cl4Na4")) == 2, "a system alone"


def test_dpdata_itself_reads_the_same_numbers(frames, tmp_path):
    import dpdata

    write_deepmd(tmp_path, frames, [0, 4])
    system = dpdata.LabeledSystem(str(tmp_path / "Cl4Na4"), fmt="deepmd/npy")
    assert system["energies"].tolist() == [atoms_energy(frames[0]), atoms_energy(frames[4])]
    expected = -frames[0].cell.volume * frames[0].get_stress(voigt=False)
    np.testing.assert_allclose(system["virials"][0], expected, rtol=1e-12)


def test_stresses_of_other_programs_become_virials(tmp_path):
    """MACE's key, in the convention of ASE, and a dump of GPUMD, whose stress has the opposite sign."""
    frames = []
    for info in ({"REF_stress": np.array([0.1, 0.2, 0.3, 0.0, 0.0, 0.01])}, {"virial": -np.eye(3)}):
        atoms = Atoms("NaCl", [[0, 0, 0], [2, 2, 2]], cell=[4, 4, 4], pbc=True, info=info)
        atoms.info["REF_energy"] = -1.0 - len(frames)
        atoms.arrays["REF_forces"] = np.ones((2, 3))
        frames.append(atoms)
    frames[1].calc = SinglePointCalculator(frames[1], stress=-np.ones(6))
    notes = write_deepmd(tmp_path / "out", frames, range(2))
    assert notes == ["1 frame (1) with a stress that is not −W/V of its virial W; the virial is written."]
    first, second = read_deepmd(tmp_path / "out")
    np.testing.assert_allclose(first.calc.results["stress"], frames[0].info["REF_stress"], rtol=1e-12)
    np.testing.assert_allclose(second.calc.results["stress"], [1 / 64] * 3 + [0] * 3, rtol=1e-12)


def test_the_mixed_format_is_read(frames, tmp_path):
    import dpdata

    write_deepmd(tmp_path / "npy", frames, [0, 4])
    system = dpdata.LabeledSystem(str(tmp_path / "npy" / "Cl4Na4"), fmt="deepmd/npy")
    dpdata.MultiSystems(system).to("deepmd/npy/mixed", str(tmp_path / "mixed"))
    found = read_deepmd(tmp_path / "mixed")
    assert sorted(map(atoms_energy, found)) == sorted(atoms_energy(frames[i]) for i in (0, 4))
    assert found[0].symbols.formula.count() == {"Na": 4, "Cl": 4}


def test_raw_files_are_read(frames, tmp_path):
    import dpdata

    write_deepmd(tmp_path / "npy", frames, [0, 4])
    dpdata.LabeledSystem(str(tmp_path / "npy" / "Cl4Na4"), fmt="deepmd/npy").to(
        "deepmd/raw", str(tmp_path / "raw" / "salt")
    )
    assert is_deepmd_folder(tmp_path / "raw")
    found = read_deepmd(tmp_path / "raw")
    assert [atoms.info["source"] for atoms in found] == ["salt"] * 2
    for atoms, before in zip(found, (frames[0], frames[4]), strict=True):
        assert atoms_energy(atoms) == pytest.approx(atoms_energy(before))
        np.testing.assert_allclose(atoms_forces(atoms), atoms_forces(before), atol=1e-6)
        np.testing.assert_allclose(atoms.calc.results["stress"], before.calc.results["stress"], atol=1e-6)


def test_frames_without_labels_are_read(tmp_path):
    import dpdata

    atoms = bulk("Cu", cubic=True)
    dpdata.System(atoms, fmt="ase/structure").to("deepmd/npy", str(tmp_path / "cu"))
    (found,) = read_deepmd(tmp_path)
    assert found.calc is None
    np.testing.assert_allclose(found.positions, atoms.positions)


def test_what_cannot_be_written_is_refused_or_noted(frames, tmp_path):
    frames[1].calc = None
    with pytest.raises(ValueError, match=r"frame 1: expected energy and forces.*no energy and no forces"):
        write_deepmd(tmp_path / "a", frames, [0, 1])
    frames[2].pbc = [True, True, False]
    with pytest.raises(ValueError, match=r"frame 2: expected all directions periodic or none.*got pbc T T F"):
        write_deepmd(tmp_path / "a", frames, [2])
    frames[0].info["config_type"] = "salt"
    notes = write_deepmd(tmp_path / "b", frames, [0])
    assert notes == ["DeePMD's folders hold energy, forces and virial only; not written: config_type."]
    # Names of what is written, and of another energy.
    frames[0].info |= {"REF_energy": frames[0].get_potential_energy(), "dft_energy": -99.0}
    frames[0].arrays["REF_forces"] = frames[0].get_forces()
    frames[0].arrays["mace_forces"] = frames[0].get_forces() + 1
    (note,) = write_deepmd(tmp_path / "c", frames, [0])
    assert note.endswith("not written: config_type, dft_energy, mace_forces.")


def test_a_bad_folder_is_named(tmp_path):
    assert not is_deepmd_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no folder of DeePMD-kit, which has a file type\.raw"):
        read_deepmd(tmp_path)
    write_deepmd(tmp_path, [_labelled(Atoms("H"))], [0])
    (tmp_path / "H" / "type_map.raw").write_text("Type_0\n")
    with pytest.raises(ValueError, match=r"H: cannot be read by dpdata: type_map.raw: expected symbols"):
        read_deepmd(tmp_path)


def _labelled(atoms):
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=np.zeros((len(atoms), 3)))
    return atoms


def test_labels_that_are_not_finite_are_refused(frames, tmp_path):
    frames[1].calc.results["energy"] = np.nan
    frames[2].calc.results["forces"][-1, 2] = np.inf
    for i, missing in ((1, "energy"), (2, "forces")):
        with pytest.raises(
            ValueError, match=rf"frame {i}: expected energy and forces.* no finite {missing}$"
        ):
            write_deepmd(tmp_path / "a", frames, [0, i])
    frames[0].calc.results["stress"] = np.full(6, np.nan)
    write_deepmd(tmp_path / "b", frames, [0])
    assert not [*(tmp_path / "b").rglob("virial*")]
