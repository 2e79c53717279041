"""What the event loop does for pages when nobody waits for an answer: one piece after the other."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from bokeh.document import Document
from tornado.ioloop import IOLoop

# An answer takes several turns of the loop, each begun at once: only after so many short ones nobody waits.
SHORT, N_SHORT = 0.002, 3
# However busy the loop is, a piece waits for no longer because of answers.
PATIENCE = 1.0


class LoopScheduler:
    """Lets pieces of work pass one at a time, each when the answers asked for meanwhile have been given.

    The loop itself takes whatever has come by then in one turn: where twenty pages are told something, or are
    to be built, somebody who moves a slider would wait for all twenty.
    """

    def __init__(self):
        self._turn = asyncio.Lock()

    async def wait_until_idle(self, pause: float = 0.0) -> None:
        """Wait `pause` seconds and for the turn of a piece, which the caller then does at once."""
        async with self._turn:
            await asyncio.sleep(pause)
            n_short, end = 0, time.monotonic() + PATIENCE
            while n_short < N_SHORT and (begun := time.monotonic()) < end:
                await asyncio.sleep(0)
                n_short = n_short + 1 if time.monotonic() - begun < SHORT else 0


_schedulers: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopScheduler] = WeakKeyDictionary()


def loop_scheduler() -> LoopScheduler:
    """Return the one lane of the running event loop."""
    return _schedulers.setdefault(asyncio.get_running_loop(), LoopScheduler())


def on_loop_of(document: Document) -> Callable[[Callable], None]:
    """Return what runs a function as a document's callback, in its turn, and may be called in any thread.

    Asking the document itself is for its loop's thread: it keeps what is asked for while changes are held in
    a list that is replaced, without a lock, when they are sent.
    """
    loop = IOLoop.current()

    async def ask(function: Callable) -> None:
        await loop_scheduler().wait_until_idle()
        # Bokeh takes a document apart before it tells that the session is gone.
        with contextlib.suppress(AttributeError):
            document.add_next_tick_callback(function)

    return lambda function: loop.add_callback(ask, function)
