"""Small buttons with a tooltip and an action."""

from collections.abc import Callable

import panel_material_ui as pmui


def button(label: str, description: str, action: Callable[[], None], **options) -> pmui.Button:
    """Return a small button that calls `action`, with `description` as its tooltip."""
    made = pmui.Button(label=label, description=description, size="small", **{"variant": "text", **options})
    made.on_click(lambda _: action())
    return made
