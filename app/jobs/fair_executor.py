"""Share one worker thread fairly among sessions."""

import contextlib
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_IDLE = object()
# Added to the nice value of a worker thread.
NICE = 5
LOWEST_PRIORITY = 19


def lower_priority() -> None:
    """Lower the priority of this thread, and of threads that it starts, below the event loop.

    Otherwise, the event loop waits at every request until the system preempts a computation.
    """
    if sys.platform == "linux":
        # Other systems set the priority of whole processes only.
        with contextlib.suppress(OSError):
            thread = threading.get_native_id()
            # The process itself may have been started with a lower priority.
            present = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, min(present + NICE, LOWEST_PRIORITY))


class FairExecutor(Executor):
    """A worker thread that serves owners in turn, one task each (round robin).

    Parameters
    ----------
    name : str
        Name of the thread.
    """

    def __init__(self, name: str = "quests-compute"):
        self._thread = ThreadPoolExecutor(1, name, initializer=lower_priority)
        self._waiting: OrderedDict[Any, deque[Callable]] = OrderedDict()
        self._running: Any = _IDLE
        self._lock = threading.Lock()

    def submit(self, function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run ``function(*args, **kwargs)`` without an owner."""
        return self.submit_for(None, function, *args, **kwargs)

    def submit_for(
        self, owner, function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Future[_T]:
        """Run ``function(*args, **kwargs)`` at the owner's turn; an owner's tasks stay in order.

        If the owner has a method `on_queue_moved`, it is called with the queue position, in any thread.
        """
        done: Future[_T] = Future()

        def run():
            try:
                done.set_result(function(*args, **kwargs))
            except BaseException as error:
                done.set_exception(error)

        with self._lock:
            self._waiting.setdefault(owner, deque()).append(run)
        self._report_positions()
        self._thread.submit(self._next)
        return done

    def advance(self, owner) -> None:
        """Let the owner's next task, if there is one, run before those of all others."""
        with self._lock:
            if owner in self._waiting:
                self._waiting.move_to_end(owner, last=False)

    def queue_position(self, owner) -> int:
        """Return the number of other owners' tasks before the owner's next one."""
        with self._lock:
            return self._queue_position(owner)

    @property
    def n_waiting(self) -> int:
        """Number of queued tasks."""
        with self._lock:
            return sum(map(len, self._waiting.values()))

    @property
    def is_running(self) -> bool:
        """Whether a task is running."""
        return self._running is not _IDLE

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the thread; see `concurrent.futures.Executor`."""
        self._thread.shutdown(wait, cancel_futures=cancel_futures)

    def _queue_position(self, owner) -> int:
        owners = list(self._waiting)
        others = owners.index(owner) if owner in owners else len(owners)
        return others + (self._running not in (_IDLE, owner))

    def _next(self) -> None:
        with self._lock:
            owner, tasks = self._waiting.popitem(last=False)
            run = tasks.popleft()
            if tasks:
                # Move the owner to the end.
                self._waiting[owner] = tasks
            self._running = owner
        self._report_positions()
        run()
        with self._lock:
            self._running = _IDLE

    def _report_positions(self) -> None:
        with self._lock:
            positions = [
                (owner, self._queue_position(owner))
                for owner in self._waiting
                if hasattr(owner, "on_queue_moved")
            ]
        for owner, n_ahead in positions:
            owner.on_queue_moved(n_ahead)
