"""Keyboard focus after a dialog is closed."""

from pathlib import Path

import panel as pn


class DialogFocus(pn.custom.JSComponent):
    """Invisible component that returns the focus to the button that opened a dialog when it is closed."""

    _esm = Path(__file__).parents[1] / "assets" / "dialog_focus.js"

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)
