"""Run functions on the workers of a Dask cluster, which schedules them and repeats what a dead worker lost.

Tasks are submitted a few at a time, and their results are used in the order of the tasks, so that what is
computed from them does not depend on which worker finishes first.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from ..progress import ProgressCallback
from .threads import single_thread

if TYPE_CHECKING:
    from distributed import Client, Future

# Tasks that wait or run, and tasks whose results are not used yet, for each thread of the workers.
_RUNNING_PER_THREAD, _HELD_PER_THREAD = 2, 6
# Seconds between two calls of `progress`.
_INTERVAL = 0.1


class Task(NamedTuple):
    """A function, its arguments, some of which may be futures, and its part of the progress."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    work: int = 1


def connect(address: str, timeout: float) -> "Client":
    """Return a synchronous client of the scheduler at an address.

    It is not the default client of Dask. If the connection is lost, it is opened again within `timeout`, or
    the client closed.

    Parameters
    ----------
    address : str
        Such as ``tcp://host:8786``.
    timeout : float
        Time to wait for an answer, seconds.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If the address is invalid.
    ConnectionError
        If no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            'scheduler: install the extra "distributed": quests-explorer[distributed]'
        ) from None
    try:
        return Client(address, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConnectionError(f"scheduler: no scheduler answers at {address}") from error
    except ValueError as error:
        raise ValueError(
            f"scheduler: expected an address such as tcp://host:8786, got {address!r}"
        ) from error


def check_client(client: Any) -> "Client":
    """Return the argument `client`, if it is a connected synchronous client of Dask.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If it is something else.
    ConnectionError
        If it is not connected.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ImportError('client: install the extra "distributed": quests-explorer[distributed]') from None
    if not isinstance(client, Client) or client.asynchronous:
        kind = "an asynchronous one" if isinstance(client, Client) else type(client).__name__
        raise TypeError(f"client: expected a synchronous dask.distributed.Client, got {kind}")
    if client.status != "running":
        raise _lost(client)
    return client


def submit(client: "Client", task: Task) -> "Future":
    """Submit a task, which runs in one thread, as a worker runs as many tasks as it has threads."""
    name = getattr(task.function, "__name__", "task").strip("_")
    return client.submit(_run, task.function, *task.arguments, key=f"{name}-{uuid4().hex}")


def run_in_order(
    client: "Client",
    tasks: Iterable[Task],
    step: str = "",
    progress: ProgressCallback | None = None,
    total: int = 0,
) -> Generator[Any, None, None]:
    """Yield the results of tasks in the order of the tasks.

    The tasks are taken from the iterable when workers have time for them; if it raises an error, results of
    the tasks before are yielded first. Tasks that run when the caller stops, or when `progress` raises an
    exception, are completed by their workers, and their results dropped.

    Parameters
    ----------
    client : Client
        See `check_client`.
    tasks : iterable of Task
        Any number of tasks.
    step, progress
        See `quests_core.progress`; called several times a second with the work that is done.
    total : int
        Work of all tasks.

    Raises
    ------
    ConnectionError
        If the scheduler is gone.
    OSError
        If several workers died while they ran the same task.
    """
    check_client(client)
    waiting: deque[tuple[Future, Task]] = deque()
    source, n_done = _Source(tasks), 0
    try:
        with _clear_errors(client):
            threads = n_threads(client)
            while True:
                source.fill(client, waiting, threads)
                if not waiting:
                    break
                source.something_is_done.clear()
                if not waiting[0][0].done():
                    source.something_is_done.wait(_INTERVAL)
                else:
                    future, task = waiting.popleft()
                    yield future.result()
                    n_done += task.work
                    # Workers that came since; not while waiting, as the scheduler may be gone.
                    threads = threads or n_threads(client)
                if progress is not None:
                    progress(step, n_done + sum(task.work for one, task in waiting if one.done()), total)
    finally:
        for future, _ in waiting:
            future.release()
    if source.error is not None:
        raise source.error


def run_together(
    client: "Client", tasks: Iterable[Task], report: Callable[[], None] | None = None
) -> list[Any]:
    """Return the results of tasks that are submitted all at once, in the order of the tasks.

    Parameters
    ----------
    client, tasks
        See `run_in_order`.
    report : callable, optional
        Called several times a second while tasks run. If it raises an exception, they are completed by their
        workers, and their results dropped.

    Raises
    ------
    ConnectionError, OSError
        See `run_in_order`.
    """
    check_client(client)
    something_is_done, futures = threading.Event(), [submit(client, task) for task in tasks]
    try:
        with _clear_errors(client):
            for future in futures:
                future.add_done_callback(lambda _: something_is_done.set())
            while not all(future.done() for future in futures):
                if not something_is_done.wait(_INTERVAL) and report is not None:
                    report()
                something_is_done.clear()
            return client.gather(futures)
    finally:
        for future in futures:
            future.release()


class _Source:
    """The tasks that are not submitted yet, and the error that ended them."""

    def __init__(self, tasks: Iterable[Task]):
        self._tasks = iter(tasks)
        self._is_empty, self.something_is_done = False, threading.Event()
        self.error: Exception | None = None

    def fill(self, client: "Client", waiting: "deque[tuple[Future, Task]]", n_threads: int) -> None:
        """Submit tasks while there is space for them."""
        n_running = sum(not future.done() for future, _ in waiting)
        threads = max(1, n_threads)
        while (
            not self._is_empty
            and n_running < _RUNNING_PER_THREAD * threads
            and len(waiting) < _HELD_PER_THREAD * threads
        ):
            try:
                task = next(self._tasks, None)
            except Exception as error:
                task, self.error = None, error
            if task is None:
                self._is_empty = True
            else:
                future = submit(client, task)
                # Not `distributed.wait`, which takes another client than this one.
                future.add_done_callback(lambda _: self.something_is_done.set())
                waiting.append((future, task))
                n_running += 1


def n_threads(client: "Client") -> int:
    """Return the number of threads of all workers."""
    return sum(_threads_of_workers(client).values())


def n_workers(client: "Client") -> int:
    """Return the number of workers, at least 1: they may come later."""
    return max(1, len(_threads_of_workers(client)))


def _threads_of_workers(client: "Client") -> dict[str, int]:
    try:
        return client.nthreads()
    except OSError as error:
        raise _lost(client) from error


@contextmanager
def _clear_errors(client: "Client") -> Iterator[None]:
    """Translate the errors of Dask that a user may meet."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise OSError(
            f"client: {error.allowed_failures + 1} workers died while they ran the same task, the last at "
            f"{error.last_worker.address}; if they ran out of memory, use fewer threads per worker or a "
            "smaller memory_limit"
        ) from error
    except (CancelledError, CommClosedError) as error:
        raise _lost(client) from error


def _lost(client: "Client") -> ConnectionError:
    scheduler = client.scheduler
    address = "" if scheduler is None else f" at {scheduler.address}"
    return ConnectionError(
        f"client: the connection to the scheduler{address} was lost; start it and its workers, connect a new "
        "client, and call the function again"
    )


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    with single_thread():
        try:
            return function(*arguments)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"client: {error}, seen from a worker; workers need the same files under the same paths"
            ) from None
