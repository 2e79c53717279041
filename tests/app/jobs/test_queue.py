"""The job queue: order, progress, cancellation, errors; and the cache."""

import asyncio
import queue
import threading
import time
import weakref

import pytest
from bokeh.document import Document

from quests_app.jobs.activity import WAITING, Activity
from quests_app.jobs.fair_executor import FairExecutor
from quests_app.jobs.queue import DeferredScheduler, Jobs, executor, shut_down
from quests_app.server.loop_scheduler import on_loop_of
from quests_core import Cancelled
from tests import asynchronous

from ..conftest import WAIT_SECONDS


class Loop:
    """An event loop that the test runs step by step."""

    def __init__(self):
        self.activity, self.callbacks, self.results, self.errors = Activity(), queue.Queue(), [], []
        self.worker = FairExecutor()
        self.jobs = Jobs(self.activity, self.callbacks.put, self.worker)

    def submit(self, work, title="work"):
        """Submit a job and record its result or error."""
        self.jobs.submit(title, work, self.results.append, self.errors.append)

    def turn(self, until=lambda: False):
        """Run callbacks until all jobs have finished."""
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


def test_results_arrive_in_order_on_the_loop(loop):
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
    assert loop.callbacks.qsize() <= 2, "one report and the result"
    loop.turn()


def test_cancelling_ends_running_and_queued_jobs(loop):
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


def test_cancel_ends_one_job_at_once(loop):
    """Also if the computation does not check for cancellation; the next job then waits for the worker."""
    running, go_on = threading.Event(), threading.Event()

    def deaf(_):
        running.set()
        go_on.wait(WAIT_SECONDS)

    loop.submit(deaf)
    loop.submit(lambda _: "next")
    assert running.wait(WAIT_SECONDS)
    loop.jobs.cancel_current()
    assert [type(error) for error in loop.errors] == [Cancelled]
    assert (loop.activity.running, loop.activity.step) == (True, WAITING)
    go_on.set()
    loop.turn()
    assert loop.results == ["next"]
    assert len(loop.errors) == 1
    assert not loop.activity.running


def test_a_result_after_cancellation_is_discarded(loop):
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


def test_errors_reach_the_caller_and_the_queue_continues(loop):
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


def test_a_closed_session_receives_nothing(loop):
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


def test_results_of_threads_reach_a_document_on_its_loop_only(monkeypatch):
    """A document destroyed in the meantime receives nothing."""
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


def test_a_job_without_reports_is_shown_as_started(loop):
    may_end = threading.Event()
    loop.submit(lambda _: may_end.wait(WAIT_SECONDS), "silent work")
    assert loop.activity.step == WAITING
    loop.turn(until=lambda: loop.activity.step == "")
    assert (loop.activity.running, loop.activity.title) == (True, "silent work")
    may_end.set()
    loop.turn()


def test_a_deferred_scheduler_keeps_the_order_until_opened():
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


def test_deferred_functions_run_in_one_hold():
    scheduled, passed = [], []
    gate = DeferredScheduler(scheduled.append)
    gate.open()
    gate(lambda: passed.append("first"))
    gate(lambda: 1 / 0)
    gate(lambda: passed.append("last"))
    with pytest.raises(ZeroDivisionError):
        scheduled[0]()
    assert passed == ["first"]
    # Functions after an error are not lost, as each has been scheduled.
    scheduled[1]()
    assert passed == ["first", "last"]


def test_a_closed_scheduler_drops_deferred_functions():
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


def test_shutting_down_cancels_the_jobs_of_all_sessions(loop):
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
    assert loop.callbacks.qsize() <= 1, "the page is closed, so no end is reported"


def test_waiting_sessions_see_their_queue_position(loop):
    go_on, steps = threading.Event(), []
    loop.worker.submit(go_on.wait, WAIT_SECONDS)
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
