"""Databases of ASE are read row by row, with the labels that were written."""

import builtins
import contextlib

import ase.db
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db.sqlite import SQLite3Database

from quests_core import Environments, atoms_energy, atoms_forces, descriptors, iread, read
from quests_core.io import ase_database
from quests_core.io.ase_database import connected_lmdb, database_frames, iread_database
from quests_core.io.chosen_frames import iread_chosen
from quests_core.io.frame_parts import frame_parts, read_part
from quests_core.io.labels import GivenLabels
from quests_core.io.read_process import read_in_process
from tests.core.io.test_ase_formats import calls_of


def frames_of(rng, n=9):
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.positions += 0.01 * i * rng.normal(size=(4, 3))
        results = {"energy": -1.5 - i, "forces": rng.normal(size=(4, 3)), "stress": rng.normal(size=6)}
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    return frames


@pytest.fixture(params=[".db", ".aselmdb"])
def path(request, rng, tmp_path):
    """Return a database of eight rows; the third of nine was deleted."""
    if request.param == ".aselmdb":
        pytest.importorskip("ase_db_backends", reason="ase-db-backends is not installed")
    path = tmp_path / f"rows{request.param}"
    database = ase.db.connect(path)
    # ASE closes connections to SQLite only at the end of a context.
    with contextlib.closing(database) if request.param == ".aselmdb" else database:
        for i, atoms in enumerate(frames_of(rng)):
            database.write(atoms, config_type=f"kind{i % 2}", number=i)
        database.delete([3])
    return path


KEPT = [0, 1, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("reads", [read, lambda path: list(iread(path)), read_in_process])
def test_frames_and_labels_are_those_that_were_written(path, rng, reads):
    before = path.read_bytes()
    expected = frames_of(np.random.default_rng(0))
    frames = reads(path)
    assert [atoms.info["number"] for atoms in frames] == KEPT
    assert [atoms.info["config_type"] for atoms in frames] == [f"kind{i % 2}" for i in KEPT]
    assert [atoms_energy(atoms) for atoms in frames] == [-1.5 - i for i in KEPT]
    for atoms in frames:
        assert atoms_forces(atoms).shape == (4, 3)
        assert np.abs(atoms.get_stress()).max() > 0
        assert atoms.pbc.all()
        assert len(atoms) == len(expected[0])
    assert path.read_bytes() == before


def test_a_few_rows_are_in_memory(path, monkeypatch):
    monkeypatch.setattr(ase_database, "_ROWS", 2)
    fetched, convert = [], SQLite3Database._convert_tuple_to_row
    monkeypatch.setattr(
        SQLite3Database, "_convert_tuple_to_row", lambda *args: fetched.append(1) or convert(*args)
    )
    frames = iread(path)
    numbers = [next(frames).info["number"] for _ in range(3)]
    assert numbers == [0, 1, 3]
    assert len(fetched) in (0, 4), "two chunks of two rows, or none of another database"
    assert [atoms.info["number"] for atoms in frames] == KEPT[3:]


def test_rows_are_skipped_and_chosen(path, monkeypatch):
    monkeypatch.setattr(ase_database, "_ROWS", 3)
    assert [one.atoms.info["number"] for one in iread_chosen(path, [2, 7])] == [3, 8]
    parts = list(frame_parts(path, 3, 8))
    assert [part.frame for part in parts] == [3, 5, 7]
    numbers = [atoms.info["number"] for part in parts for atoms in read_part(part, GivenLabels(path.name))]
    assert numbers == KEPT[3:]
    assert parts[-1].end == path.stat().st_size


def test_progress_counts_rows(path, monkeypatch):
    monkeypatch.setattr(ase_database, "_ROWS", 4)
    seen = []
    list(iread(path, lambda *progress: seen.append(progress)))
    size = path.stat().st_size
    assert seen == [("reading", size // 2, size), ("reading", size, size)]


def test_a_store_holds_the_labels(path, tmp_path):
    envs = descriptors(path, k=4, store=tmp_path / "a.envs")
    assert envs.store.energies.tolist() == [-1.5 - i for i in KEPT]
    np.testing.assert_array_equal(envs.store.forces[4:8], atoms_forces(read(path)[1]))
    assert envs.store.labels == tuple(f"kind{i % 2}" for i in KEPT)
    assert len(Environments.open(tmp_path / "a.envs")) == 8


def test_another_database_is_read_as_before(rng, tmp_path):
    """JSON, which ASE reads as a whole."""
    with ase.db.connect(tmp_path / "a.json") as database:
        for atoms in frames_of(rng, 3):
            database.write(atoms, number=len(database))
    database = ase.db.connect(tmp_path / "a.json")
    assert [atoms.info["number"] for atoms in database_frames(database)] == [0, 1, 2]
    assert [atoms.info["number"] for atoms in iread_database(database, 1)] == [1, 2]


def test_the_package_that_is_missing_is_named(tmp_path, monkeypatch):
    path, original = tmp_path / "a.aselmdb", builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("ase_db_backends"):
            raise ImportError(f"No module named {name!r}")
        return original(name, *args, **kwargs)

    path.write_bytes(bytes(16) + b"\xde\xc0\xef\xbe")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"^a\.aselmdb: cannot be read: \.aselmdb needs the package"):
        read(path)
    with pytest.raises(ImportError), connected_lmdb(path):
        pass


def test_a_damaged_database_is_an_error(tmp_path):
    path = tmp_path / "a.aselmdb"
    path.write_bytes(b"not a database" * 1000)
    for reads in (read, read_in_process):
        with pytest.raises(ValueError, match=r"^a\.aselmdb: cannot be read: expected a database in LMDB"):
            reads(path)


def test_the_reader_of_lmdb_calls_no_functions_that_execute_code():
    lmdb = pytest.importorskip("ase_db_backends.aselmdb", reason="ase-db-backends is not installed")
    assert set(calls_of(lmdb)) == set()
