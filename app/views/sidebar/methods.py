"""Choose the methods to compare, and the active one, whose subset is shown and exported."""

import panel as pn
import panel_material_ui as pmui

from ...analysis.methods import METHOD_INFO, METHODS, MSC_WITH_REFERENCE
from ...session.state import State
from ...text.help import notes
from ...widgets.card import AS_WRITTEN, html
from ..base import View

# One row of buttons is wider than the sidebar from about four methods on.
_WRAPS = {
    "flexWrap": "wrap",
    "gap": "4px",
    "& .MuiToggleButton-root": {
        **AS_WRITTEN["& .MuiToggleButton-root"],
        "flex": "1 0 auto",
        "width": "auto",
        "margin": "0 !important",
        "borderRadius": "4px !important",
        "border": "1px solid",
        "borderColor": "divider",
    },
}


class MethodsView(View):
    """One checkbox per method, in the colour of its lines; ticking it computes the method."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._following = False
        # The first column holds the longest name.
        self._boxes = {method: _box(method, 150 - 44 * (i % 2)) for i, method in enumerate(METHODS)}
        for box in self._boxes.values():
            box.param.watch(lambda _: self._ticked(), "value")
        self._note = html(margin=(4, 0, 0, 0))
        self._active = pmui.RadioButtonGroup(
            options=list(state.methods),
            value=state.active,
            size="small",
            sx=_WRAPS,
            sizing_mode="stretch_width",
            margin=(2, 0, 0, 0),
        )
        self._active.param.watch(lambda _: self._activated(), "value")
        self.follow(self._update, "methods", "paths", "active", "reference")

    def _ticked(self) -> None:
        if not self._following:
            self._state.methods = [method for method, box in self._boxes.items() if box.value]

    def _activated(self) -> None:
        if not self._following and self._active.value:
            self._state.active = self._active.value

    def _update(self) -> None:
        """Set the widgets from the state, ignoring the events that this causes."""
        state, self._following = self._state, True
        try:
            for method, box in self._boxes.items():
                box.value = method in state.methods
            self._boxes[MSC_WITH_REFERENCE].visible = state.reference is not None
            available = [method for method in METHODS if method in state.shown or method == state.active]
            self._active.param.update(options=available, value=state.active)
            # Always one line, so that the buttons below never move under the pointer.
            note = "Active method (map and export)"
            if state.displayed_method != state.active:
                note = f"Until {state.active} is computed: {state.displayed_method}"
            self._note.object = f'<div class="small">{note}</div>'
        finally:
            self._following = False

    def __panel__(self):
        """Return the section."""
        texts = {name: info.help for name, info in METHOD_INFO.items()}
        return pn.Column(
            html(f'<div class="section">Methods compared {notes(texts)}</div>', css_classes=["over"]),
            pn.GridBox(*self._boxes.values(), ncols=2, sizing_mode="stretch_width", margin=0),
            self._note,
            self._active,
            sizing_mode="stretch_width", margin=(8, 16, 4, 16),
        )  # fmt: skip


def _box(method: str, width: int) -> pmui.Checkbox:
    color = METHOD_INFO[method].color
    # The theme's own padding of boxes that are not ticked is more specific than "&".
    style = {"&.MuiCheckbox-root, &.Mui-checked": {"color": color, "padding": "3px 6px"}}
    # `sx` does not reach the label.
    label = ".MuiFormControlLabel-label { font-size: 13px !important; }"
    return pmui.Checkbox(label=method, size="small", margin=0, width=width, sx=style, stylesheets=[label])
