"""Tests of ``serve``."""

import os
import subprocess
import sys

import pytest

from quests_core.cli import scheduler, serve
from tests.core.cli.commands import run
from tests.core.cluster import local_client


def test_serve_starts_panel_with_the_file(file, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    assert run("serve", file, "--port", 5999, "--no-show").exit_code == 0
    (command, environment), *_ = calls
    assert command[:4] == [sys.executable, "-m", "panel", "serve"]
    assert command[-2:] == ["--port", "5999"]
    assert command[command.index("--session-ids") + 1] == "signed"
    assert len(environment["BOKEH_SECRET_KEY"]) > 40
    assert environment["QUESTS_FILE"] == str(file)
    assert command[command.index("--address") + 1] == "localhost"
    assert "QUESTS_DATA_DIRS" not in environment
    if sys.platform == "linux":
        assert environment["PYTHONMALLOC"] == "malloc"


def test_serve_opens_a_pattern_as_the_other_commands_do(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"train_{name}.xyz").touch()
    assert run("serve", "train_*.xyz", "--no-show").exit_code == 0
    assert calls[0][1]["QUESTS_FILE"] == str(tmp_path / "train_*.xyz")
    assert "no such file" in run("serve", "test_*.xyz", "--no-show").stderr


def test_serve_passes_data_folders_and_origins(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    arguments = (
        "--data-dir",
        tmp_path / "one",
        "--data-dir",
        tmp_path / "one/../two",
        "--address",
        "0.0.0.0",
    )
    assert run("serve", "--no-show", *arguments, "--origin", "data.group:80").exit_code == 0
    (command, environment), *_ = calls
    assert environment["QUESTS_DATA_DIRS"].split(os.pathsep) == [str(tmp_path / "one"), str(tmp_path / "two")]
    assert command[command.index("--address") + 1] == "0.0.0.0"
    assert "--allow-websocket-origin=data.group:80" in command


def test_serve_listens_on_a_socket_instead_of_a_port(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    assert run("serve", "--unix-socket", tmp_path / "socket").exit_code == 0
    ((command, _),) = calls
    assert command[-2:] == ["--unix-socket", str(tmp_path / "socket")]
    # Panel refuses these beside a socket.
    assert not {"--port", "--address", "--show"} & set(command)


def test_serve_refuses_invalid_limits(file, monkeypatch):
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: pytest.fail("started"))
    for name in ("QUESTS_MAX_UPLOAD_MB", "QUESTS_MAX_SESSION_MB"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "many")
            done = run("serve", "--no-show", file)
        expected = f"Error: {name}: expected a positive number, got 'many'\n"
        assert (done.exit_code, done.stderr) == (1, expected)


def test_serve_refuses_a_folder_that_does_not_exist(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "_replace_process", lambda *_: pytest.fail("served"))
    done = run("serve", "--no-show", "--data-dir", tmp_path / "nope")
    assert done.exit_code == 1
    assert f"--data-dir: expected a folder, got {tmp_path}/nope" in done.stderr


def test_serve_opens_a_folder_of_deepmd(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    (tmp_path / "set.000").mkdir()
    (tmp_path / "set.000" / "coord.npy").touch()
    (tmp_path / "type.raw").write_text("0\n")
    assert run("serve", tmp_path, "--no-show").exit_code == 0
    assert calls[0][1]["QUESTS_FILE"] == str(tmp_path)
    assert run("serve", tmp_path / "set.000", "--no-show").exit_code == 1


def test_serve_opens_a_store_of_descriptors(file, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    store = tmp_path / "a.envs"
    assert run("describe", file, "-k", 4, "--store", store).exit_code == 0
    assert run("serve", "--no-show", store).exit_code == 0
    ((_, environment),) = calls
    assert environment["QUESTS_FILE"] == str(store)


def test_serve_checks_and_passes_the_scheduler(file, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_replace_process", lambda *a: calls.append(a) or 0)
    monkeypatch.setattr(scheduler, "_TIMEOUT", 0.2)
    # Nothing listens there.
    done = run("serve", file, "--no-show", "--scheduler", "tcp://127.0.0.1:1")
    assert done.exit_code == 1
    assert done.stderr == "Error: --scheduler: no scheduler answers at tcp://127.0.0.1:1\n"
    assert not calls
    monkeypatch.setattr(scheduler, "_TIMEOUT", 30)
    with local_client(n_workers=0, protocol="tcp://") as client:
        address = client.scheduler.address
        assert run("serve", file, "--no-show", "--scheduler", address).exit_code == 0
    assert calls[0][1]["QUESTS_SCHEDULER"] == address
