"""Run background callbacks one by one while no request is pending."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from bokeh.document import Document
from tornado.ioloop import IOLoop

# A message takes about ten consecutive iterations of the loop, three for each fragment, most of them short.
# The loop counts as idle after N_SHORT short ones.
SHORT, N_SHORT = 0.002, 20
# Longest time that a callback waits for a busy loop, seconds.
PATIENCE = 1.0


class LoopScheduler:
    """Run callbacks one at a time, each after the pending requests.

    The loop runs all callbacks that are ready in one iteration: while it updates or builds twenty pages, a
    user who moves a slider would wait for all of them.
    """

    def __init__(self):
        self._turn = asyncio.Lock()

    async def wait_until_idle(self) -> None:
        """Wait until the loop is idle; the caller then runs its callback immediately."""
        async with self._turn:
            n_short, end = 0, time.monotonic() + PATIENCE
            while n_short < N_SHORT and (begun := time.monotonic()) < end:
                await asyncio.sleep(0)
                n_short = n_short + 1 if time.monotonic() - begun < SHORT else 0


_schedulers: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopScheduler] = WeakKeyDictionary()


def loop_scheduler() -> LoopScheduler:
    """Return the scheduler of the running event loop."""
    return _schedulers.setdefault(asyncio.get_running_loop(), LoopScheduler())


def on_loop_of(document: Document) -> Callable[[Callable], None]:
    """Return a thread-safe function that schedules a callback of a document.

    ``Document.add_next_tick_callback`` is not thread-safe: while changes are held, the document keeps
    callbacks in a list that it replaces without a lock.
    """
    loop = IOLoop.current()

    async def add(function: Callable) -> None:
        await loop_scheduler().wait_until_idle()
        # Bokeh clears a document before it reports the end of its session.
        with contextlib.suppress(AttributeError):
            document.add_next_tick_callback(function)

    return lambda function: loop.add_callback(add, function)
