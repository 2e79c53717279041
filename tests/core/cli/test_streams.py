"""Output to streams with a limited encoding: symbols are replaced, and the exit code is 0."""

import io
import os
import subprocess
import sys

import ase.io
import pytest
from ase.build import bulk

from quests_core.cli.streams import tolerate_all_characters


def written(monkeypatch, encoding, text):
    """Write a text to a stream with an encoding, and return the result."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    tolerate_all_characters()
    stream.write(text)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        ("utf-8", "δH −1 Å⁻¹ 構", "δH −1 Å⁻¹ 構"),
        ("cp1252", "δH −1 Å⁻¹ ≥ 2²", "deltaH -1 Å^-¹ >= 2²"),
        ("ascii", "δH −1 Å⁻¹ 10¹² …", "deltaH -1 A^-1 10^12 ..."),
        ("ascii", "構 \udc80.xyz", "\\u69cb \\udc80.xyz"),
        ("cp437", "σ δ ×", "σ δ x"),
    ],
)
def test_symbols_become_what_the_stream_can_hold(monkeypatch, encoding, text, expected):
    assert written(monkeypatch, encoding, text) == expected


def test_a_stream_that_cannot_be_changed_is_left_as_it_is(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    tolerate_all_characters()
    assert sys.stdout is stream
    assert stream.getvalue() == ""


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "quests_core.cli", *map(str, arguments)],
        capture_output=True, check=False, env=os.environ | environment, timeout=300,
    )  # fmt: skip


@pytest.mark.jit
def test_the_help_is_printed():
    done = run("delta", "--help", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "deltaH in nats" in done.stdout.decode("ascii")


@pytest.mark.jit
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_subset_is_written_and_reported(tmp_path, environment):
    ase.io.write(tmp_path / "file.xyz", [bulk("Cu", cubic=True)] * 4, format="extxyz")
    done = run("compress", tmp_path / "file.xyz", "-s", 2, "-o", tmp_path / "subset.xyz", **environment)
    assert done.returncode == 0, done.stderr
    assert "largest deltaH" in done.stdout.decode("ascii")
    assert len(ase.io.read(tmp_path / "subset.xyz", ":")) == 2
