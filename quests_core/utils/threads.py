"""Run compiled functions on several threads.

Compiled functions are serial and release the GIL; `parallel_blocks` distributes blocks of work over the
calling thread and a thread pool. No threading layer of numba is used, because two concurrent callers abort
the process with one of them. Progress is reported and cancellation checked between blocks. The blocks do not
depend on the number of threads, and neither do the results.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import numba

from ..progress import ProgressCallback
from .validation import check_count

# Numba sets the attributes of `config` at run time, unknown to the type checker.
_n_threads: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
_pool: ThreadPoolExecutor | None = None
_thread_local = threading.local()


def _forget_pool() -> None:
    # Threads do not survive a fork.
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def get_num_threads() -> int:
    """Return the number of threads that computations use.

    Examples
    --------
    >>> get_num_threads() >= 1
    True
    """
    return _n_threads


def set_num_threads(n: int) -> None:
    """Set the number of threads that computations in this process use.

    The default is numba's: ``NUMBA_NUM_THREADS`` or the number of available cores. Results do not depend on
    the number of threads.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer of at least 1.

    Examples
    --------
    >>> set_num_threads(get_num_threads())
    """
    global _n_threads, _pool
    _n_threads = check_count(n, "n")
    _pool = None


@contextmanager
def single_thread() -> Iterator[None]:
    """Within the context, `parallel_blocks` in this thread uses no other thread.

    Examples
    --------
    >>> with single_thread():
    ...     parallel_blocks(lambda start, stop: None, 4, 2)
    """
    before = getattr(_thread_local, "is_single", False)
    _thread_local.is_single = True
    try:
        yield
    finally:
        _thread_local.is_single = before


def parallel_blocks(
    work: Callable[[int, int], None],
    n: int,
    size: int,
    step: str = "",
    progress: ProgressCallback | None = None,
) -> None:
    """Call ``work(start, stop)`` for every block of ``range(n)`` on all threads.

    Parameters
    ----------
    work : callable
        Processes one block.
    n : int
        Number of items.
    size : int
        Number of items in a block.
    step : str
        Name of the step that is passed to `progress`.
    progress : callable, optional
        Called by the calling thread, which also processes blocks, after each of its blocks and at the end.

    Notes
    -----
    If `work` or `progress` raises an exception, no further block starts, running blocks are completed, and
    the exception is raised in the calling thread.
    """
    blocks = _Blocks(work, n, size)
    n_threads = 1 if getattr(_thread_local, "is_single", False) else _n_threads
    n_helpers = min(n_threads, len(blocks.waiting)) - 1
    helpers = [_thread_pool().submit(lambda: [None for _ in blocks.process()]) for _ in range(n_helpers)]
    try:
        for _ in blocks.process():
            if progress is not None and (n_helpers == 0 or blocks.waiting):
                progress(step, min(blocks.n_done * size, n), n)
    finally:
        blocks.waiting.clear()
        # Do not wait for a helper that is still busy with the blocks of another caller.
        started = [helper for helper in helpers if not helper.cancel()]
        wait(started)
    for helper in started:
        helper.result()
    if progress is not None and n_helpers > 0:
        progress(step, n, n)


class _Blocks:
    """Blocks of ``range(n)`` that several threads process."""

    def __init__(self, work: Callable[[int, int], None], n: int, size: int):
        self._work, self._done = work, deque[None]()
        self.waiting = deque((start, min(start + size, n)) for start in range(0, n, size))

    @property
    def n_done(self) -> int:
        """Number of processed blocks."""
        return len(self._done)

    def process(self) -> Iterator[None]:
        """Process blocks until none is waiting, and yield after each."""
        while (block := self._next()) is not None:
            try:
                self._work(*block)
            except BaseException:
                # Stop the other threads too.
                self.waiting.clear()
                raise
            self._done.append(None)
            yield

    def _next(self) -> tuple[int, int] | None:
        try:
            return self.waiting.popleft()
        except IndexError:
            return None


def _thread_pool() -> ThreadPoolExecutor:
    global _pool
    pool = _pool
    if pool is None:
        pool = _pool = ThreadPoolExecutor(max(1, _n_threads - 1), thread_name_prefix="quests_core")
    return pool
