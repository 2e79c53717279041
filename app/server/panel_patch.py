"""Work around Panel 1.9 and 1.10: the last queued message may stay unsent until another one is queued.

Messages that cannot be written at once wait in a queue for each document. A task takes what it finds there,
writes it, and then marks the queue as idle, although messages may have been queued meanwhile; the task that
was scheduled for these finds the mark and returns. So a download never starts, or a view stays as it was.

All names used here are private to Panel. Where one is missing, Panel is left as it is.
"""

from functools import wraps

from panel.io import document as panel_document

# Panel 1.9 queues messages, Panel 1.10 the events that messages are made of.
_QUEUES = ("_WRITE_MSGS", "_WRITE_EVENTS")


def patch_message_queue() -> None:
    """Have each of Panel's write tasks look for messages that were queued while it was writing."""
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
