"""The few parameters that decide every number; changing them takes a new analysis."""

import panel as pn
import panel_material_ui as pmui

from ..analysis import Parameters
from ..card import html
from ..explorer import Explorer
from ..state import State
from ..view import View

_NOTE = "The descriptor sees distances only: it does not tell elements apart."


class SettingsView(View):
    """k, cutoff and bandwidth in a section that is closed at first."""

    def __init__(self, state: State, explorer: Explorer, tab: str = ""):
        super().__init__(state, tab)
        self._explorer = explorer
        options = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 0)}
        self._k = pmui.TextInput(label="Neighbours k", **options)
        self._cutoff = pmui.TextInput(label="Cutoff / Å", **options)
        self._bandwidth = pmui.TextInput(label="Bandwidth h / Å⁻¹", **options)
        self._apply = pmui.Button(label="Recompute", size="small", variant="outlined", margin=(6, 0))
        self._apply.on_click(lambda _: self._recompute())
        self.follow(self._update, "parameters")

    def _recompute(self) -> None:
        try:
            parameters = Parameters(
                k=_number(self._k, int, "a whole number of at least 2", lambda k: k >= 2),
                cutoff=_number(self._cutoff, float, "a length above 0 and up to 20 Å", lambda r: 0 < r <= 20),
                bandwidth=_number(self._bandwidth, float, "a number above 0", lambda h: 0 < h < float("inf")),
            )
        except ValueError as error:
            self._state.error = str(error)
        else:
            self._explorer.recompute(parameters)

    def _update(self) -> None:
        parameters = self._state.parameters
        self._k.value, self._cutoff.value = str(parameters.k), f"{parameters.cutoff:g}"
        self._bandwidth.value = f"{parameters.bandwidth:g}"

    def __panel__(self):
        """Return what the page shows of this view."""
        content = pn.Column(
            self._k, self._cutoff, self._bandwidth, self._apply, html(f'<div class="small">{_NOTE}</div>'),
            sizing_mode="stretch_width", margin=(0, 8),
        )  # fmt: skip
        return pmui.Accordion(
            ("Settings", content), active=[], title_variant="subtitle2", elevation=0,
            disable_gutters=True, margin=(0, 4), sizing_mode="stretch_width",
        )  # fmt: skip


def _number(field: pmui.TextInput, kind: type, expected: str, fits):
    """Return what a field holds; the message of the ValueError is for the user."""
    text = (field.value_input or "").strip().replace(",", ".")
    try:
        value = kind(text)
        if fits(value):
            return value
    except ValueError:
        pass
    raise ValueError(f"{field.label}: expected {expected}, got {text[:40]!r}.")
