"""Temporary folders of two processes that start at the same time."""

import pytest

from quests_core.utils import scratch

fcntl = pytest.importorskip("fcntl")


def test_a_folder_being_locked_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lock, calls = fcntl.flock, []

    def flock(file, operation):
        calls.append(file)
        if len(calls) == 1:
            # Like another process that starts at the same time.
            scratch.remove_stale()
        lock(file, operation)

    monkeypatch.setattr(scratch.fcntl, "flock", flock)
    made = scratch._Scratch()
    assert [path.name for path in made.path.iterdir()] == ["lock"]
    scratch.remove_stale()
    assert made.path.is_dir()
