"""Run the computations of all sessions on shared worker threads.

The library uses all cores for one computation, so one worker thread runs all computations, one after
another. Results reach a session on its event loop.
"""

import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import panel as pn

from quests_core import Cancelled, Progress
from quests_core.io import read_process
from quests_core.utils.escape import one_line

from ..server.telemetry import counters, log_event, session_name
from .activity import WAITING, Activity
from .cluster import cluster
from .fair_executor import FairExecutor
from .kernel_compiler import KernelCompiler
from .umap_process import UmapWorker

log = logging.getLogger(__name__)


def executor(name: str = "compute") -> FairExecutor:
    """Return the worker thread of the process with that name."""
    return pn.state.as_cached(f"quests-{name}", lambda: FairExecutor(f"quests-{name}"))


def executors() -> dict[str, FairExecutor]:
    """Return the worker threads of the process by name."""
    return {name: executor(name) for name in ("compute", "quick", "umap", "training", "kernels")}


def shut_down() -> None:
    """Cancel the jobs of all sessions, so that the server process can exit."""
    for jobs in list(_all_jobs()):
        jobs.close()
    umap_worker().close()
    kernel_compiler().close()
    read_process.close()
    if (own := cluster()) is not None:
        own.close()


def silent_seconds() -> float:
    """Return the longest time since a running job last checked for cancellation, seconds."""
    return max((jobs.silent_seconds for jobs in list(_all_jobs())), default=0.0)


def _all_jobs() -> "weakref.WeakSet[Jobs]":
    return pn.state.as_cached("quests-jobs", weakref.WeakSet)


def umap_worker() -> UmapWorker:
    """Return the UMAP worker of the process; only the thread of ``executor("umap")`` may use it."""
    return pn.state.as_cached("quests-umap-worker", UmapWorker)


def kernel_compiler() -> KernelCompiler:
    """Return the compiler of the process; only the thread of ``executor("kernels")`` may use it."""
    return pn.state.as_cached("quests-kernel-compiler", KernelCompiler)


class DeferredScheduler:
    """Schedule functions, deferred until the page has loaded.

    A widget that changes while the browser builds it may keep showing its old value. Functions that have not
    run when the session ends are dropped: they hold all results of the session, and the server's timers
    hold its document for an hour.
    """

    def __init__(self, schedule: Callable[[Callable], Any]):
        self._schedule, self._lock = schedule, threading.Lock()
        self._waiting: deque[Callable] = deque()
        self._is_open = self._is_closed = False

    def __call__(self, function: Callable) -> None:
        """Schedule `function`, now or when the scheduler opens."""
        with self._lock:
            if self._is_closed:
                return
            self._waiting.append(function)
            if not self._is_open:
                return
        self._schedule(self._run)

    def open(self) -> None:
        """Schedule the deferred functions in order, and defer none from now on."""
        with self._lock:
            self._is_open = True
            for _ in self._waiting:
                self._schedule(self._run)

    def close(self) -> None:
        """Drop the deferred functions and all later ones."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()

    def _run(self) -> None:
        # One message for all: the cost of each message grows with the page.
        with pn.io.hold():
            while (function := self._next()) is not None:
                function()

    def _next(self) -> Callable | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None


@dataclass(frozen=True, eq=False)
class _Task:
    title: str
    work: Callable[[Progress], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Progress
    key: Hashable | None


class Jobs:
    """Jobs of one session on a worker thread: progress, cancellation, and results on the event loop.

    Jobs of several sessions that compute the same cached result have the same key. While one of them runs,
    the others show its progress, and it goes on if its session ends, as when a page is reloaded.

    Parameters
    ----------
    activity : Activity
        Shows the status; changed on the event loop only.
    schedule : callable
        Runs a function on the session's event loop; thread-safe, see `on_loop_of`.
    executor : FairExecutor
        The worker thread.
    """

    def __init__(self, activity: Activity, schedule: Callable[[Callable], Any], executor: FairExecutor):
        self._session = session_name()
        self._activity, self._schedule, self._executor = activity, schedule, executor
        self._pending: list[_Task] = []
        self._update_due = False
        self._current: _Task | None = None
        self._n_ahead = 0
        self._closed, self._closing = False, threading.Lock()
        self._all = _all_jobs()
        self._all.add(self)

    def submit(
        self,
        title: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        key: Hashable | None = None,
    ) -> Progress:
        """Run ``work(progress)`` after all jobs submitted before; return its `Progress`, which cancels it.

        Then `done` is called with its result, or `failed` with its error (`Cancelled` after a cancellation).
        `key` identifies the result if it is cached for all sessions.
        Call this, `cancel` and `close` on the event loop.
        """
        task = _Task(title, work, done, failed, Progress(lambda _: self._follow_all(task), interval=0.2), key)
        self._pending.append(task)
        if not self._activity.running:
            self._activity.param.update(running=True, title=title, step=WAITING, fraction=0.0, remaining=None)
        self._executor.submit_for(self, self._run, task)
        return task.progress

    def on_queue_moved(self, n_ahead: int) -> None:
        """Show the number of jobs ahead; callable from any thread."""
        if n_ahead != self._n_ahead and self._current is None:
            self._n_ahead = n_ahead
            self.on_loop(lambda: self._show_position(n_ahead))

    def _show_position(self, n_ahead: int) -> None:
        if self._activity.running and self._current is None:
            ahead = f": {n_ahead} ahead" if n_ahead else ""
            self._activity.step = f"{WAITING}{ahead}"

    def cancel(self) -> None:
        """Cancel all unfinished jobs of this session; see `cancel_current`."""
        for task in tuple(self._pending):
            self._cancel(task)

    def cancel_current(self) -> None:
        """Cancel the running job, or the next one if none runs.

        The job ends for the session at once, also if its computation takes long to notice.
        """
        running = self._current
        # The first one may have finished, and its result not have been delivered.
        for task in [running] if running in self._pending else self._pending[:1]:
            self._cancel(task)

    def withdraw(self, progress: Progress) -> bool:
        """Cancel the job with that `Progress` and report nothing; return whether it was unfinished."""
        found = [task for task in self._pending if task.progress is progress]
        for task in found:
            self._stop(task)
            self._finish(task, lambda _: None, None)
        return bool(found)

    @property
    def is_behind_others(self) -> bool:
        """Whether jobs of other sessions run before the next one."""
        return self._executor.queue_position(self) > 0

    def _cancel(self, task: _Task) -> None:
        self._stop(task)
        self._finish(task, task.failed, Cancelled(f"cancelled {task.title}"))

    def _stop(self, task: _Task) -> None:
        """Cancel a job, also if it runs in a session that has ended."""
        task.progress.cancel()
        for jobs in self._others():
            running = jobs._current
            if jobs._closed and running is not None and running.key == task.key is not None:
                jobs._cancel_unless_wanted(running)

    def close(self) -> None:
        """Cancel all jobs that no other session waits for, and report nothing: the session has ended."""
        with self._closing:
            self._closed = True
        for task in self._pending:
            if task is self._current:
                self._cancel_unless_wanted(task)
            else:
                self._stop(task)

    def _cancel_unless_wanted(self, task: _Task) -> None:
        if not self._waiting_for(task):
            task.progress.cancel()

    def _others(self) -> "list[Jobs]":
        return [jobs for jobs in list(self._all) if jobs is not self and jobs._executor is self._executor]

    def _waiting_for(self, task: _Task) -> "list[Jobs]":
        """Return the jobs of other sessions that wait for the result of a running job."""
        if task.key is None:
            return []
        return [
            jobs
            for jobs in self._others()
            if not jobs._closed
            and any(one.key == task.key and not one.progress.cancelled for one in tuple(jobs._pending))
        ]

    @property
    def silent_seconds(self) -> float:
        """Time since the running job last checked for cancellation, seconds; 0 if none runs."""
        task = self._current
        return 0.0 if task is None else time.monotonic() - task.progress.last_call

    def _run(self, task: _Task) -> None:
        task.progress.last_call = time.monotonic()
        self._current, begun, outcome = task, time.monotonic(), "done"
        self._follow_all(task)
        try:
            if task.progress.cancelled:
                raise Cancelled(f"cancelled before {task.title}")
            result, callback = task.work(task.progress), task.done
            if task.progress.cancelled:
                # A step without a cancel hook ran to its end; discard its result.
                raise Cancelled(f"cancelled during {task.title}")
        except Exception as error:
            # Every error in the worker thread must reach the page.
            # Closed sessions log nothing, as the exit of the server makes running jobs fail.
            if not self._closed and not isinstance(error, (Cancelled, ValueError, TypeError, OSError)):
                log.exception("%s failed", one_line(task.title))
            result, callback = error, task.failed
            outcome = "cancelled" if isinstance(error, Cancelled) else "failed"
        for jobs in self._waiting_for(task):
            # The result is in the cache.
            self._executor.advance(jobs)
        self._current, seconds = None, time.monotonic() - begun
        counters().job(outcome, seconds)
        log_event("job", session=self._session, title=task.title, outcome=outcome, seconds=round(seconds, 3))
        self.on_loop(lambda: self._finish(task, callback, result))

    def _finish(self, task: _Task, callback: Callable, result: Any) -> None:
        if task not in self._pending:
            # It was cancelled.
            return
        self._pending.remove(task)
        try:
            callback(result)
        finally:
            if not self._pending:
                self._activity.param.update(running=False, step="", fraction=0.0, remaining=None)
            elif self._current not in self._pending:
                self._activity.param.update(
                    title=self._pending[0].title, step=WAITING, fraction=0.0, remaining=None
                )

    def _follow_all(self, task: _Task) -> None:
        """Report the progress of a running job here, and in sessions that wait for the same result."""
        for jobs in (self, *self._waiting_for(task)):
            jobs._follow(task)

    def _follow(self, running: _Task) -> None:
        # At most one report is scheduled, so that a busy event loop is not flooded.
        if not self._update_due:
            self._update_due = True
            self.on_loop(lambda: self._report(running))

    def _report(self, running: _Task) -> None:
        self._update_due, own = False, self._current
        # The first unfinished job is the one that is shown.
        next_task = self._pending[0] if self._pending else None
        is_shared = own is None and next_task is not None and next_task.key == running.key is not None
        task = next_task if is_shared else own
        if task is not None and task in self._pending:
            progress = running.progress if is_shared else task.progress
            self._activity.param.update(
                title=task.title, step=progress.step, fraction=progress.fraction, remaining=progress.remaining
            )

    def on_loop(self, function: Callable[[], Any]) -> None:
        """Run a function on the event loop, from any thread, unless the session has ended."""
        # The lock keeps the session from closing between check and call.
        with self._closing:
            if not self._closed:
                self._schedule(function)
