"""The queue: order, progress, cancelling, errors, the cache."""

import asyncio
import os
import queue
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from bokeh.document import Document

from quests_app.jobs.activity import WAITING, Activity
from quests_app.jobs.cache import Cache
from quests_app.jobs.fair_executor import LOWEST_PRIORITY, NICE, FairExecutor
from quests_app.jobs.queue import DeferredScheduler, Jobs, executor, shut_down
from quests_app.server.loop_scheduler import on_loop_of
from quests_core import Cancelled
from tests import asynchronous

from ..conftest import WAIT_SECONDS


class Loop:
    """An event loop that the test turns by hand."""

    def __init__(self):
        self.activity, self.callbacks, self.results, self.errors = Activity(), queue.Queue(), [], []
        self.worker = FairExecutor()
        self.jobs = Jobs(self.activity, self.callbacks.put, self.worker)

    def submit(self, work, title="work"):
        """Ask for work; results and errors are kept."""
        self.jobs.submit(title, work, self.results.append, self.errors.append)

    def turn(self, until=lambda: False):
        """Run callbacks until all work is done."""
        end = time.monotonic() + WAIT_SECONDS
        while self.activity.running and not until():
            assert time.monotonic() < end
            self.callbacks.get(timeout=WAIT_SECONDS)()


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.jobs.close()
    loop.worker.shutdown()


def test_results_come_back_in_order_on_the_loop(loop):
    threads = []

    def work(number):
        threads.append(threading.current_thread())
        return number

    for number in range(3):
        loop.submit(lambda _, number=number: work(number))
    assert loop.results == []
    loop.turn()
    assert loop.results == [0, 1, 2]
    assert threading.current_thread() not in threads
    assert not loop.activity.running


def test_progress_reaches_the_activity(loop):
    seen = []
    loop.activity.param.watch(lambda event: seen.append((loop.activity.step, event.new)), "fraction")
    go_on = threading.Event()

    def work(progress):
        progress("step one", 1, 4)
        go_on.wait(WAIT_SECONDS)
        progress("step two", 4, 4)

    loop.submit(work)
    loop.turn(until=lambda: seen != [])
    go_on.set()
    loop.turn()
    assert seen[0] == ("step one", 0.25)


def test_a_busy_loop_is_not_flooded_with_reports(loop):
    def work(progress):
        for i in range(1000):
            progress(f"step {i}", 1, 1)

    loop.submit(work)
    loop.worker.submit(lambda: None).result(WAIT_SECONDS)
    assert loop.callbacks.qsize() <= 2, "one report and the end"
    loop.turn()


def test_cancelling_ends_the_running_and_the_waiting_work(loop):
    started = threading.Event()

    def endless(progress):
        while True:
            started.set()
            progress("for ever", 1, 2)
            time.sleep(0.01)

    loop.submit(endless)
    loop.submit(lambda _: "never")
    assert started.wait(WAIT_SECONDS)
    loop.jobs.cancel()
    loop.turn()
    assert loop.results == []
    assert [type(error) for error in loop.errors] == [Cancelled, Cancelled]


def test_a_result_that_came_too_late_is_thrown_away(loop):
    running, go_on = threading.Event(), threading.Event()

    def deaf(_):
        running.set()
        go_on.wait(WAIT_SECONDS)
        return "unwanted"

    loop.submit(deaf)
    assert running.wait(WAIT_SECONDS)
    loop.jobs.cancel()
    go_on.set()
    loop.turn()
    assert loop.results == []
    assert isinstance(loop.errors[0], Cancelled)


def test_errors_reach_the_caller_and_the_queue_goes_on(loop):
    def work(_):
        raise ValueError("frame 3 is bad")

    loop.submit(work)
    loop.submit(lambda _: "next")
    loop.turn()
    assert str(loop.errors[0]) == "frame 3 is bad"
    assert loop.results == ["next"]


def test_an_unexpected_error_is_logged_and_shown(loop, caplog):
    loop.submit(lambda _: 1 / 0, title="dividing")
    loop.turn()
    assert isinstance(loop.errors[0], ZeroDivisionError)
    assert "dividing failed" in caplog.text


def test_a_closed_session_hears_nothing(loop):
    running, go_on = threading.Event(), threading.Event()

    def work(_):
        running.set()
        go_on.wait(WAIT_SECONDS)

    loop.submit(work)
    assert running.wait(WAIT_SECONDS)
    loop.jobs.close()
    n_told = loop.callbacks.qsize()
    go_on.set()
    loop.worker.submit(lambda: None).result(WAIT_SECONDS)
    assert loop.callbacks.qsize() == n_told


def test_a_document_hears_of_threads_on_its_loop_alone(monkeypatch):
    """And one that was taken apart meanwhile hears nothing."""
    heard = []

    async def ask() -> None:
        document = Document()
        schedule, loop = on_loop_of(document), threading.get_ident()
        monkeypatch.setattr(
            document, "add_next_tick_callback", lambda one: heard.append((one, threading.get_ident() == loop))
        )
        asker = threading.Thread(target=schedule, args=("first",))
        asker.start()
        while asker.is_alive() or not heard:
            await asyncio.sleep(0.01)
        monkeypatch.undo()
        del document.callbacks
        with pytest.raises(AttributeError):
            document.add_next_tick_callback(print)
        schedule("second")
        await asyncio.sleep(0.05)

    asynchronous.run(ask())
    assert heard == [("first", True)]


def test_work_that_reports_nothing_is_seen_to_begin(loop):
    may_end = threading.Event()
    loop.submit(lambda _: may_end.wait(WAIT_SECONDS), "silent work")
    assert loop.activity.step == WAITING
    loop.turn(until=lambda: loop.activity.step == "")
    assert (loop.activity.running, loop.activity.title) == (True, "silent work")
    may_end.set()
    loop.turn()


def test_a_gate_holds_back_in_order_until_it_is_opened():
    scheduled, passed = [], []
    gate = DeferredScheduler(scheduled.append)
    for name in ("first", "second"):
        gate(lambda name=name: passed.append(name))
    assert scheduled == []
    gate.open()
    gate(lambda: passed.append("third"))
    assert len(scheduled) == 3
    for run in scheduled:
        run()
    assert passed == ["first", "second", "third"]


def test_what_passes_a_gate_together_is_held_together():
    scheduled, passed = [], []
    gate = DeferredScheduler(scheduled.append)
    gate.open()
    gate(lambda: passed.append("first"))
    gate(lambda: 1 / 0)
    gate(lambda: passed.append("last"))
    with pytest.raises(ZeroDivisionError):
        scheduled[0]()
    assert passed == ["first"]
    # What came after an error is not lost: each has been scheduled.
    scheduled[1]()
    assert passed == ["first", "last"]


def test_a_closed_gate_forgets_what_waits():
    scheduled, passed = [], []
    gate, work = DeferredScheduler(scheduled.append), lambda: passed.append("work")
    gate.open()
    gate(work)
    gone = weakref.ref(work)
    del work
    gate.close()
    gate(lambda: passed.append("late"))
    assert gone() is None
    for run in scheduled:
        run()
    assert (len(scheduled), passed) == (1, [])


def test_one_worker_thread_serves_the_process():
    assert executor() is executor()
    assert executor() is not executor("umap")
    assert executor().submit(threading.get_ident).result() == executor().submit(threading.get_ident).result()


def test_the_cache_computes_once_and_forgets_the_least_used():
    cache, computed = Cache(n_entries=2), []

    def get(key):
        return cache.get(key, lambda: computed.append(key) or key)

    for key in "ababcab":
        assert get(key) == key
    # "a" was the least recently used when "c" came, then "b" when "a" came back.
    assert computed == ["a", "b", "c", "a", "b"]


def test_the_cache_keeps_within_its_bytes():
    cache, computed = Cache(n_bytes=1000), []

    def get(key, n):
        return cache.get(key, lambda: computed.append(key) or np.zeros(n, dtype=np.uint8))

    get("a", 600)
    get("b", 300)
    get("c", 300)
    get("b", 300)
    get("a", 600)
    assert computed == ["a", "b", "c", "a"]


def test_shutting_down_cancels_the_work_of_all_sessions(loop):
    started = threading.Event()

    def endless(progress):
        while True:
            started.set()
            progress("for ever", 1, 2)
            time.sleep(0.01)

    loop.submit(endless)
    assert started.wait(WAIT_SECONDS)
    shut_down()
    loop.worker.submit(lambda: None).result(WAIT_SECONDS)
    assert loop.callbacks.qsize() <= 1, "the page is gone; nobody is told of the end"


def test_a_failure_is_not_cached():
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 / 0)
    assert cache.get("key", lambda: 1) == 1


def test_sessions_take_turns_and_each_keeps_its_order():
    worker, done, go_on = FairExecutor(), [], threading.Event()
    worker.submit(go_on.wait, 10)
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


def test_a_task_that_fails_holds_up_nobody():
    worker = FairExecutor()
    failed = worker.submit_for("a", lambda: 1 / 0)
    assert worker.submit_for("b", lambda: "next").result(WAIT_SECONDS) == "next"
    with pytest.raises(ZeroDivisionError):
        failed.result(WAIT_SECONDS)
    worker.shutdown()


def test_who_waits_sees_its_place(loop):
    go_on, steps = threading.Event(), []
    loop.worker.submit(go_on.wait, 10)
    first = Jobs(Activity(), loop.callbacks.put, loop.worker)
    first.submit("first", lambda _: None, lambda _: None, lambda _: None)
    loop.activity.param.watch(lambda event: steps.append(event.new), "step")
    loop.submit(lambda _: "mine")
    while not loop.callbacks.empty():
        loop.callbacks.get()()
    assert steps[-1] == "Waiting for its turn: 2 ahead"
    go_on.set()
    loop.turn(until=lambda: loop.results == ["mine"])
    assert "Waiting for its turn: 1 ahead" in steps


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads cannot stand back alone")
def test_what_computes_stands_back_behind_the_event_loop():
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
