"""Progress, cancellation and estimated time: one protocol for every long computation.

A long computation takes ``progress``: any callable ``progress(step, done, total)``. It is called
between blocks of work, several times a second; an exception that it raises ends the computation
and reaches the caller. `Progress` is such a callable with a clock and a cancel button.
"""

import threading
import time
from collections.abc import Callable, Iterator

ProgressCallback = Callable[[str, int, int], None]


class Cancelled(Exception):
    """A computation was ended by `Progress.cancel`."""


class Progress:
    """Follow a computation, estimate the time it still needs, and cancel it from any thread.

    Parameters
    ----------
    on_update : callable, optional
        Called with this object after a change, at most once every `interval` seconds and at the
        end of each step. It runs in the computing thread.
    interval : float
        Seconds between two calls of `on_update`.

    Attributes
    ----------
    step : str
        Name of the current step, such as ``"descriptors"``.
    done, total : int
        Work done and work in all, in the step's own units.
    last_call : float
        When the computation last looked here, as of `time.monotonic`.

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
        """Take note of the work done; raise `Cancelled` where `cancel` was called."""
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
        """Make the computation end with `Cancelled` at its next block."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    @property
    def fraction(self) -> float:
        """Share of the current step that is done, in [0, 1]."""
        return self.done / self.total if self.total else 0.0

    @property
    def remaining(self) -> float | None:
        """Estimated seconds to the end of the current step; None before any work is done."""
        if self.done == 0:
            return None
        elapsed = time.monotonic() - self._step_started
        return elapsed * (self.total - self.done) / self.done


def in_blocks(n: int, size: int, step: str, progress: ProgressCallback | None) -> Iterator[tuple[int, int]]:
    """Yield ``(start, stop)`` over ``range(n)`` in blocks of `size`, telling `progress` after each."""
    for start in range(0, n, size):
        stop = min(start + size, n)
        yield start, stop
        if progress is not None:
            progress(step, stop, n)
