"""Tests of the application: files, errors, exit codes, progress."""

import importlib.metadata
import io
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import ase.io
import pytest

import quests_core as q
import quests_core.cli.common
from tests.core.cli.commands import run, run_json


def test_named_data_set_in_place_of_a_file(file, monkeypatch):
    monkeypatch.setattr("quests_core.cli.common.fetch", lambda name, progress: {"tm23:Cu": file}[name])
    assert run_json("entropy", "tm23:Cu", "-k", 4)["entropy"] == run_json("entropy", file, "-k", 4)["entropy"]


def test_threads(file, monkeypatch):
    asked = []
    monkeypatch.setattr("quests_core.cli.common.set_num_threads", asked.append)
    assert run("-j", 1, "entropy", file, "-k", 4).exit_code == 0
    assert asked == [1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("compress", "-s", "13"), "--size: expected at most the number of frames, 8, got 13"),
        (("compress", "-s", "0"), "--size: expected an integer of at least 1, got 0"),
        (("compress", "-s", "150%"), "--size: expected"),
        (("compress", "--locked", "99"), "--locked: expected frames from 0 to 7"),
        (("compress", "--excluded", "x"), "--excluded: expected frames like"),
        (("compress", "--bandwidth", "-1"), "--bandwidth: expected a positive number, got -1.0"),
        (("entropy", "--bandwidth", "0"), "--bandwidth: expected a positive number"),
        (("learning-curve", "--sizes", "99"), "--sizes: expected at most the number of environments, 32"),
        (("describe", "--cutoff", "-2"), "--cutoff: expected a positive number"),
        (
            ("compress", "-s", "2", "-u", "overlap=1"),
            "overlap: expected a value that the whole order reaches",
        ),
        (("compress", "--until", "size=4"), "--until: expected targets among"),
    ],
)
def test_errors_exit_with_1(file, tmp_path, arguments, why):
    command, *options = arguments
    output = ("-o", tmp_path / "kept.xyz") if command == "compress" else ()
    done = run(command, file, *output, *options)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert why in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "kept.xyz").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("compress", "FILE"),
        ("compress", "FILE", "-o", "x.xyz", "-s", "many"),
        ("compress", "FILE", "-o", "x.xyz", "-m", "best"),
        ("compress", "FILE", "-o", "x.xyz", "-u", "most"),
        ("learning-curve", "FILE", "--sizes", "1,b"),
        ("overlap", "FILE"),
        ("overlap", "-", "-"),
        ("entropy", "FILE", "--no-such-option"),
        ("unknown",),
        ("serve", "-"),
    ],
)
def test_usage_errors_exit_with_2(file, arguments):
    done = run(*(file if one == "FILE" else one for one in arguments), stdin=file.read_bytes())
    assert done.exit_code == 2
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.output


def test_unknown_name_is_an_error(tmp_path):
    done = run("entropy", "tm32:Ag")
    assert done.exit_code == 1
    assert done.stderr == "Error: tm32:Ag: no such file, and not listed by quests-explorer datasets\n"


def test_missing_file_is_an_error(tmp_path):
    for command in ("entropy", "describe", "serve"):
        done = run(command, tmp_path / "gone.xyz")
        assert done.exit_code == 1
        assert "gone.xyz: " in done.stderr or "gone.xyz'" in done.stderr


@pytest.mark.jit
def test_importing_the_cli_imports_no_dashboard():
    code = (
        "import sys, quests_core.cli; print({'panel', 'bokeh', 'holoviews', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.costly
@pytest.mark.jit
def test_commands_in_a_pipe(file):
    program = [sys.executable, "-m", "quests_core.cli"]
    first = subprocess.run(
        [*program, "compress", "-", "-s", "0.5", "-o", "-"], input=file.read_bytes(), capture_output=True
    )
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith(b"balanced keeps 4 of 8 frames")
    second = subprocess.run([*program, "entropy", "-", "--json"], input=first.stdout, capture_output=True)
    kept = ase.io.read(io.StringIO(first.stdout.decode()), ":", format="extxyz")
    assert json.loads(second.stdout)["entropy"] == q.entropy(q.descriptors(kept))


def drain(leader):
    """Read the output of a terminal until it is closed; an unread terminal blocks its program."""
    parts = []
    with suppress(OSError):
        while part := os.read(leader, 1 << 16):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.jit
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals here")
def test_progress_is_drawn_on_a_terminal(file):
    leader, follower = os.openpty()
    command = [sys.executable, "-m", "quests_core.cli", "compress", str(file), "-m", "random", "--dry-run"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(drain, leader)
        done = subprocess.run([*command, "-k", "4"], stdout=subprocess.PIPE, stderr=follower, env=environment)
        os.close(follower)
        drawn = reading.result().decode()
    os.close(leader)
    assert done.stdout.decode().startswith("random keeps 2 of 8 frames")
    assert "reading" in drawn
    assert "descriptors" in drawn


def test_version():
    done = run("--version")
    version = importlib.metadata.version("quests-explorer")
    assert (done.exit_code, done.stdout) == (0, f"quests-explorer {version}\n")


@pytest.mark.parametrize("value", ["abc", "-1", "0", "nan", "inf", "1 GB"])
def test_invalid_environment_variable_is_an_error(file, monkeypatch, value):
    monkeypatch.setenv("QUESTS_MEMORY", value)
    expected = f"Error: QUESTS_MEMORY: expected a positive number, got {value!r}\n"
    for command in ("entropy", "serve"):
        done = run(command, file)
        assert (done.exit_code, done.stderr) == (1, expected)
    monkeypatch.setenv("QUESTS_MEMORY", "")
    assert run("describe", file).exit_code == 0


@pytest.mark.jit
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_interrupt_during_import_prints_no_traceback(tmp_path):
    (tmp_path / "quests_core").mkdir()
    (tmp_path / "quests_core/__init__.py").write_text("")
    slow = "import time\nprint('loading', flush=True)\ntime.sleep(600)\n"
    (tmp_path / "quests_core/cli.py").write_text(slow)
    source = Path(q.__file__).parents[1] / "quests_explorer.py"
    code = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r})"
    code += f"; runpy.run_path({str(source)!r})['main']()"
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == ""
    assert process.returncode == -signal.SIGINT


@pytest.mark.jit
@pytest.mark.skipif(os.name == "nt", reason="descriptors of POSIX")
def test_closed_stdout_is_no_error():
    command = f"exec {sys.executable} -m quests_core.cli --version >&-"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
