"""The table of trained potentials."""

import panel as pn

from quests_core.potentials.cells import FINISHED
from quests_core.utils.escape import csv_bytes

from ...session.state import State
from ...session.training import PotentialTraining
from ...text.numbers import plural
from ...widgets.buttons import button
from ...widgets.card import card, heading, html
from ...widgets.download import Download
from ...widgets.tables import data_table, fill
from ..base import View
from ..frame_text import source_stem

_COLUMNS = {
    "method": "Method", "n_frames": "Frames", "seed": "Seed", "status": "Status", "force_rmse": "Force RMSE",
    "force_mae": "Force MAE", "energy_rmse": "Energy RMSE", "overlap": "Overlap / %",
    "message": "Why it has no errors",
}  # fmt: skip
_UNITS = "forces in eV Å⁻¹, energies in eV atom⁻¹"
_NUMBERS = {
    "n_frames": 0, "seed": 0, "force_rmse": 4, "force_mae": 4, "energy_rmse": 4, "overlap": 1,
}  # fmt: skip
# Narrow enough to show the message at 1280 pixels.
_WIDTHS = {
    "method": 96, "n_frames": 80, "seed": 66, "status": 92, "force_rmse": 104, "force_mae": 98,
    "energy_rmse": 114, "overlap": 104, "message": 170,
}  # fmt: skip


class CellsTable(View):
    """One row for each potential with its errors, or why it has none."""

    def __init__(self, state: State, training: PotentialTraining, tab: str = ""):
        super().__init__(state, tab)
        self._training, self._head, self._download = training, html(), Download()
        self._table = data_table(_COLUMNS, _NUMBERS, _WIDTHS)
        self._save = button(
            "Download (.csv)", "All columns, with numbers in full precision", self._send, variant="outlined",
            margin=(6, 0, 0, 0),
        )  # fmt: skip
        self._shown = pn.Column(self._save, self._table, sizing_mode="stretch_both", margin=0)
        self._empty = html('<div class="empty">A row for each potential, once one is trained.</div>')
        self.follow(self._update, "comparison", source=training)

    def _update(self) -> None:
        found = self._training.comparison
        self._shown.visible, self._empty.visible = found is not None, found is None
        self._head.object = heading("Potentials", (), "" if found is None else _note(len(found.failures)))
        if found is not None:
            rows = found.table[list(_COLUMNS)].copy()
            rows["status"] = [one if one == FINISHED else f"⚠ {one}" for one in rows["status"]]
            rows["overlap"] *= 100
            fill(self._table, rows)

    def _send(self) -> None:
        found, opened = self._training.comparison, self._state.opened
        if found is not None and opened is not None:
            name = f"{source_stem(opened.dataset.name)}-potentials.csv"
            self._download.send(name, csv_bytes(found.table))

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._shown, self._empty, self._download, area="cells")


def _note(n_failed: int) -> str:
    failed = f"; ⚠ {plural(n_failed, 'potential')} without errors" if n_failed else ""
    return f"{_UNITS}{failed}"
