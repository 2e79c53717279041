"""The only place where numba's options and the use of threads are decided.

Kernels are serial and release the GIL; threads are ours: `run_blocks` hands out blocks of work to a
pool. So no numba threading layer is involved (under one of them two concurrent callers abort the
process), progress and cancellation happen between blocks, and since the blocks do not depend on the
number of threads, neither do the results.
"""

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numba

from ._validation import check_count
from .progress import ProgressCallback

# Sums may be reordered and fused; NaN and infinity keep their meaning ("nnan", "ninf" stay off).
kernel = numba.njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}
)

_n_threads = numba.config.NUMBA_NUM_THREADS
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


def run_blocks(
    work: Callable[[int, int], None],
    n: int,
    size: int,
    step: str = "",
    progress: ProgressCallback | None = None,
) -> None:
    """Call ``work(start, stop)`` for every block of ``range(n)``, on all threads.

    `progress` is called in the calling thread as blocks end. When it or a block raises, no further
    block starts, the running ones end, and the exception goes on to the caller.
    """
    blocks = [(start, min(start + size, n)) for start in range(0, n, size)]
    if _n_threads == 1 or len(blocks) == 1:
        for start, stop in blocks:
            work(start, stop)
            if progress is not None:
                progress(step, stop, n)
        return
    _run_threaded(work, blocks, step, progress)


def _run_threaded(work, blocks, step, progress) -> None:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_n_threads, thread_name_prefix="quests_core")
    pool, waiting, running, done = _pool, iter(blocks), {}, 0
    try:
        while True:
            # As many as there are threads, and no more: a cancelled run leaves nothing behind.
            while len(running) < _n_threads and (block := next(waiting, None)) is not None:
                running[pool.submit(work, *block)] = block[1] - block[0]
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done += running.pop(future)
                future.result()
            if progress is not None:
                progress(step, done, blocks[-1][1])
    finally:
        wait(running)
