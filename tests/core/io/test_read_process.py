"""Other formats are read in a process of their own, and that ends."""

import contextlib
import json
import os
import sqlite3
import sys
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import Cancelled, read, utils
from quests_core.io import read_process
from quests_core.io.read_process import load_frames, read_in_process, save_frames
from quests_core.utils.child import Child, ChildError
from tests.hostile import files

ENDLESS = {
    "x.lammpsdump": lambda: files.ENDLESS,
    # Symmetry makes 20,000 positions of one, each compared with all others; or the file has as many.
    "operations.cif": lambda: files.cif_of_operations(20_000),
    "positions.cif": lambda: files.cif_of_operations(2, 20_000),
}


@pytest.fixture(autouse=True)
def end():
    yield
    read_process.close()


def frames():
    made = []
    for seed in range(3):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=seed)
        atoms.info.update(label=f"x{seed}", number=seed, share=0.1 * seed, array=np.arange(3))
        atoms.set_array("charges", np.linspace(0, 1, 4))
        atoms.calc = SinglePointCalculator(atoms, energy=-1.5 * seed, forces=np.full((4, 3), seed / 3))
        made.append(atoms)
    return made


@pytest.mark.parametrize("name", ["x.traj", "x.json", "x.db", "x.cif", "x.traj.gz", "x.extxyz"])
def test_the_same_frames_come_as_in_this_process(tmp_path, name):
    path = tmp_path / name
    ase.io.write(path, frames())
    here, there = read(path), read_in_process(path)
    assert here == there
    for one, other in zip(here, there, strict=True):
        assert one.arrays.keys() == other.arrays.keys()
        plain = {key: value for key, value in one.info.items() if type(value).__module__ != "ase.spacegroup"}
        for key in plain.keys() & other.info.keys():
            np.testing.assert_array_equal(one.info[key], other.info[key])
        assert plain.keys() - other.info.keys() <= {"spacegroup"}
        results = getattr(one.calc, "results", {})
        assert results.keys() == getattr(other.calc, "results", {}).keys()
        for key, value in results.items():
            np.testing.assert_array_equal(value, other.calc.results[key])


@pytest.mark.jit
@pytest.mark.parametrize("name", ENDLESS)
def test_a_reader_without_an_end_is_killed_in_time_and_the_next_file_is_read(tmp_path, monkeypatch, name):
    bad, good = tmp_path / name, tmp_path / "x.cif"
    bad.write_text(ENDLESS[name]())
    bulk("Cu").write(good)
    assert len(read_in_process(good)) == 1
    process = read_process._reader._process
    monkeypatch.setattr(read_process, "SECONDS", 0.5)
    monkeypatch.setattr(read_process, "SECONDS_PER_MB", 0.0)
    with pytest.raises(ValueError, match=rf"^{name}: it took more than \d s"):
        read_in_process(bad)
    assert process.poll() is not None
    monkeypatch.undo()
    assert len(read_in_process(good)) == 1


def test_cancelling_kills_the_reader(tmp_path):
    path = tmp_path / "x.lammpsdump"
    path.write_text(files.ENDLESS)
    seen = []

    def progress(step, done, total):
        seen.append(step)
        if len(seen) > 5:
            raise Cancelled(step)

    with pytest.raises(Cancelled):
        read_in_process(path, progress)
    assert set(seen) == {read_process.STEP}
    assert read_process._reader._process is None


@pytest.mark.parametrize("number", ["999999999999", "-1", "1e300", "x"])
@pytest.mark.parametrize("key", ["_space_group_IT_number", "_symmetry_space_group_setting"])
def test_a_cif_of_no_known_symmetry_is_refused(tmp_path, key, number):
    path = tmp_path / "x.cif"
    path.write_text(files.cif_of_operations(0).replace("loop_", f"{key} {number}\nloop_", 1))
    with pytest.raises(ValueError, match=r"^x\.cif: cannot be read: "):
        read_in_process(path)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_reader_that_takes_too_much_memory_is_stopped(tmp_path, monkeypatch):
    # Two billion atoms, of which ASE makes an array before it looks at the lines.
    monkeypatch.setattr(utils.memory, "available", lambda: 500_000_000)
    child = Child("test_read_process:allocate", {"PYTHONPATH": str(Path(__file__).parent)})
    with pytest.raises(ChildError, match=r"more than the 0\.2 GB of memory"):
        child.run(tmp_path, memory=200_000_000)
    assert child._process.poll() is None
    child.close()


def allocate(folder):
    """Take 2 GB, in the process of the test above."""
    np.ones(250_000_000)


def test_a_process_that_ends_is_told_of(tmp_path):
    child = Child("test_read_process:leave", {"PYTHONPATH": str(Path(__file__).parent)})
    with pytest.raises(ChildError, match="ended with code 3"):
        child.run(tmp_path)


def leave(folder):
    """End the process of the test above."""
    os._exit(3)


def test_the_process_ends_with_its_parent_even_while_it_works(tmp_path):
    child = Child("test_read_process:work", {"PYTHONPATH": str(Path(__file__).parent)})

    def close_pipe(*_):
        if (tmp_path / "begun").exists():
            child._process.stdin.close()

    with pytest.raises(ChildError, match="ended with code 0"):
        child.run(tmp_path, close_pipe, seconds=120)


def work(folder):
    """Never end, in the process of the test above."""
    (folder / "begun").touch()
    while True:
        pass


def test_a_view_in_a_database_is_refused(tmp_path):
    path = tmp_path / "x.db"
    ase.io.write(path, frames())
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE systems RENAME TO others")
        database.execute(
            "CREATE VIEW systems AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
            "SELECT others.* FROM c, others"
        )
    for reads in (read, read_in_process):
        with pytest.raises(ValueError, match=r"^x\.db: cannot be read: expected a database of tables"):
            reads(path)


COUNTED = {"x.gro": "gromacs", "x.gen": "gen", "x.config": "dlp4", "x.mol": "mol", "x.sdf": "sdf"}


@pytest.mark.parametrize("name", COUNTED)
def test_fewer_atoms_than_announced_are_refused(tmp_path, name):
    path, atoms = tmp_path / name, molecule("CH3CH2OH")
    atoms.center(vacuum=3)
    if COUNTED[name] in ("mol", "sdf"):
        path.write_text(MOL)
    else:
        atoms.write(path, format=COUNTED[name])
    n_atoms = len(read(path)[0])
    lines = path.read_text().splitlines(keepends=True)
    row = {"gromacs": 1, "gen": 0, "dlp4": 1}.get(COUNTED[name], 3)
    head = lines[row].replace(str(n_atoms), str(n_atoms + 5), 1)
    path.write_text("".join([*lines[:row], head, *lines[row + 1 :]]))
    with pytest.raises(ValueError, match=rf"^{name}: cannot be read: "):
        read(path)


MOL = """water
  made
by hand
  3  0  0     0  0            999 V2000
    0.0000    0.0000    0.1173 O   0  0
    0.0000    0.7572   -0.4692 H   0  0
    0.0000   -0.7572   -0.4692 H   0  0
"""


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[{}]", "[1]", "[" * 3000, '[{"arrays": {"array": ["|O", [1], 0]}}]',
        '[{"arrays": {"array": ["<f8", [-1], 0]}}]', '[{"arrays": {"array": ["<f8", [9999], 0]}}]',
        '[{"arrays": {"array": ["<f8", [1], -8]}}]', '[{"arrays": {"items": [["numbers", "x"]]}}]',
    ],
)  # fmt: skip
def test_an_answer_that_is_no_frames_is_refused(tmp_path, text):
    save_frames(frames(), tmp_path)
    (tmp_path / "frames.json").write_text(text)
    if text == "{}":
        assert load_frames(tmp_path) == []
        return
    with pytest.raises(ValueError, match="answered nonsense"):
        load_frames(tmp_path)


def test_answers_hold_no_pickles(tmp_path):
    atoms = bulk("Cu")
    atoms.info.update(thing=object(), deep={"a": [1, (2, object())], "b": np.array([object()])})
    save_frames([atoms], tmp_path)
    assert "object at" not in (tmp_path / "frames.json").read_text()
    (found,) = load_frames(tmp_path)
    assert found.info == {"deep": {"a": [1, [2, None]]}}
    assert json.loads((tmp_path / "frames.json").read_text())


def test_an_error_names_no_temporary_file(tmp_path):
    import gzip

    path = tmp_path / "x.db.gz"
    path.write_bytes(gzip.compress(b"SQLite format 3\0" + bytes(5000)))
    with pytest.raises(ValueError, match=r"^x\.db\.gz: cannot be read") as caught:
        read_in_process(path)
    assert "/tmp" not in str(caught.value)
