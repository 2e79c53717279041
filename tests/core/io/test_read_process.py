"""Other formats are read in a separate process, within limits."""

import json

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import Cancelled, read
from quests_core.io import read_process
from quests_core.io.read_process import load_frames, read_in_process, save_frames
from tests.hostile import files

ENDLESS = {
    "x.lammpsdump": lambda: files.ENDLESS,
    # 20,000 positions, created by symmetry or listed in the file, are compared pairwise.
    "operations.cif": lambda: files.cif_of_operations(20_000),
    "positions.cif": lambda: files.cif_of_operations(2, 20_000),
}


@pytest.fixture(scope="module", autouse=True)
def end():
    """End the reading process, which the tests share as the calls of a session do."""
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
def test_frames_equal_those_read_in_this_process(tmp_path, name):
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
def test_an_endless_reader_is_killed_and_the_next_file_is_read(tmp_path, monkeypatch, name):
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


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[{}]", "[1]", "[" * 3000, '[{"arrays": {"array": ["|O", [1], 0]}}]',
        '[{"arrays": {"array": ["<f8", [-1], 0]}}]', '[{"arrays": {"array": ["<f8", [9999], 0]}}]',
        '[{"arrays": {"array": ["<f8", [1], -8]}}]', '[{"arrays": {"items": [["numbers", "x"]]}}]',
    ],
)  # fmt: skip
def test_an_invalid_answer_is_refused(tmp_path, text):
    save_frames(frames(), tmp_path)
    (tmp_path / "frames.json").write_text(text)
    if text == "{}":
        assert load_frames(tmp_path) == []
        return
    with pytest.raises(ValueError, match="invalid answer"):
        load_frames(tmp_path)


def test_answers_contain_no_pickles(tmp_path):
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
