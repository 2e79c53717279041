"""Exports of the subset: bytes, record, code."""

import gzip
import hashlib
import io
import itertools
import json
import re
import zipfile

import numpy as np
import pytest
from ase.io import read, write

from quests_app.exports import subset as subset_module
from quests_core.io.xyz_checks import frame_bounds


@pytest.fixture
def parts(opened):
    return opened.state.opened, opened.state.paths["msc"]


def blocks(data):
    bounds = frame_bounds(data)
    return [data[a:b] for a, b in itertools.pairwise(bounds)]


@pytest.mark.parametrize("order", subset_module.ORDERS.values())
def test_frames_are_copied_byte_for_byte(parts, file, order):
    opened, path = parts
    source = blocks(file.read_bytes())
    chosen = path.order[:6] if order == "rank" else np.sort(path.order[:6])
    assert subset_module.subset_bytes(opened, path, 6, order) == b"".join(source[i] for i in chosen)


def test_a_compressed_source_gives_the_same_bytes(session, file, tmp_path):
    packed = tmp_path / "copper.xyz.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    state = session.open(packed)
    subset = subset_module.subset_bytes(state.opened, state.path, 6)
    assert set(blocks(subset)) <= set(blocks(file.read_bytes()))


def test_another_format_becomes_extxyz(session, frames, tmp_path):
    path = tmp_path / "copper.traj"
    write(path, frames)
    state = session.open(path)
    assert state.error == ""
    kept = read(
        io.StringIO(subset_module.subset_bytes(state.opened, state.path, 6).decode()), ":", format="extxyz"
    )
    chosen = np.sort(state.path.order[:6])
    for atoms, i in zip(kept, chosen, strict=True):
        np.testing.assert_allclose(atoms.positions, frames[i].positions, atol=1e-7)
        np.testing.assert_allclose(atoms.get_forces(), frames[i].get_forces(), atol=1e-7)


def test_the_archive_holds_the_subset_and_its_record(parts, file):
    opened, path = parts
    with zipfile.ZipFile(io.BytesIO(subset_module.archive(opened, path, 6, "rank"))) as archive:
        assert archive.namelist() == ["subset.xyz", "subset.json"]
        subset, record = archive.read("subset.xyz"), json.loads(archive.read("subset.json"))
    assert record["source"]["name"] == "copper.xyz"
    assert record["source"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert record["source"]["n_frames"] == 24
    assert record["subset"]["sha256"] == hashlib.sha256(subset).hexdigest()
    assert record["subset"]["order"] == "rank"
    assert record["subset"]["indices_by_rank"] == path.order[:6].tolist()
    assert record["parameters"] == {
        "method": "msc", "reference": None, "descriptor": "QUESTS X1, X2", "k": 32, "cutoff_angstrom": 5.0,
        "bandwidth_per_angstrom": 0.015, "species": None, "cost": "frames", "locked": [0],
        "excluded": [], "random_state": 0, "energy_key": None, "forces_key": None, "label_key": None,
    }  # fmt: skip
    metrics = record["metrics"]["subset"]
    assert metrics["n_frames"] == 6
    assert metrics["overlap"] == path.curve["overlap"][path.position(6)]
    assert record["metrics"]["full_set"]["overlap"] == 1
    assert set(record["versions"]) >= {"python", "quests-explorer", "numpy", "numba", "ase"}


@pytest.mark.parametrize(
    ("spoil", "why"), [("change", "has changed since"), ("remove", "is no longer there")]
)
def test_a_source_that_differs_from_the_opened_one_is_not_exported(session, file, tmp_path, spoil, why):
    state = session.open(file)
    if spoil == "change":
        file.write_bytes(file.read_bytes().replace(b"Cu", b"Ag"))
    else:
        file.unlink()
    with pytest.raises(ValueError, match=why):
        subset_module.archive(state.opened, state.path, 6)
    target = tmp_path / "subset.xyz"
    with pytest.raises(ValueError, match=why):
        subset_module.save(target, state.opened, state.path, 6)
    assert not target.exists()


@pytest.mark.parametrize("name", ["s.json", "S.JSON", "a.b.Json"])
def test_a_subset_cannot_have_the_name_of_its_record(opened, tmp_path, name):
    state = opened.state
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"expected a name for structures, such as .*\.xyz, got "):
        subset_module.save(folder / name, state.opened, state.path, 3)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ending", [".xyz", ".extxyz", ".xyz.gz", ".XYZ"])
def test_a_subset_and_its_record_are_two_files(opened, tmp_path, ending):
    state = opened.state
    folder = tmp_path / "out"
    folder.mkdir()
    target = subset_module.save(folder / f"s{ending}", state.opened, state.path, 3)
    first, second = sorted(folder.iterdir(), key=lambda path: path.suffix == ".json")
    assert (first, second.suffix) == (target, ".json")
    assert json.loads(second.read_text())["subset"]["file"] == target.name


@pytest.mark.parametrize("late", ["subset.xyz", "subset.json"])
def test_a_file_created_during_saving_is_not_replaced(opened, tmp_path, monkeypatch, late):
    folder = tmp_path / "out"
    folder.mkdir()
    state, check = opened.state, subset_module.check_source

    def meanwhile(source):
        check(source)
        (folder / late).write_text("precious")

    monkeypatch.setattr(subset_module, "check_source", meanwhile)
    with pytest.raises(FileExistsError, match=rf"{re.escape(late)} exists"):
        subset_module.save(folder / "subset.xyz", state.opened, state.path, 3)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {late: "precious"}


def test_dangling_links_are_not_followed(opened, tmp_path):
    state = opened.state
    for late in ("subset.xyz", "subset.json"):
        folder = tmp_path / f"out {late}"
        folder.mkdir()
        (folder / late).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FileExistsError, match=r"exists; choose another name"):
            subset_module.save(folder / "subset.xyz", state.opened, state.path, 3)
        assert [path.name for path in folder.iterdir()] == [late]
    assert not (tmp_path / "elsewhere").exists()
