"""Folders of temporary files, as seen by two processes that start at the same moment."""

import pytest

from quests_core.utils import scratch

fcntl = pytest.importorskip("fcntl")


def test_a_folder_is_not_removed_while_it_is_being_locked(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lock, calls = fcntl.flock, []

    def flock(file, operation):
        calls.append(file)
        if len(calls) == 1:
            # As another process does that starts at the same moment.
            scratch.remove_stale()
        lock(file, operation)

    monkeypatch.setattr(scratch.fcntl, "flock", flock)
    made = scratch._Scratch()
    assert [path.name for path in made.path.iterdir()] == ["lock"]
    scratch.remove_stale()
    assert made.path.is_dir()
