"""UMAP in a child process."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest

from quests_app.jobs.umap_process import UmapWorker
from quests_core import Cancelled, Progress
from quests_core.utils.child import ChildError


@pytest.fixture
def worker():
    worker = UmapWorker()
    yield worker
    worker.close()


def test_cancelling_kills_the_process_immediately(worker, rng):
    progress, process = Progress(), worker._start()
    threading.Timer(0.5, progress.cancel).start()
    with pytest.raises(Cancelled):
        worker.embed(rng.normal(size=(2000, 10)), progress)
    assert worker._process is None
    assert process.wait() == -signal.SIGKILL, "it was cancelled before its end"


def test_a_killed_process_is_reported_and_restarted(worker, rng):
    def kill(*_):
        worker._process.kill()

    with pytest.raises(ChildError, match="ran out of memory"):
        worker.embed(rng.normal(size=(2000, 10)), kill)
    assert worker._start().poll() is None


def with_priority(process):
    """Give the process, which has lowered its priority, that of the tests where the account may.

    It compiles UMAP, and would be the last to have a processor while other tests need all of them.
    """
    own = os.getpriority(os.PRIO_PROCESS, 0)
    while os.getpriority(os.PRIO_PROCESS, process.pid) == own < 19:
        assert process.poll() is None
        time.sleep(0.05)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, process.pid, own)


@pytest.mark.slow
def test_embedding_is_deterministic_and_the_worker_survives_errors(worker, rng):
    if hasattr(os, "getpriority"):
        with_priority(worker._start())
    groups = np.repeat([[0.0] * 8, [50.0] * 8], 30, axis=0) + rng.normal(size=(60, 8))
    xy = worker.embed(groups)
    process = worker._process
    assert xy.shape == (60, 2)
    spread = max(np.ptp(xy[:30], axis=0).max(), np.ptp(xy[30:], axis=0).max())
    assert np.linalg.norm(xy[:30].mean(axis=0) - xy[30:].mean(axis=0)) > spread / 2
    with pytest.raises(ChildError):
        worker.embed(np.full((30, 3), np.nan))
    np.testing.assert_array_equal(worker.embed(groups), xy)
    assert worker._process is process
