"""Tests of available memory, and of returning it."""

import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from quests_core.utils import environment_variables, memory


def test_trim_heap_returns_freed_memory():
    if memory.resident() is None:
        pytest.skip("this system does not tell what a process holds")
    # Small blocks, which the allocator would keep.
    pieces = [np.ones(1000) for _ in range(20_000)]
    full, last = memory.resident(), pieces[-1]
    del pieces
    memory.trim_heap()
    assert last.sum() == 1000
    assert memory.resident() < full - 100e6


def test_check_fits_refuses_what_exceeds_the_available_memory(monkeypatch):
    monkeypatch.setenv(environment_variables.MEMORY, "0.001")
    assert memory.available() == 0
    with pytest.raises(ValueError, match=r"would take about 2.5 MB of memory, and none is free"):
        memory.check_fits(2_500_000, "it", "split it")
    monkeypatch.setattr(memory, "available", lambda: 1_234_567)
    with pytest.raises(ValueError, match=r"would take about 3.0 GB of memory, and 1.2 MB are free"):
        memory.check_fits(3 * 10**9, "it", "split it")
    monkeypatch.setattr(memory, "available", lambda: 0)
    with pytest.raises(
        ValueError, match=r"x.xyz: reading it would take about 2.0 GB of memory, and none is free; split"
    ):
        memory.check_fits(2 * 10**9, "x.xyz: reading it", "split it")


@pytest.mark.skipif(sys.platform != "linux", reason="compares with a file of Linux")
def test_available_memory_is_at_most_that_of_the_machine(monkeypatch):
    monkeypatch.delenv(environment_variables.MEMORY, raising=False)
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    machine = 1024 * int(lines["MemAvailable"].split()[0])
    assert 0 < memory.available() <= machine + 500e6
    status = Path("/proc/self/status").read_text()
    assert memory.resident() == pytest.approx(1024 * int(status.split("VmRSS:")[1].split()[0]), rel=0.1)


@pytest.mark.parametrize("error", [FileNotFoundError("/proc/meminfo"), psutil.AccessDenied()])
def test_what_the_system_does_not_tell_is_unknown(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.delenv(environment_variables.MEMORY, raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", fail)
    monkeypatch.setattr(psutil, "Process", fail)
    monkeypatch.setattr(memory, "_CGROUP", Path("/no/such/folder"))
    assert memory.resident() is None
    assert memory.available() is None
    memory.check_fits(10**18, "it", "split it")


def test_a_limit_of_the_control_group_counts(monkeypatch, tmp_path):
    monkeypatch.delenv(environment_variables.MEMORY, raising=False)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    assert memory.available() == 600_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available() > 600_000
