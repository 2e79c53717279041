"""Compile kernels in the background of a session."""

from collections.abc import Callable

from ..jobs import queue
from .state import State


class KernelCompilation:
    """The background compilation as one session sees it; the sessions of a process share the work.

    Parameters
    ----------
    state : State
        Its `kernel_activity` shows the progress.
    schedule : callable
        Runs a function on the session's event loop.

    Attributes
    ----------
    is_compiling : bool
        Whether kernels are missing and being compiled.
    """

    def __init__(self, state: State, schedule):
        self._jobs = queue.Jobs(state.kernel_activity, schedule, queue.executor("kernels"))
        self.is_compiling = False

    def start(self, done: Callable[[], None]) -> None:
        """Compile all kernels, unless they are; call `done` afterwards, also if that fails.

        What fails is compiled by the computation that needs it.
        """
        compiler = queue.kernel_compiler()
        if self.is_compiling or not compiler.is_needed:
            return
        self.is_compiling = True

        def finish(_) -> None:
            self.is_compiling = False
            done()

        self._jobs.submit("Compiling kernels", compiler.compile_all, finish, finish)

    def close(self) -> None:
        """End the session: another one continues."""
        self._jobs.close()
