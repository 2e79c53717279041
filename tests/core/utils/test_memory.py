"""Tests of available memory, and of returning it."""

import numpy as np
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
