"""The only place where numba's options and the use of threads are decided.

Kernels are serial and release the GIL; threads are ours: `run_blocks` shares out blocks of work among
the calling thread and a pool. So no numba threading layer is involved (under one of them two concurrent
callers abort the process), progress and cancellation happen between blocks, and since the blocks do not
depend on the number of threads, neither do the results.
"""

import ast
import functools
import hashlib
import os
import re
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numba

from ._validation import check_count
from .progress import ProgressCallback

# Sums may be reordered and fused; NaN and infinity keep their meaning ("nnan", "ninf" stay off).
_OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}
NO_CACHE = (
    "compiled kernels cannot be stored: neither the installed package nor the user's cache directory is "
    "writable. Each process compiles them again, which takes a minute or two. Set NUMBA_CACHE_DIR to a "
    "writable directory"
)


def _jit(**options) -> Callable[[Callable], Callable]:
    """Return a decorator that compiles, and stores the machine code where a directory is writable."""

    def decorate(function: Callable) -> Callable:
        try:
            return numba.njit(cache=True, **_OPTIONS, **options)(function)
        except RuntimeError:
            # Numba finds no directory that is writable.
            compiled = numba.njit(**_OPTIONS, **options)(function)
            _warn_once()
            return compiled

    return decorate


@functools.cache
def _warn_once() -> None:
    warnings.warn(NO_CACHE, RuntimeWarning, stacklevel=1)


kernel = _jit()
# For what runs billions of times: numba counts no references to arrays here, which it does by atomic
# operations on memory that all threads share, at each row that is taken. Such a kernel makes no array,
# and returns none to a `kernel` or to Python.
inner_kernel = _jit(_nrt=False)
# Part of another kernel's loop: hundreds of numbers, which describe its arrays, need not be handed over.
inlined_kernel = _jit(_nrt=False, forceinline=True)
_COMPILED = re.compile(r"^@(kernel|inner_kernel|inlined_kernel|intrinsic)\b", re.MULTILINE)


def compiled_sources(package: Path) -> list[Path]:
    """Return the modules of a package that hold compiled code, and all modules that these import.

    Code and constants of the latter are part of the machine code. Other modules, such as those that read
    files, may change without anything being compiled again.
    """
    found = [path for path in package.rglob("*.py") if _COMPILED.search(path.read_text(encoding="utf-8"))]
    for path in found:
        found += [one for one in _imported(path) if one not in found]
    return sorted(found)


def _imported(path: Path) -> list[Path]:
    """Return the modules that a module takes from its own package."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = node.module.split(".") if node.module else []
            base = path.parents[node.level - 1].joinpath(*parts)
            # Names of a module, or modules of a folder.
            names = [base.with_suffix(".py")] if parts else []
            names += [(base / alias.name).with_suffix(".py") for alias in node.names]
            modules += [name for name in names if name.is_file() and name != path]
    return modules


def forget_stale_kernels(package: Path) -> None:
    """Delete the compiled kernels of a package unless they were made from its present sources.

    Numba compiles a kernel anew when its own file has changed, but not when one that it calls has: after
    an update of an editable installation it would run a mixture of both.
    """
    sources = compiled_sources(package)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = package / "__pycache__" / "kernels.sha256"
    try:
        if stamp.exists() and stamp.read_text() == digest:
            return
        for compiled in [*package.rglob("*.nbi"), *package.rglob("*.nbc")]:
            compiled.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest)
    except OSError:
        # Where nothing can be written, nothing was, and an update replaces all files at once.
        pass


forget_stale_kernels(Path(__file__).parent)

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
