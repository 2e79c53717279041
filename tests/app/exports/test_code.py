"""Python code and shell command that reproduce a subset."""

import ast
import hashlib
import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from ase.io import write
from typer.testing import CliRunner

from quests_app.analysis import compare
from quests_app.analysis.reference import reference
from quests_app.exports import code as code_module
from quests_app.exports import record as record_module
from quests_app.exports import subset as subset_module
from quests_core import descriptors
from quests_core.cli import app as command_line
from tests.core.ugly_texts import TEXTS


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


@pytest.mark.costly
def test_code_and_command_include_the_reference(opened, given, tmp_path, monkeypatch):
    data, expected = opened.state.opened, given.frames(6).tolist()
    code = code_module.python_code(data, given, 6, "rank")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == expected
    monkeypatch.chdir(tmp_path)
    _, *arguments = shlex.split(code_module.command(data, given, 6, "rank"))
    planned = CliRunner().invoke(command_line, [*arguments[:-2], "--dry-run", "--json"])
    assert json.loads(planned.stdout)["indices_by_rank"] == expected
    record = record_module.record(data, given, 6, "rank", b"")["parameters"]
    assert record["method"] == "msc"
    assert record["reference"]["name"] == "known.xyz"
    assert record["reference"]["sha256"] == hashlib.sha256((tmp_path / "known.xyz").read_bytes()).hexdigest()


def test_code_and_command_with_a_store_as_the_reference(opened, tmp_path, monkeypatch):
    known, data = tmp_path / "known.xyz", opened.state.opened
    write(known, data.dataset.frames[5:9], format="extxyz")
    descriptors(known, store=tmp_path / "known.envs")
    other = reference(tmp_path / "known.envs", "known.envs", opened.state.parameters)
    given = compare.path_with_reference(data, other, opened.state.marks)
    code, printed = code_module.python_code(data, given, 6, "rank"), []
    monkeypatch.chdir(tmp_path)
    exec(code, {"print": printed.append})
    assert printed == [given.frames(6).tolist()]
    _, *arguments = shlex.split(code_module.command(data, given, 6, "rank"))
    planned = CliRunner().invoke(command_line, [*arguments[:-2], "--dry-run", "--json"])
    assert json.loads(planned.stdout)["indices_by_rank"] == printed[0]
    stated = record_module.record(data, given, 6, "rank", b"")["parameters"]["reference"]
    assert stated == {
        "name": "known.envs", "sha256": other.sha256, "n_frames": 4, "n_environments": len(other.numbers)
    }  # fmt: skip


def named(opened, name):
    """Return an open file as if it had been uploaded with a given name."""
    return replace(opened, dataset=replace(opened.dataset, name=name, uploaded=True))


@pytest.mark.parametrize("name", TEXTS)
def test_shell_commands_quote_file_names(opened_state, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if not name.strip():
        pytest.skip("no file is called so")
    words = shlex.split(code_module.command(named(opened_state.opened, name), opened_state.path, 3))
    assert words[2] in (name, f"./{name}")
    assert not words[2].startswith("-")
    if "\0" not in name and not re.search("[\ud800-\udfff]", name):
        done = CliRunner().invoke(command_line, words[1:])
        assert done.exit_code == 1
        assert re.search("no such file|expected a (regular )?(file|folder)|cannot be read", done.stderr)


@pytest.mark.parametrize("name", TEXTS)
def test_python_code_quotes_file_names(opened_state, name):
    code = code_module.python_code(named(opened_state.opened, name), opened_state.path, 3)
    plain = code_module.python_code(named(opened_state.opened, "plain"), opened_state.path, 3)
    code.encode()
    tree, expected = ast.parse(code), ast.parse(plain)
    assert [type(node) for node in ast.walk(tree)] == [type(node) for node in ast.walk(expected)]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert name in texts
