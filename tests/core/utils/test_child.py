"""Tests of the process that runs a function within limits."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from quests_core.utils.child import Child, ChildError


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_exceeding_the_memory_limit_is_an_error(tmp_path):
    child = Child("test_child:allocate", {"PYTHONPATH": str(Path(__file__).parent)})
    with pytest.raises(ChildError, match=r"memory limit of 0\.2 GB"):
        child.run(tmp_path, memory=200_000_000)
    assert child._process.poll() is None
    child.close()


def allocate(folder):
    """Allocate 2 GB, in the process of the test above."""
    np.ones(250_000_000)


def test_an_ended_process_is_an_error(tmp_path):
    child = Child("test_child:leave", {"PYTHONPATH": str(Path(__file__).parent)})
    with pytest.raises(ChildError, match="ended with code 3"):
        child.run(tmp_path)


def leave(folder):
    """Exit, in the process of the test above."""
    os._exit(3)


def test_the_process_ends_with_its_parent_during_a_call(tmp_path):
    child = Child("test_child:work", {"PYTHONPATH": str(Path(__file__).parent)})

    def close_pipe(*_):
        if (tmp_path / "begun").exists():
            child._process.stdin.close()

    with pytest.raises(ChildError, match="ended with code 0"):
        child.run(tmp_path, close_pipe, seconds=120)


def work(folder):
    """Never end, in the process of the test above."""
    (folder / "begun").touch()
    while True:
        pass
