"""Predicted against reference energies and forces."""

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.events import Tap

from ...analysis.map_picking import nearest
from ...plots import map_colors
from ...plots.elements.parity import ENERGY_PER_ATOM, FORCE_COMPONENT
from ...plots.map import ParityFigure
from ...plots.palettes import PARITY_DENSITY
from ...session.predictions import PotentialPredictions
from ...session.state import State
from ...text.numbers import count
from ...widgets.card import AS_WRITTEN, card, heading, html
from ...widgets.throttle import Throttle
from ..base import View
from ..frame_text import environment_text
from ..lasso import LassoSelection

FORCES, ENERGIES = "Forces", "Energies"
_CLICK_DISTANCE, _HOVER_DISTANCE = 14, 8


class ParityView(View):
    """A point for each force component or energy; a click makes its environment current.

    Lasso and box select the frames of the points inside.
    """

    def __init__(self, state: State, predictions: PotentialPredictions, tab: str = ""):
        super().__init__(state, tab)
        self._predictions, self._head, self._plot = predictions, html(), ParityFigure()
        self._xy, self._rows = np.empty((0, 2)), np.empty(0, dtype=np.int64)
        self._name = pmui.Select(label="Potential", options=[], size="small", width=170, margin=(4, 12, 0, 0))
        self._mode = pmui.RadioButtonGroup(
            options=[FORCES, ENERGIES], value=FORCES, size="small", sx=AS_WRITTEN, margin=(6, 0, 2, 0)
        )
        pane = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(pane, sizing_mode="stretch_both", margin=0)
        self._empty = html('<div class="empty">No energies are predicted for frames that have one.</div>')
        self._name.param.watch(lambda event: self._choose(event.new), "value")
        self._mode.param.watch(lambda _: self._switched(), "value")
        self._errors = html(margin=(8, 0, 0, 12))
        self._lasso = LassoSelection(state, "point", self._update_head)
        self._listen()
        self.follow(predictions.refresh, "opened")
        self.follow(self._update, "found", "chosen", source=predictions)
        self.follow(self._update_marks, "selected", "current_env")

    def _listen(self) -> None:
        figure = self._plot.figure
        self._lasso.listen(figure, lambda: (self._xy, self._rows))
        figure.on_event(Tap, lambda event: self._tap(event.x, event.y))
        self._plot.pointer.on_change("data", lambda attr, old, new: self._describe(new))
        Throttle(self._redraw).follow(figure)

    def _redraw(self) -> None:
        if self._plot.is_image and self.is_visible:
            self._plot.draw()

    def _choose(self, name: str | None) -> None:
        if name and name in self._predictions.found:
            with pn.io.hold():
                self._predictions.chosen = name

    def _switched(self) -> None:
        with pn.io.hold():
            self._update()

    def _update(self) -> None:
        shown, names = self._predictions.shown, list(self._predictions.found)
        self._name.param.update(options=names, value=self._predictions.chosen or None)
        self._name.visible = len(names) > 1
        if shown is None:
            return
        by_force = self._mode.value == FORCES
        self._xy, units = shown.force_pairs() if by_force else shown.energy_pairs()
        # The first atom stands for the energy of its frame.
        offsets = np.append(0, np.cumsum(shown.sizes))
        self._rows = units if by_force else offsets[units]
        self._figure.visible, self._empty.visible = bool(len(self._xy)), not len(self._xy)
        forces, energies = shown.rmse()
        energy = "" if np.isnan(energies) else f", energies {energies:.3g} eV atom⁻¹"
        self._errors.object = f'<div class="small">RMSE: forces {forces:.3g} eV Å⁻¹{escape(energy)}</div>'
        if len(self._xy):
            self._plot.set_quantity(FORCE_COMPONENT if by_force else ENERGY_PER_ATOM)
            self._plot.set_points(self._xy, shown.frame_index[self._rows])
            self._plot.set_colors(map_colors.by_crowding(self._xy, np.arange(len(self._xy)), PARITY_DENSITY))
            self._update_marks()
        self._update_head()

    def _update_head(self) -> None:
        note = self._lasso.note or f"{count(len(self._xy))} points, all drawn"
        self._head.object = heading(f"Predictions of {self._predictions.chosen}", (), note)

    def _update_marks(self) -> None:
        """Mark the points of the selected frames, and that of the current environment."""
        shown = self._predictions.shown
        if shown is not None and len(self._xy) and len(shown.sizes) == len(self._state.data.envs):
            selected = np.zeros(len(shown.sizes), dtype=bool)
            selected[list(self._state.selected)] = True
            self._plot.set_picked(selected[shown.frame_index[self._rows]])
            self._update_head()
            found = np.flatnonzero(self._rows == self._state.current_env)
            self._plot.set_current(int(found[0]) if len(found) else None)
            self._plot.draw()

    def _nearest(self, x: float, y: float, reach: float) -> int | None:
        return nearest(self._xy, x, y, self._plot.pixel, reach)

    def _describe(self, pointer: dict) -> None:
        at = None
        if len(pointer["x"]):
            at = self._nearest(float(pointer["x"][0]), float(pointer["y"][0]), _HOVER_DISTANCE)
        with pn.io.hold():
            self._plot.set_hover(at, "" if at is None else environment_text(self._state, int(self._rows[at])))

    def _tap(self, x: float, y: float) -> None:
        at = self._nearest(x, y, _CLICK_DISTANCE)
        if at is not None:
            with pn.io.hold():
                self._state.current_env = int(self._rows[at])

    def __panel__(self):
        """Return the card."""
        bar = pn.Row(self._name, self._mode, self._errors, sizing_mode="stretch_width", margin=0)
        return card(self._head, bar, self._figure, self._empty, area="parity")
