"""Refuse values that the page writes back after the server has replaced them, and send the right ones again.

Panel's React components write each property back to its model after they have rendered it
(``panel/models/react_component.ts``, `useState`). If the server changes a property twice before a busy
browser has rendered it once, the first value is written back after the second one has arrived: it replaces
the second one in the browser and, sent by it, on the server, where it looks like a choice of the user.

No user can change the properties in `OF_SERVER`. Of those in `OF_USER`, a value that the server has replaced
is refused until the user acts: a choice of theirs follows an event of pointer or keyboard.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import panel as pn
import param
from bokeh.core.types import ID
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent
from bokeh.model import DataModel

# No widget of the page lets a user change these.
OF_SERVER = frozenset(
    {"disabled", "label", "error_state", "helper_text", "options", "description", "start", "end"}
)
# Properties that users and the server change.
OF_USER = frozenset({"value", "value_input", "active", "open"})
# Replaced values of one property, and properties of a page on which nobody acts.
_MOST_VALUES, _MOST_PROPERTIES = 32, 2_000


class UserActions(pn.custom.JSComponent):
    """Invisible component that counts what the user does, before anything on the page reacts to it."""

    n_actions = param.Integer(default=0, doc="Number of events of pointer and keyboard so far.")

    _esm = """
    export function render({ model }) {
      const types = ["pointerdown", "keydown", "click", "input", "drop", "popstate"];
      const note = (event) => { if (event.isTrusted) model.n_actions += 1; };
      for (const type of types) addEventListener(type, note, { capture: true, passive: true });
      model.on("remove", () => {
        for (const type of types) removeEventListener(type, note, { capture: true });
      });
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)


class ReplacedValues:
    """Values that the server has replaced since the user last acted, and that the page may write back."""

    def __init__(self):
        self._values: dict[tuple[str, str], deque[Any]] = {}

    def add(self, model: Any, name: str, value: Any) -> None:
        """Note that the server replaces `value`."""
        if name not in OF_USER or not isinstance(model, DataModel):
            return
        key = (model.id, name)
        if key in self._values or len(self._values) < _MOST_PROPERTIES:
            self._values.setdefault(key, deque(maxlen=_MOST_VALUES)).append(value)

    def has(self, model_id: str, name: str, value: Any) -> bool:
        """Return whether `value` is one of them."""
        return any(_are_equal(value, replaced) for replaced in self._values.get((model_id, name), ()))

    def forget(self) -> None:
        """Forget all, as the user acts."""
        self._values.clear()


def _are_equal(value: Any, other: Any) -> bool:
    """Return whether two values are equal; 1 and True are not, and neither are arrays."""
    return (
        type(value) is type(other) and isinstance(value, str | int | float | list | None) and value == other
    )


def _events(patch: Any) -> list[dict]:
    """Return the well-formed events of a decoded JSON patch."""
    events = patch.get("events") if isinstance(patch, dict) else None
    return [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


def take_stale(patch: Any, is_stale: Callable[[str, str, Any], bool]) -> list[tuple[str, str]]:
    """Remove stale changes from a decoded JSON patch; return models and names.

    `is_stale` gets the model's identifier, the name and the new value of each change.
    """
    events = _events(patch)

    def is_stale_event(event: dict) -> bool:
        return (
            event.get("kind") == "ModelChanged"
            and isinstance(event.get("attr"), str)
            and isinstance(event.get("model"), dict)
            and isinstance(event["model"].get("id"), str)
            and is_stale(event["model"]["id"], event["attr"], event.get("new"))
        )

    stale = [event for event in events if is_stale_event(event)]
    if stale:
        patch["events"] = [one for one in patch["events"] if not any(one is other for other in stale)]
    return [(event["model"]["id"], event["attr"]) for event in stale]


def send_again(document: Document, stale: list[tuple[str, str]]) -> None:
    """Send the values of the server of the changes returned by `take_stale`."""
    for model_id, name in stale:
        model = document.models.get_by_id(ID(model_id))
        if model is not None and name in model.properties():
            event = ModelChangedEvent(document, model, name, getattr(model, name))
            document.callbacks.trigger_on_change(event)


def guard(document: Document) -> UserActions:
    """Make a document refuse stale values; return the component that its page needs for that."""
    replaced = ReplacedValues()
    apply, notify = document.apply_json_patch, document.callbacks.notify_change

    def is_stale(model_id: str, name: str, value: Any) -> bool:
        if name in OF_SERVER:
            return True
        model = document.models.get_by_id(ID(model_id))
        return (
            model is not None
            and replaced.has(model_id, name, value)
            and not _are_equal(value, getattr(model, name, None))
        )

    def apply_guarded(patch_json: Any, *, setter: Any = None) -> None:
        # Panel's watchers would run after the next patch.
        patch = getattr(patch_json, "content", patch_json)
        if any(event.get("attr") == "n_actions" for event in _events(patch)):
            replaced.forget()
        stale = take_stale(patch, is_stale)
        apply(patch_json, setter=setter)
        send_again(document, stale)

    def notify_and_note(model, attr, old, new, hint=None, setter=None, callback_invoker=None) -> None:
        # Changes by the page have a setter.
        if setter is None and hint is None:
            replaced.add(model, attr, old)
        notify(model, attr, old, new, hint, setter, callback_invoker)

    # Bokeh has no hook before a patch is applied, and none that tells of the value before.
    document.apply_json_patch = apply_guarded  # type: ignore[method-assign]
    document.callbacks.notify_change = notify_and_note  # type: ignore[method-assign]
    return UserActions()
