"""Compile the library's kernels in processes of their own, which store them for this one."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from quests_core import Progress, get_num_threads, warm_up
from quests_core.utils import kernel_cache
from quests_core.utils.child import Child


class KernelCompiler:
    """Processes that compile one step of `quests_core.warm_up` after the other.

    A computation that needs kernels meanwhile compiles those that are not stored yet itself, at once. The
    first step comes last, as it is the one with which the first file of a user begins.
    """

    def __init__(self):
        names = list(warm_up.steps())
        self._n_steps, self._waiting = len(names), deque([*names[1:], names[0]])
        n_processes = min(warm_up.MAX_PROCESSES, get_num_threads())
        self._children = [Child(warm_up.CHILD) for _ in range(n_processes)]
        self._lock = threading.Lock()

    @property
    def is_needed(self) -> bool:
        """Whether kernels are missing, and can be stored."""
        return bool(self._waiting) and kernel_cache.is_writable() and not kernel_cache.is_complete()

    def compile_all(self, progress: Progress) -> None:
        """Compile the steps that are left; only one thread may call this.

        Raises
        ------
        Cancelled
            If `progress` raises it; another call continues with the same steps.
        ChildError
            If a process dies or reports an error.
        """
        with ThreadPoolExecutor(len(self._children)) as threads:
            compiling = [threads.submit(self._compile, child, progress) for child in self._children]
        for one in compiling:
            one.result()
        kernel_cache.mark_complete()
        self.close()

    def _compile(self, child: Child, progress: Progress) -> None:
        while (name := self._next()) is not None:
            n_done = self._n_steps - len(self._waiting) - 1

            def report(*_, n=n_done, at=name) -> None:
                progress(at, n, self._n_steps)

            try:
                warm_up.compile_step(child, name, report)
            except BaseException:
                with self._lock:
                    self._waiting.appendleft(name)
                raise

    def _next(self) -> str | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """End the processes."""
        for child in self._children:
            child.close()
