"""The sidebar section that opens a data set."""

import shlex
from dataclasses import replace

import pytest
from ase.io import write
from typer.testing import CliRunner

from quests_app.exports.code import command, python_code
from quests_app.exports.subset import subset_bytes
from quests_app.session.link import LinkRequest, query
from quests_app.views.sidebar.dataset import DatasetView
from quests_core.cli import app as command_line


def test_opening_by_path_and_by_upload(session, file):
    view = DatasetView(session.state, session.controller)
    view._path.value = f"  {file} "
    view._open_path()
    session.run()
    assert session.state.opened.dataset.path == file
    view._drop.value = {"dropped.xyz": file.read_text()}
    session.run()
    assert session.state.opened.dataset.name == "dropped.xyz"
    assert view._drop.value == {}


def test_several_files_are_one_data_set(session, file, tmp_path, frames):
    other = tmp_path / "other.xyz"
    write(other, frames[1:5], format="extxyz")
    view, state = DatasetView(session.state, session.controller), session.state
    view._drop.value = {file.name: file.read_bytes(), other.name: other.read_bytes()}
    session.run()
    names = [atoms.info["source"] for atoms in state.opened.dataset.frames]
    assert names == ["copper.xyz"] * len(frames) + ["other.xyz"] * 4
    assert state.opened.dataset.name == "2 files: copper.xyz, other.xyz"
    assert state.opened.dataset.uploaded
    assert len(state.opened.dataset.pool) == 2
    uploaded = state.opened.dataset.pool
    subset = subset_bytes(state.opened, state.path, state.n_frames)
    assert subset.count(b"source=") == state.n_frames
    session.controller.recompute(replace(state.parameters, bandwidth=0.02))
    session.run()
    assert state.opened.dataset.pool == uploaded
    assert state.error == ""
    view._path.value = f"{tmp_path}/*.xyz"
    view._open_path()
    session.run()
    assert state.opened.dataset.pool == (file, other)
    assert not any(path.exists() for path in uploaded)


def test_the_script_and_the_link_of_several_files_repeat_them(session, file, tmp_path, frames, monkeypatch):
    write(tmp_path / "other.xyz", frames[1:5], format="extxyz")
    session.open(tmp_path / "*.xyz")
    state = session.state
    request = LinkRequest(query(state, False))
    assert session.controller.place_all(request.file) == state.opened.dataset.pool
    monkeypatch.chdir(tmp_path)
    exec(python_code(state.opened, state.path, 7), {})
    assert (tmp_path / "subset.xyz").read_bytes() == subset_bytes(state.opened, state.path, 7)
    program, *arguments = shlex.split(command(state.opened, state.path, 7))
    assert program == "quests-explorer"
    (tmp_path / "subset.xyz").unlink()
    done = CliRunner().invoke(command_line, arguments)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "subset.xyz").read_bytes() == subset_bytes(state.opened, state.path, 7)
    (tmp_path / "other.xyz").unlink()
    with pytest.raises(ValueError, match=r"other\.xyz is no longer there"):
        subset_bytes(state.opened, state.path, 7)
