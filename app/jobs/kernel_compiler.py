"""Compile the library's kernels in a process of its own, which stores them for this one."""

from collections import deque
from pathlib import Path

from quests_core import Progress, warm_up
from quests_core.utils import kernel_cache, scratch
from quests_core.utils.child import Child


class KernelCompiler(Child):
    """A process that compiles one step of `quests_core.warm_up` after the other.

    A computation that needs kernels meanwhile compiles those that are not stored yet itself, at once. The
    first step comes last, as it is the one with which the first file of a user begins.
    """

    def __init__(self):
        super().__init__(f"{warm_up.__name__}:compile_in_child")
        names = list(warm_up.steps())
        self._n_steps, self._waiting = len(names), deque([*names[1:], names[0]])

    @property
    def is_needed(self) -> bool:
        """Whether kernels are missing, and can be stored."""
        return bool(self._waiting) and kernel_cache.is_writable() and not kernel_cache.is_complete()

    def compile_all(self, progress: Progress) -> None:
        """Compile the steps that are left; only one thread may call this.

        Raises
        ------
        Cancelled
            If `progress` raises it; another call continues with the same step.
        ChildError
            If the process dies or reports an error.
        """
        while self._waiting:
            name = self._waiting[0]
            n_done = self._n_steps - len(self._waiting)
            with scratch.temporary("kernels-") as folder:
                Path(folder, warm_up.STEP).write_text(name, encoding="utf-8")
                self.run(Path(folder), lambda *_, n=n_done, at=name: progress(at, n, self._n_steps))
            self._waiting.popleft()
        kernel_cache.mark_complete()
        self.close()
