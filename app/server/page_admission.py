"""Admit new sessions one at a time, when the event loop is idle."""

import gc

from bokeh.application.handlers import Handler
from bokeh.document import Document

from .loop_scheduler import loop_scheduler

# Covers the first requests of the previous session's browser, seconds.
PAUSE = 0.05


class PageAdmission(Handler):
    """Delay each new session until the event loop is idle; a handler to add to an application.

    Otherwise, pages requested while another is built are all built in one iteration of the event loop, and
    every open session waits for them.
    """

    async def on_session_created(self, session_context) -> None:
        """Wait until the event loop is idle; the page is built right after."""
        await loop_scheduler().wait_until_idle(PAUSE)

    def modify_document(self, doc: Document) -> None:
        """Exclude the new page from garbage collection: see `garbage`."""
        gc.freeze()
