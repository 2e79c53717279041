"""The few parameters that decide every number; changing them takes a new analysis."""

import panel as pn
import panel_material_ui as pmui

from ..analysis import Parameters
from ..card import html, watch
from ..explorer import Explorer
from ..state import State


class SettingsView(pn.viewable.Viewer):
    """k, cutoff and bandwidth in a section that is closed at first."""

    def __init__(self, state: State, explorer: Explorer, **params):
        super().__init__(**params)
        self._state, self._explorer = state, explorer
        options = {"size": "small", "sizing_mode": "stretch_width", "margin": (4, 0)}
        self._k = pmui.IntInput(label="Neighbours k", start=2, end=256, **options)
        self._cutoff = pmui.FloatInput(label="Cutoff / Å", start=0.5, end=20, step=0.5, **options)
        self._bandwidth = pmui.FloatInput(
            label="Bandwidth h / Å⁻¹", start=1e-4, end=10, step=0.005, format="0[.]0000", **options
        )
        self._apply = pmui.Button(label="Recompute", size="small", variant="outlined", margin=(6, 0))
        self._apply.on_click(lambda _: self._recompute())
        watch(state, self._update, "parameters")

    def _recompute(self) -> None:
        self._explorer.recompute(
            Parameters(self._k.value, float(self._cutoff.value), float(self._bandwidth.value))
        )

    def _update(self) -> None:
        parameters = self._state.parameters
        self._k.value, self._cutoff.value = parameters.k, parameters.cutoff
        self._bandwidth.value = parameters.bandwidth

    def __panel__(self):
        """Return what the page shows of this view."""
        note = "The descriptor sees distances only, no species."
        content = pn.Column(
            self._k, self._cutoff, self._bandwidth, self._apply, html(f'<div class="small">{note}</div>'),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        return pmui.Accordion(
            ("Settings", content),
            active=[],
            title_variant="subtitle2",
            elevation=0,
            disable_gutters=True,
            margin=(0, 4),
            sizing_mode="stretch_width",
        )
