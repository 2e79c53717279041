"""The frames that a potential predicts worst."""

import numpy as np
import pandas as pd
import panel as pn

from ...session.predictions import PotentialPredictions
from ...session.state import State
from ...widgets.card import card, heading, html
from ...widgets.tables import MISSING, data_table, fill, on_row
from ..base import View

_SHOWN = 200
_COLUMNS = {
    "frame": "Frame", "label": "Label", "n_atoms": "Atoms", "force_rmse": "Force RMSE",
    "max_force_error": "Max |ΔF|", "energy_error": "ΔE/atom",
}  # fmt: skip
_NUMBERS = {"frame": 0, "n_atoms": 0, "force_rmse": 4, "max_force_error": 3, "energy_error": 4}
# Narrow enough for half of a page of 1280 pixels, and no title is cut.
_WIDTHS = {
    "frame": 66, "label": 78, "n_atoms": 70, "force_rmse": 102, "max_force_error": 94, "energy_error": 80,
}  # fmt: skip


class WorstFrames(View):
    """Frames by the force RMSE of the predictions; a click shows the structure and its worst atom."""

    def __init__(self, state: State, predictions: PotentialPredictions, tab: str = ""):
        super().__init__(state, tab)
        self._predictions, self._head = predictions, html()
        self._rows = np.empty(0, dtype=np.int64)
        self._table = data_table(_COLUMNS, _NUMBERS, _WIDTHS)
        on_row(self._table, lambda row, _: self._show(row))
        self.follow(self._update, "found", "chosen", source=predictions)

    def _update(self) -> None:
        shown, opened = self._predictions.shown, self._state.opened
        note = "eV Å⁻¹, eV atom⁻¹; click a row, or press Enter on it, to see its worst atom"
        self._head.object = heading("Frames predicted worst", (), note)
        if shown is None or opened is None:
            return
        found = shown.worst_frames(_SHOWN)
        self._rows = found.pop("row")
        columns = {
            "frame": found["frame"],
            "label": [opened.dataset.labels[int(frame)] or MISSING for frame in found["frame"]],
            "n_atoms": shown.sizes[found["frame"]],
            **found,
        }
        fill(self._table, pd.DataFrame({name: columns[name] for name in _COLUMNS}))

    def _show(self, position: int) -> None:
        row = int(self._rows[position])
        frame = int(self._state.data.envs.frame_index[row])
        with pn.io.hold():
            self._state.param.update(current_env=row, selected=(frame,), tab="map")

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._table, area="worst")
