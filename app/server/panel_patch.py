"""Work around Panel 1.9 and 1.10: the last queued message may stay unsent until another one is queued.

Each document queues the messages that cannot be written immediately. A task writes the queued messages and
then marks the queue as idle, although more may have been queued meanwhile; the task scheduled for those finds
the mark and returns. As a result, a download never starts or a view is not updated.

All names used here are private to Panel. Where one is missing, Panel is left as it is.
"""

from functools import wraps

from panel.io import document as panel_document

# Panel 1.9 queues messages, Panel 1.10 the events that messages are made of.
_QUEUES = ("_WRITE_MSGS", "_WRITE_EVENTS")


def patch_message_queue() -> None:
    """Make each of Panel's write tasks also write messages queued in the meantime."""
    write = getattr(panel_document, "_dispatch_msgs", None)
    blocked = getattr(panel_document, "_WRITE_BLOCK", None)
    queued = next((getattr(panel_document, name) for name in _QUEUES if hasattr(panel_document, name)), None)
    if write is None or blocked is None or queued is None or hasattr(write, "__wrapped__"):
        return

    @wraps(write)
    async def write_all(document) -> None:
        await write(document)
        if document in queued and document not in blocked:
            blocked[document] = True
            await write(document)

    panel_document._dispatch_msgs = write_all
