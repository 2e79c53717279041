"""Folders of DeePMD-kit and ABACUS as one file: their hash, and what is refused."""

import os

import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core.io import program_folders
from quests_core.io.dataset import content_hash, load
from quests_core.io.program_folders import folder_files, folder_sha256, is_program_folder, read_folder
from quests_core.io.read import read
from quests_core.io.read_process import read_in_process
from tests.core.io.abacus_files import write_scf

pytest.importorskip("dpdata", reason="dpdata is not installed")


@pytest.fixture
def deepmd(rng, tmp_path):
    from quests_core.io.deepmd import write_deepmd

    frames = []
    for symbol in ("Cu", "Au", "Cu"):
        atoms = bulk(symbol, cubic=True)
        atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=rng.normal(size=(4, 3)))
        frames.append(atoms)
    write_deepmd(tmp_path / "data", frames, range(3))
    return tmp_path / "data"


@pytest.fixture
def abacus(tmp_path):
    write_scf(tmp_path / "runs" / "one", -2.5)
    return tmp_path / "runs"


@pytest.mark.parametrize("kind", ["deepmd", "abacus"])
def test_a_folder_is_loaded_as_a_file_is(kind, request):
    folder = request.getfixturevalue(kind)
    assert is_program_folder(folder)
    # As the dashboard loads it: in another process.
    there, here = load(folder, read=read_in_process), read(folder)
    assert (there.name, there.path, there.source) == (folder.name, folder, folder)
    assert there.frames == here == read_folder(folder)
    assert [atoms.calc.results["energy"] for atoms in there.frames] == [
        atoms.calc.results["energy"] for atoms in here
    ]
    assert there.frame_source is there.frames
    assert there.sha256 == folder_sha256(folder) == content_hash(folder)


def test_a_folder_may_have_the_name_of_a_file(deepmd):
    folder = deepmd.rename(deepmd.with_name("data.xyz"))
    assert load(folder).frame_source == read(folder)


def test_the_hash_is_that_of_names_and_contents(deepmd):
    before = folder_sha256(deepmd)
    (path,) = deepmd.glob("Au4/set.*/energy.npy")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    changed = folder_sha256(deepmd)
    path.write_bytes(content)
    assert folder_sha256(deepmd) == before != changed
    (deepmd / "Au4").rename(deepmd / "gold")
    assert folder_sha256(deepmd) != before


def test_links_out_of_the_folder_are_refused(deepmd, tmp_path):
    (tmp_path / "secret.npy").touch()
    link = deepmd / "Au4" / "set.000" / "atom_ener.npy"
    link.symlink_to(tmp_path / "secret.npy")
    with pytest.raises(ValueError, match=r"^Au4/set.000/atom_ener.npy: expected a file within the folder"):
        load(deepmd)
    link.unlink()
    (deepmd / "Au4" / "set.001").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ValueError, match=r"^Au4/set.001: expected a file within the folder, got a link"):
        read_in_process(deepmd)
    (deepmd / "Au4" / "set.001").unlink()
    (deepmd / "again").symlink_to(deepmd / "Au4", target_is_directory=True)
    assert len(folder_files(deepmd)) == len(set(folder_files(deepmd)))


@pytest.mark.parametrize(("setting", "value"), [("stru_file", "../../secret"), ("SUFFIX", "x/../../../..")])
def test_settings_that_lead_out_of_the_folder_are_refused(abacus, setting, value):
    with (abacus / "one" / "INPUT").open("a") as file:
        file.write(f"  {setting}\t{value}\n")
    with pytest.raises(ValueError, match=rf"^one/INPUT: {setting}: expected a path within the folder, got"):
        load(abacus)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize("name", ["INPUT", "STRU"])
def test_a_fifo_is_refused_without_waiting(abacus, name):
    (abacus / "one" / name).unlink()
    os.mkfifo(abacus / "one" / name)
    with pytest.raises(ValueError, match="expected a regular file, got a FIFO"):
        load(abacus)


def test_other_folders_are_refused(deepmd, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    with pytest.raises(ValueError, match=r"expected a file, or a folder of DeePMD-kit .* got another"):
        load(tmp_path / "other")
    monkeypatch.setattr(program_folders, "MOST_FILES", 5)
    with pytest.raises(ValueError, match="expected a folder of at most 5 files, got more"):
        load(deepmd)


def test_long_settings_are_refused(abacus, monkeypatch):
    monkeypatch.setattr(program_folders, "_LONGEST_INPUT", 10)
    with pytest.raises(ValueError, match="one/INPUT: expected at most 10 bytes, got more"):
        load(abacus)
