"""One worker thread shared fairly among sessions."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from quests_app.jobs.fair_executor import LOWEST_PRIORITY, NICE, FairExecutor
from tests.app.conftest import WAIT_SECONDS


def test_sessions_take_turns_and_each_keeps_its_order():
    worker, done = FairExecutor(), []
    started, go_on = threading.Event(), threading.Event()
    worker.submit(lambda: started.set() or go_on.wait(WAIT_SECONDS))
    assert started.wait(WAIT_SECONDS)
    for number in range(3):
        worker.submit_for("a", done.append, f"a{number}")
    for owner in "bc":
        worker.submit_for(owner, done.append, f"{owner}0")
    assert [worker.queue_position(owner) for owner in "abc"] == [1, 2, 3]
    assert worker.n_waiting == 5
    go_on.set()
    worker.submit_for("a", lambda: None).result(WAIT_SECONDS)
    assert done == ["a0", "b0", "c0", "a1", "a2"]
    assert worker.n_waiting == 0
    worker.shutdown()


def test_a_failed_task_blocks_no_other():
    worker = FairExecutor()
    failed = worker.submit_for("a", lambda: 1 / 0)
    assert worker.submit_for("b", lambda: "next").result(WAIT_SECONDS) == "next"
    with pytest.raises(ZeroDivisionError):
        failed.result(WAIT_SECONDS)
    worker.shutdown()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads cannot stand back alone")
def test_worker_threads_have_lower_priority_than_the_event_loop():
    def nice():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def helpers():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(nice).result(WAIT_SECONDS)

    worker, before = FairExecutor(), nice()
    assert worker.submit(nice).result(WAIT_SECONDS) == min(before + NICE, LOWEST_PRIORITY)
    assert worker.submit(helpers).result(WAIT_SECONDS) > before
    assert nice() == before
    worker.shutdown()
