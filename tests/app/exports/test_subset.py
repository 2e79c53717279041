"""Exports of the subset: bytes, record, code."""

import gzip
import hashlib
import io
import itertools
import json
import shlex
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from ase.io import read, write
from typer.testing import CliRunner

from quests_app.analysis import compare
from quests_app.analysis.reference import reference
from quests_app.exports import code as code_module
from quests_app.exports import record as record_module
from quests_app.exports import subset as subset_module
from quests_core.cli import app as command_line
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


@pytest.mark.parametrize(("method", "order"), [("msc", "file"), ("random", "rank")])
def test_the_code_reproduces_the_indices_and_the_file(opened, tmp_path, method, order):
    state = opened.state
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    code = code_module.python_code(state.opened, state.paths[method], 7, order)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, env=None
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == state.paths[method].order[:7].tolist()
    expected = subset_module.subset_bytes(state.opened, state.paths[method], 7, order)
    assert (folder / "subset.xyz").read_bytes() == expected


def test_the_code_uses_the_original_name_of_an_upload(session, file):
    session.controller.upload("mine's.xyz", file.read_bytes())
    session.run()
    state = session.state
    code = code_module.python_code(state.opened, state.path, 5)
    assert 'source = "mine\'s.xyz"' in code
    compile(code, "copied", "exec")


def test_code_for_a_set_without_isolated_atoms_locks_nothing(session, frames, tmp_path):
    path = tmp_path / "bulk.xyz"
    write(path, frames[1:], format="extxyz")
    state = session.open(path)
    assert "locked" not in code_module.python_code(state.opened, state.path, 5)


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


@pytest.fixture
def given(opened, tmp_path):
    """Return the session's path with a reference, as the page computes it."""
    known = tmp_path / "known.xyz"
    write(known, opened.state.opened.dataset.frames[5:9], format="extxyz")
    other = reference(known, "known.xyz", opened.state.parameters)
    return compare.path_with_reference(opened.state.opened, other, opened.state.marks)


def test_code_and_command_include_the_reference(opened, given, tmp_path, monkeypatch):
    data, expected = opened.state.opened, given.frames(6).tolist()
    code = code_module.python_code(data, given, 6, "rank")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == expected
    monkeypatch.chdir(tmp_path)
    _, *arguments = shlex.split(code_module.command(data, given, 6, "rank"))
    told = CliRunner().invoke(command_line, [*arguments[:-2], "--dry-run", "--json"])
    assert json.loads(told.stdout)["indices_by_rank"] == expected
    record = record_module.record(data, given, 6, "rank", b"")["parameters"]
    assert record["method"] == "msc"
    assert record["reference"]["name"] == "known.xyz"
    assert record["reference"]["sha256"] == hashlib.sha256((tmp_path / "known.xyz").read_bytes()).hexdigest()
