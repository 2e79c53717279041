"""Limits of what a client sends, checked before any of it is looked at by a model.

The size of whole messages is limited where they arrive; here it is that of single values. What people type,
pick and draw is far below.
"""

from typing import Any

from bokeh.document import Document

# Characters of a text; those kept by the browser's tab (see `saved`) are more.
LONGEST_TEXT, LONGEST_KEPT = 20_000, 250_000
# Numbers, texts, lists and keys of one message: a lasso has a few thousand.
MOST_VALUES = 100_000
# Bytes of arrays; a piece of an upload has 10 MB.
MOST_BYTES = 1_000_000
# What the page's own scripts send.
_KINDS = ("ModelChanged", "ColumnDataChanged", "MessageSent")
_KEPT, _UPLOAD = "kept", "upload_event"


def limit(document: Document) -> None:
    """Have a document refuse messages of a client that hold more than any page sends."""
    apply = document.apply_json_patch

    def checked(patch_json: Any, *, setter: Any = None) -> None:
        check(getattr(patch_json, "content", patch_json), getattr(patch_json, "buffers", ()))
        apply(patch_json, setter=setter)

    # Bokeh has no hook before a patch is applied.
    document.apply_json_patch = checked  # type: ignore[method-assign]


def check(patch: Any, buffers: Any = ()) -> None:
    """Raise a ValueError where a patch, as JSON read it, holds more than any page sends.

    Examples
    --------
    >>> check({"events": [{"kind": "ModelChanged", "model": {"id": "1"}, "attr": "value", "new": "msc"}]})
    >>> check({"events": [{"kind": "RootAdded"}]})
    Traceback (most recent call last):
        ...
    ValueError: expected an event of ModelChanged, ColumnDataChanged, MessageSent, got 'RootAdded'
    """
    events = patch.get("events") if isinstance(patch, dict) else None
    if not isinstance(events, list):
        raise ValueError("expected a list of events")
    n_left = MOST_VALUES
    for event in events:
        kind = event.get("kind") if isinstance(event, dict) else None
        if kind not in _KINDS:
            raise ValueError(f"expected an event of {', '.join(_KINDS)}, got {str(kind)[:40]!r}")
        longest = LONGEST_KEPT if event.get("attr") == _KEPT else LONGEST_TEXT
        # Of an upload only the whole message is limited: browsers send arrays, others the same as text.
        n_left = _check_values(event, None if _is_upload(event) else longest, n_left)
    n_bytes = sum(len(getattr(buffer, "data", b"")) for buffer in buffers)
    if n_bytes > MOST_BYTES and not any(map(_is_upload, events)):
        raise ValueError(f"expected at most {MOST_BYTES:,} bytes of arrays, got {n_bytes:,}")


def _check_values(event: dict, longest: int | None, n_left: int) -> int:
    """Look through an event; return how many values the next ones may hold."""
    stack: list[Any] = [event]
    while stack:
        value = stack.pop()
        n_left -= 1
        if isinstance(value, str):
            if longest is not None and len(value) > longest:
                raise ValueError(f"expected a text of at most {longest:,} characters, got {len(value):,}")
        elif isinstance(value, dict | list):
            n_left -= len(value)
            if n_left < 0:
                raise ValueError(f"expected at most {MOST_VALUES:,} values in one message")
            stack.extend(value)
            if isinstance(value, dict):
                stack.extend(value.values())
    return n_left


def _is_upload(event: dict) -> bool:
    data = event.get("msg_data")
    return isinstance(data, dict) and data.get("name") == _UPLOAD
