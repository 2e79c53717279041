"""The only place where the use of threads is decided.

Kernels are serial and release the GIL; `parallel_blocks` shares out blocks of work among the calling thread
and a pool. So no numba threading layer is involved (under one of them two concurrent callers abort the
process), progress and cancellation happen between blocks, and since the blocks do not depend on the number
of threads, neither do the results.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import numba

from ..progress import ProgressCallback
from .validation import check_count

# Numba sets the attributes of `config` at run time.
_n_threads: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    # Threads do not survive a fork: the child makes its own pool.
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
    """Set the number of threads that computations use, in the whole process.

    The default is numba's: ``NUMBA_NUM_THREADS`` or the number of usable cores. Results do not
    depend on it.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a whole number of at least 1.

    Examples
    --------
    >>> set_num_threads(get_num_threads())
    """
    global _n_threads, _pool
    _n_threads = check_count(n, "n")
    _pool = None


def parallel_blocks(
    work: Callable[[int, int], None],
    n: int,
    size: int,
    step: str = "",
    progress: ProgressCallback | None = None,
) -> None:
    """Call ``work(start, stop)`` for every block of ``range(n)``, on all threads.

    The calling thread is one of them, and calls `progress` after each of its blocks and at the end.
    When that or a block raises, no further block starts, the running ones end, and the exception goes
    on to the caller.
    """
    waiting = deque((start, min(start + size, n)) for start in range(0, n, size))
    done, n_helpers = [], min(_n_threads, len(waiting)) - 1

    def next_block() -> tuple[int, int] | None:
        try:
            return waiting.popleft()
        except IndexError:
            return None

    def take_blocks() -> Iterator[None]:
        while (block := next_block()) is not None:
            try:
                work(*block)
            except BaseException:
                # For the other threads too.
                waiting.clear()
                raise
            done.append(block)
            yield

    helpers = [_helpers().submit(lambda: [None for _ in take_blocks()]) for _ in range(n_helpers)]
    try:
        for _ in take_blocks():
            if progress is not None and (n_helpers == 0 or waiting):
                progress(step, min(len(done) * size, n), n)
    finally:
        waiting.clear()
        # A helper that is still busy with another caller's blocks is not waited for.
        started = [helper for helper in helpers if not helper.cancel()]
        wait(started)
    for helper in started:
        helper.result()
    if progress is not None and n_helpers > 0:
        progress(step, n, n)


def _helpers() -> ThreadPoolExecutor:
    global _pool
    pool = _pool
    if pool is None:
        pool = _pool = ThreadPoolExecutor(max(1, _n_threads - 1), thread_name_prefix="quests_core")
    return pool
