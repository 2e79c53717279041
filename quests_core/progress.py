"""Progress, cancellation and remaining time of long computations.

Long computations accept an argument ``progress``, a callable ``progress(step, done, total)``. It is called
between blocks of work, several times a second; an exception that it raises ends the computation and is passed
on to the caller. `Progress` is such a callable, which estimates the remaining time and supports cancellation.
"""

import threading
import time
from collections.abc import Callable, Iterator

ProgressCallback = Callable[[str, int, int], None]


class Cancelled(Exception):
    """The computation was cancelled by `Progress.cancel`."""


class Progress:
    """Track a computation, estimate its remaining time, and cancel it from any thread.

    Parameters
    ----------
    on_update : callable, optional
        Called with this object in the computing thread, at most once every `interval` seconds and at the end
        of each step.
    interval : float
        Minimum time between two calls of `on_update`, in seconds.

    Attributes
    ----------
    step : str
        Name of the current step, such as ``"descriptors"``.
    done, total : int
        Completed and total work of the step, in arbitrary units.
    last_call : float
        Time of the last call by the computation, as of `time.monotonic`.

    Examples
    --------
    >>> progress = Progress()
    >>> progress("entropy", 25, 100)
    >>> progress.step, progress.fraction
    ('entropy', 0.25)
    >>> progress.cancel()
    >>> progress("entropy", 50, 100)
    Traceback (most recent call last):
    ...
    quests_core.progress.Cancelled: cancelled during entropy
    """

    def __init__(self, on_update: "Callable[[Progress], None] | None" = None, interval: float = 0.1):
        self.step, self.done, self.total = "", 0, 0
        self._on_update, self._interval = on_update, interval
        self._cancelled = threading.Event()
        self._step_started = self._last_update = self.last_call = time.monotonic()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Update the progress; raise `Cancelled` if `cancel` was called."""
        self.last_call = now = time.monotonic()
        if step != self.step:
            self.step, self._step_started, self._last_update = step, now, 0.0
        self.done, self.total = done, total
        if self._cancelled.is_set():
            raise Cancelled(f"cancelled during {step}")
        if self._on_update and (done >= total or now - self._last_update >= self._interval):
            self._last_update = now
            self._on_update(self)

    def cancel(self) -> None:
        """Raise `Cancelled` in the computation after its current block."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    @property
    def fraction(self) -> float:
        """Completed fraction of the current step, in [0, 1]."""
        return self.done / self.total if self.total else 0.0

    @property
    def remaining(self) -> float | None:
        """Estimated time until the end of the current step in seconds; None if no work is completed yet."""
        if self.done == 0:
            return None
        elapsed = time.monotonic() - self._step_started
        return elapsed * (self.total - self.done) / self.done


def in_blocks(n: int, size: int, step: str, progress: ProgressCallback | None) -> Iterator[tuple[int, int]]:
    """Yield ``(start, stop)`` of blocks of ``range(n)``, and call `progress` after each."""
    for start in range(0, n, size):
        stop = min(start + size, n)
        yield start, stop
        if progress is not None:
            progress(step, stop, n)
