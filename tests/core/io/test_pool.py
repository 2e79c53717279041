"""Several files read as one set."""

import pytest
from ase.build import bulk
from ase.io import write

from quests_core import read, write_subset
from quests_core.io.dataset import load
from quests_core.io.pool import pool_paths, source_names


@pytest.fixture
def folder(tmp_path):
    for name, symbol in (("a", "Cu"), ("b", "Ag")):
        write(tmp_path / f"{name}.xyz", [bulk(symbol), bulk(symbol)], format="extxyz")
    return tmp_path


def test_frames_of_several_files_tell_their_source(folder):
    expected = [("Cu", "a.xyz")] * 2 + [("Ag", "b.xyz")] * 2
    for source in ([folder / "a.xyz", folder / "b.xyz"], str(folder / "*.xyz"), [folder / "*.xyz"]):
        frames = read(source)
        assert [(str(one.symbols), one.info["source"]) for one in frames] == expected
    assert [str(one.symbols) for one in read([folder / "b.xyz", folder / "a.xyz"])] == [
        "Ag",
        "Ag",
        "Cu",
        "Cu",
    ]
    assert "source" not in read(folder / "a.xyz")[0].info


def test_a_subset_of_several_files(folder):
    target = write_subset(folder / "subset.xyz", folder / "[ab].xyz", [3, 0], order="rank")
    assert [one.info["source"] for one in read(target)] == ["b.xyz", "a.xyz"]
    with pytest.raises(ValueError, match="expected another file than the source"):
        write_subset(folder / "a.xyz", [folder / "a.xyz", folder / "b.xyz"], [0], overwrite=True)


def test_a_replaced_source_is_noted(folder):
    atoms = bulk("Au")
    atoms.info["source"] = "VASP"
    write(folder / "c.xyz", atoms, format="extxyz")
    notes = []
    frames = read([folder / "a.xyz", folder / "c.xyz"], notes=notes)
    assert frames[-1].info["source"] == "c.xyz"
    assert notes == ["c.xyz: The value of 'source' was replaced by the name of the file."]


def test_names_that_are_the_same_have_their_folders(folder):
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "all.xyz").write_bytes((folder / "a.xyz").read_bytes())
    paths = pool_paths(folder / "*" / "all.xyz")
    assert source_names(paths) == ["one/all.xyz", "two/all.xyz"]


def test_the_hash_of_several_files_depends_on_each_and_their_order(folder):
    a, b = folder / "a.xyz", folder / "b.xyz"
    first = load([a, b])
    assert (first.name, first.path, first.pool) == ("2 files", a, (a, b))
    assert len({first.sha256, load([b, a]).sha256, load(a).sha256, load(b).sha256}) == 4
    assert load([a, b]).sha256 == first.sha256


def test_errors_name_the_file(folder):
    (folder / "c.xyz").write_text("1\n\nCu 0 0 nan\n")
    with pytest.raises(ValueError, match=r"c\.xyz, frame 0"):
        read(folder / "*.xyz")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read(folder / "*.cif")
    with pytest.raises(ValueError, match="one of them twice"):
        read([folder / "a.xyz", folder / "*.xyz"])
    with pytest.raises(TypeError, match="path: expected a path or a sequence of paths, got int"):
        read(3)
