"""Mends a fault of Panel 1.9: what a page is told last may stay behind until it is told something else.

Messages that cannot be written at once, as another is on its way, wait in a list. One task writes those that
it finds and then says that nothing waits any more, though more may have come meanwhile; the task that was to
write these believes it. So a file that was asked for is never handed over, or a view stays as it was.
"""

from functools import wraps

from panel.io import document as panel_document


def send_what_is_left() -> None:
    """Have each of Panel's tasks that write messages look for what came meanwhile."""
    write = panel_document._dispatch_msgs
    if hasattr(write, "__wrapped__"):
        return

    @wraps(write)
    async def write_all(document) -> None:
        await write(document)
        if document in panel_document._WRITE_MSGS and document not in panel_document._WRITE_BLOCK:
            panel_document._WRITE_BLOCK[document] = True
            await write(document)

    panel_document._dispatch_msgs = write_all
