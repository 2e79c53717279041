"""Where pages come in: one at a time, and not while those who are inside wait for an answer."""

import gc

from bokeh.application.handlers import Handler
from bokeh.document import Document

from .loop_scheduler import loop_scheduler

# Within this time comes what the browser of the page before asks for at once.
PAUSE = 0.05


class PageAdmission(Handler):
    """Holds each page back until it is its turn to be built; to be added to an application's handlers.

    Pages that were asked for while another was built would else be built in one turn of the event loop, and
    everybody inside would wait for all of them.
    """

    async def on_session_created(self, session_context) -> None:
        """Wait for the turn of a page; that it is built follows at once."""
        await loop_scheduler().wait_until_idle(PAUSE)

    def modify_document(self, doc: Document) -> None:
        """Leave a page that was just built as it is; so is the collector to do: see `leavings`."""
        gc.freeze()
