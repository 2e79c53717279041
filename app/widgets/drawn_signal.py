"""Tells when what it stands in is drawn."""

import panel as pn
import param


class DrawnSignal(pn.custom.JSComponent):
    """Says once that the page has drawn the view that it is a part of. Draws nothing itself."""

    drawn = param.Boolean(default=False)

    _esm = """
    export function render({ model }) {
      // The parts are drawn before the whole is known to the page.
      setTimeout(() => { model.drawn = true; }, 100);
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)
