"""Refuse values of properties that only the server sets, and send the right ones again.

Panel's React components write each property back to its model after they have rendered it
(``panel/models/react_component.ts``, `useState`). If the server changes a property twice in a short time,
such as `disabled` while a quick computation runs, the first value may be written back after the second one
has arrived: it replaces the second one in the browser, and, sent by it, on the server.
"""

from typing import Any

from bokeh.core.types import ID
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent

# No widget of the page lets a user change these.
OF_SERVER = frozenset({"disabled", "label", "error_state", "helper_text", "options", "description"})


def take_stale(patch: Any) -> list[tuple[str, str]]:
    """Remove changes of properties in `OF_SERVER` from a decoded JSON patch; return models and names."""
    events = patch.get("events") if isinstance(patch, dict) else None
    if not isinstance(events, list):
        return []
    stale = [event for event in events if _is_stale(event)]
    if stale:
        patch["events"] = [event for event in events if not _is_stale(event)]
    return [(event["model"]["id"], event["attr"]) for event in stale]


def send_again(document: Document, stale: list[tuple[str, str]]) -> None:
    """Send the values of the server of the changes returned by `take_stale`."""
    for model_id, name in stale:
        model = document.models.get_by_id(ID(model_id))
        if model is not None and name in model.properties():
            event = ModelChangedEvent(document, model, name, getattr(model, name))
            document.callbacks.trigger_on_change(event)


def _is_stale(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.get("kind") == "ModelChanged"
        and event.get("attr") in OF_SERVER
        and isinstance(event.get("model"), dict)
        and isinstance(event["model"].get("id"), str)
    )


def guard(document: Document) -> None:
    """Make a document keep the values in `OF_SERVER`, whatever a client sends."""
    apply = document.apply_json_patch

    def guarded(patch_json: Any, *, setter: Any = None) -> None:
        stale = take_stale(getattr(patch_json, "content", patch_json))
        apply(patch_json, setter=setter)
        send_again(document, stale)

    # Bokeh has no hook before a patch is applied.
    document.apply_json_patch = guarded  # type: ignore[method-assign]
