"""Limit the values that a client sends, before any model handles them.

`websocket_limits` limits whole messages, this module single values. Normal use stays far below the limits.
"""

from typing import Any

from bokeh.document import Document

# Characters of a string, and of the decisions stored in the browser tab (see `saved_decisions`).
MAX_TEXT, MAX_DECISIONS = 20_000, 250_000
# Numbers, strings, lists and keys of one message; a lasso has a few thousand.
MAX_VALUES = 100_000
# Bytes of arrays, except chunks of uploads, which have 10 MB.
MAX_BYTES = 1_000_000
# The event kinds that the page's scripts send.
_KINDS = ("ModelChanged", "ColumnDataChanged", "MessageSent")
_STORED, _UPLOAD = "stored", "upload_event"


def limit(document: Document) -> None:
    """Make a document refuse client messages beyond the limits."""
    apply = document.apply_json_patch

    def checked(patch_json: Any, *, setter: Any = None) -> None:
        check(getattr(patch_json, "content", patch_json), getattr(patch_json, "buffers", ()))
        apply(patch_json, setter=setter)

    # Bokeh has no hook before a patch is applied.
    document.apply_json_patch = checked  # type: ignore[method-assign]


def check(patch: Any, buffers: Any = ()) -> None:
    """Raise a ValueError if a decoded JSON patch exceeds the limits.

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
    n_left = MAX_VALUES
    for event in events:
        kind = event.get("kind") if isinstance(event, dict) else None
        if kind not in _KINDS:
            raise ValueError(f"expected an event of {', '.join(_KINDS)}, got {str(kind)[:40]!r}")
        longest = MAX_DECISIONS if event.get("attr") == _STORED else MAX_TEXT
        # For an upload, only the whole message is limited: some clients send its array as a string.
        n_left = _check_values(event, None if _is_upload(event) else longest, n_left)
    n_bytes = sum(len(getattr(buffer, "data", b"")) for buffer in buffers)
    if n_bytes > MAX_BYTES and not any(map(_is_upload, events)):
        raise ValueError(f"expected at most {MAX_BYTES:,} bytes of arrays, got {n_bytes:,}")


def _check_values(event: dict, longest: int | None, n_left: int) -> int:
    """Check the values of an event; return how many values remain for the next events."""
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
                raise ValueError(f"expected at most {MAX_VALUES:,} values in one message")
            stack.extend(value)
            if isinstance(value, dict):
                stack.extend(value.values())
    return n_left


def _is_upload(event: dict) -> bool:
    data = event.get("msg_data")
    return isinstance(data, dict) and data.get("name") == _UPLOAD
