"""Admit new sessions one at a time, when the event loop is idle."""

import asyncio
import gc
import time

from bokeh.application.handlers import Handler
from bokeh.document import Document

from .loop_scheduler import loop_scheduler

# Shortest pause between two sessions, seconds; covers the first requests of the previous one.
PAUSE = 0.05


class PageAdmission(Handler):
    """Delay each new session until the event loop is idle; a handler to add to an application.

    Otherwise, pages requested while another is built are all built in one iteration of the event loop, and
    every open session waits for them. Each session is followed by a pause as long as it took to build: at
    most half of the time is spent on pages, however many are requested.
    """

    def __init__(self):
        super().__init__()
        self._turn, self._pause, self._begun = asyncio.Lock(), 0.0, time.monotonic()

    async def on_session_created(self, session_context) -> None:
        """Wait until the event loop is idle; the page is built right after."""
        async with self._turn:
            # Outside of the scheduler's queue, in which the previous page waits to be rendered.
            await asyncio.sleep(self._pause)
            await loop_scheduler().wait_until_idle()
            self._pause, self._begun = PAUSE, time.monotonic()

    def modify_document(self, doc: Document) -> None:
        """Note how long it took to build a page; exclude it from garbage collection: see `garbage`."""
        self._pause = max(PAUSE, time.monotonic() - self._begun)
        gc.freeze()
