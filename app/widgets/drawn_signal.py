"""Report when a view has been rendered in the browser."""

import panel as pn
import param


class DrawnSignal(pn.custom.JSComponent):
    """Invisible component that sets `drawn` once the view that contains it is rendered."""

    drawn = param.Boolean(default=False)

    _esm = """
    export function render({ model }) {
      // Children render before the page registers their parent.
      setTimeout(() => { model.drawn = true; }, 100);
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)
