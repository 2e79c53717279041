"""Tests of reading files with labels."""

import gzip

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from quests_core import read
from tests.core.labelled import assert_same, assert_same_labels, labelled


def test_extxyz_keeps_labels(extxyz):
    frames = read(extxyz)
    assert_same(frames, labelled())
    assert_same_labels(frames, labelled())


@pytest.mark.parametrize(
    "name", ["set.xyz.gz", "set.extxyz.gz", "SET.XYZ.GZ", "set.extxyz", "a b@2.xyz", "ü.xyz"]
)
def test_extxyz_with_any_name(extxyz, tmp_path, name):
    data = extxyz.read_bytes()
    path = tmp_path / "other" / name
    path.parent.mkdir()
    path.write_bytes(gzip.compress(data) if name.lower().endswith("gz") else data)
    for given in (path, str(path)):
        frames = read(given)
        assert_same(frames, labelled())
        assert_same_labels(frames, labelled())


def test_compression_is_detected_by_content(extxyz, tmp_path):
    misnamed = tmp_path / "really_plain.xyz.gz"
    misnamed.write_bytes(extxyz.read_bytes())
    assert_same(read(misnamed), labelled())
    misnamed = tmp_path / "really_gz.xyz"
    misnamed.write_bytes(gzip.compress(extxyz.read_bytes()))
    assert_same(read(misnamed), labelled())
    members = tmp_path / "two_members.xyz.gz"
    members.write_bytes(gzip.compress(extxyz.read_bytes()) * 2)
    assert_same(read(members), labelled() * 2)


def test_many_frames_are_read_in_order(tmp_path):
    frames = [Atoms("H", [[i, 0, 0]]) for i in range(137)]
    path = tmp_path / "many.xyz"
    ase.io.write(path, frames, format="extxyz")
    assert [atoms.positions[0, 0] for atoms in read(path)] == list(range(137))


@pytest.mark.parametrize(
    "change", ["crlf", "blank lines at the end", "no final newline", "leading spaces", "tabs"]
)
def test_extxyz_of_other_programs(extxyz, change):
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


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    "name", ["x.xyz", "x.extxyz", "x.traj", "x.json", "x.db", "XDATCAR", "x.cif", "x.dat", "x"]
)
@pytest.mark.parametrize("kind", ["empty", "noise", "zeros", "text"])
def test_invalid_content_is_refused_by_name(tmp_path, name, kind, suffix):
    noise = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    content = {"empty": b"", "noise": noise, "zeros": bytes(300), "text": b"some words\nand more\n"}[kind]
    path = tmp_path / (name + suffix)
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(ValueError, match=f"^{name}{suffix}[:,] ") as error:
        read(path)
    assert len(str(error.value)) < 400
    assert "\n" not in str(error.value)


def test_damaged_gzip_is_refused(extxyz, tmp_path):
    whole = gzip.compress(extxyz.read_bytes())
    path = tmp_path / "damaged.xyz.gz"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for data in (whole[:-20], whole[: len(whole) // 2], whole[:5], bytes(flipped), whole + b"rubbish"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"^damaged\.xyz\.gz: the gzip data are damaged or cut off"):
            read(path)


def test_no_such_file(tmp_path):
    path = tmp_path / "absent.xyz"
    with pytest.raises(FileNotFoundError) as error:
        read(path)
    assert str(error.value) == f"{path}: no such file"


def test_frames_without_atoms_in_other_formats(tmp_path):
    path = tmp_path / "hole.traj"
    ase.io.write(path, [bulk("Cu"), Atoms(), bulk("Cu")])
    with pytest.raises(ValueError, match=r"^hole\.traj, frame 1: it has no atoms$"):
        read(path)
