"""Python code and shell command that reproduce a subset."""

import hashlib
import json
import shlex
import subprocess
import sys

import pytest
from ase.io import write
from typer.testing import CliRunner

from quests_app.analysis import compare
from quests_app.analysis.reference import reference
from quests_app.exports import code as code_module
from quests_app.exports import record as record_module
from quests_app.exports import subset as subset_module
from quests_core.cli import app as command_line


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
