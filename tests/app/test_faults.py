"""Faults of a machine: killed processes, full disks, changed clocks and files, too little memory."""

import errno
import os
import time

import numpy as np
import pytest

from quests_app.analysis import parameters
from quests_app.analysis.parameters import Parameters
from quests_app.jobs.disk_cache import DiskCache
from quests_core import descriptors, read, write_subset
from quests_core.utils import environment_variables, memory


@pytest.mark.jit
@pytest.mark.slow
def test_killed_processes_lose_nothing(file, tmp_path):
    from tests.fuzz.kills import run

    losses = run(file, tmp_path, n_kills=3, seed=5)
    assert losses.faults == []
    assert losses.n_killed == 3


def no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_no_partial_export(opened, tmp_path, monkeypatch):
    target = tmp_path / "out" / "subset.xyz"
    target.parent.mkdir()
    monkeypatch.setattr(os, "fsync", no_space)
    opened.controller.save(str(target), 5, "file")
    opened.run()
    assert "No space left on device" in opened.state.error
    assert list(target.parent.iterdir()) == []
    monkeypatch.undo()
    opened.controller.save(str(target), 5, "file")
    opened.run()
    assert sorted(path.name for path in target.parent.iterdir()) == ["subset.json", "subset.xyz"]


def test_a_changed_clock_neither_keeps_parts_nor_loses_entries(tmp_path):
    disk = DiskCache(tmp_path, version="1")
    disk.save(("a",), np.arange(3))
    part = tmp_path / "left.part"
    part.write_bytes(b"x")
    tomorrow = time.time() + 86_400
    for path in tmp_path.iterdir():
        os.utime(path, (tomorrow, tomorrow))
    disk.save(("b",), np.arange(4))
    assert not part.exists()
    assert disk.load(("a",)).tolist() == [0, 1, 2]
    assert disk.load(("b",)).tolist() == [0, 1, 2, 3]


def test_a_file_that_changes_while_read_is_not_cached_under_the_old_hash(file, monkeypatch):
    def changing(path, *arguments, **options):
        frames = read(path)
        file.write_bytes(file.read_bytes() * 2)
        return frames

    monkeypatch.setattr("quests_app.analysis.parameters.read_in_process", changing)
    with pytest.raises(ValueError, match="changed while it was read"):
        parameters.load(file)


@pytest.mark.parametrize("change", ["deleted", "changed"])
def test_a_changed_source_is_not_exported(opened, file, tmp_path, change):
    before = opened.state.path.order.copy()
    if change == "deleted":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes().replace(b"energy=-4.0", b"energy=-5.0", 1))
    opened.controller.save(str(tmp_path / "subset.xyz"), 5, "file")
    opened.run()
    assert "Could not save" in opened.state.error
    assert not (tmp_path / "subset.xyz").exists()
    np.testing.assert_array_equal(opened.state.path.order, before)
    opened.controller.recompute(Parameters(bandwidth=0.03))
    opened.run()
    if change == "deleted":
        assert "no such file" in opened.state.error
        assert opened.state.opened.parameters == Parameters()
    else:
        assert opened.state.opened.parameters.bandwidth == 0.03


def test_sets_too_large_for_memory_are_refused_with_the_estimate(file, frames, session, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(
        ValueError, match=r"would take about \d\S* kB of memory, and 1\.0 kB are free; split the file"
    ):
        read(file)
    with pytest.raises(ValueError, match=r"environments of 63 numbers each would take .*; use fewer frames"):
        descriptors(frames)
    # Content that no other test has opened, so that it is not in the cache.
    file.write_bytes(3 * file.read_bytes())
    session.open(file)
    assert "would take about" in session.state.error
    assert session.state.opened is None


def test_available_memory_is_the_smallest_limit(monkeypatch):
    free = memory.available()
    assert free is None or free > 10_000_000
    monkeypatch.setenv(environment_variables.MEMORY, "0.001")
    assert memory.available() == 0
    monkeypatch.setenv(environment_variables.MEMORY, "1000000")
    assert memory.available() is not None


def test_an_interrupted_export_keeps_the_old_file(file, tmp_path, monkeypatch):
    target = tmp_path / "subset.xyz"
    write_subset(target, file, [0, 1])
    before = target.read_bytes()
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        write_subset(target, file, [2], overwrite=True)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*subset*")] == ["subset.xyz"]
