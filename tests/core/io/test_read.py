"""Reading any file, with its labels."""

import gzip

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import atoms_energy, atoms_forces, read
from tests.core.labelled import assert_same, assert_same_labels, labelled

# Reading


def test_extxyz_keeps_labels(extxyz):
    frames = read(extxyz)
    assert_same(frames, labelled())
    assert_same_labels(frames, labelled())


@pytest.mark.parametrize(
    "name", ["set.xyz.gz", "set.extxyz.gz", "SET.XYZ.GZ", "set.extxyz", "a b@2.xyz", "ü.xyz"]
)
def test_extxyz_by_any_name(extxyz, tmp_path, name):
    data = extxyz.read_bytes()
    path = tmp_path / "other" / name
    path.parent.mkdir()
    path.write_bytes(gzip.compress(data) if name.lower().endswith("gz") else data)
    for given in (path, str(path)):
        frames = read(given)
        assert_same(frames, labelled())
        assert_same_labels(frames, labelled())


def test_compressed_or_not_is_told_by_content(extxyz, tmp_path):
    misnamed = tmp_path / "really_plain.xyz.gz"
    misnamed.write_bytes(extxyz.read_bytes())
    assert_same(read(misnamed), labelled())
    misnamed = tmp_path / "really_gz.xyz"
    misnamed.write_bytes(gzip.compress(extxyz.read_bytes()))
    assert_same(read(misnamed), labelled())
    members = tmp_path / "two_members.xyz.gz"
    members.write_bytes(gzip.compress(extxyz.read_bytes()) * 2)
    assert_same(read(members), labelled() * 2)


def test_many_frames_are_all_read_in_order(tmp_path):
    frames = [Atoms("H", [[i, 0, 0]]) for i in range(137)]
    path = tmp_path / "many.xyz"
    ase.io.write(path, frames, format="extxyz")
    assert [atoms.positions[0, 0] for atoms in read(path)] == list(range(137))


@pytest.mark.parametrize(
    "change", ["crlf", "blank lines at the end", "no final newline", "leading spaces", "tabs"]
)
def test_extxyz_as_other_programs_write_it(extxyz, change):
    data = extxyz.read_bytes()
    data = {
        "crlf": data.replace(b"\n", b"\r\n"),
        "blank lines at the end": data + b"\n  \n\n",
        "no final newline": data.rstrip(b"\n"),
        "leading spaces": b"   " + data,
        "tabs": data.replace(b"\nC  ", b"\nC\t"),
    }[change]
    extxyz.write_bytes(data)
    frames = read(extxyz)
    assert_same(frames, labelled())
    assert_same_labels(frames, labelled())


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["set.traj", "set.json", "set.db", "XDATCAR", "set.xsf", "plain.xyz"])
def test_other_formats(tmp_path, name, compressed):
    frames = [bulk("Cu", cubic=True) for _ in range(4)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    path = tmp_path / name
    if name == "plain.xyz":
        for atoms in frames:
            atoms.set_cell(None)
            atoms.pbc = False
        ase.io.write(path, frames, format="xyz")
    elif name == "XDATCAR":
        ase.io.write(path, frames, format="vasp-xdatcar")
    elif name == "set.db":
        with ase.db.connect(path) as database:
            for atoms in frames:
                database.write(atoms)
    else:
        ase.io.write(path, frames)
    if compressed:
        path.with_name(name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
        path = path.with_name(name + ".gz")
    back = read(path)
    assert len(back) == 4
    for one, other in zip(back, frames, strict=True):
        np.testing.assert_allclose(
            one.get_all_distances(mic=True), other.get_all_distances(mic=True), atol=1e-6
        )
        np.testing.assert_array_equal(one.pbc, other.pbc)


@pytest.mark.parametrize("name", ["labels.traj", "labels.json", "part@1.traj", "[1]*.traj"])
def test_labels_of_other_formats(tmp_path, name):
    frames = labelled()
    path = tmp_path / name
    plain = tmp_path / f"plain{path.suffix}"
    ase.io.write(plain, frames)
    plain.rename(path)
    back = read(path)
    assert_same(back, frames)
    for one, other in zip(back, frames, strict=True):
        assert one.get_potential_energy() == pytest.approx(other.get_potential_energy())
        np.testing.assert_allclose(one.get_forces(), other.get_forces())


# Labels


def test_energy_and_forces_are_found_wherever_they_are():
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


def test_labels_that_are_no_labels():
    atoms = Atoms("H2", [[0, 0, 0], [0, 0, 0.8]], info={"energy": [1.0, 2.0]})
    atoms.arrays["forces"] = np.zeros(2)
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None
