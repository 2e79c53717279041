"""The tables of trained potentials and their errors."""

from html import escape

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from quests_core.potentials import PotentialComparison
from quests_core.potentials.cells import FINISHED
from quests_core.utils.escape import csv_bytes

from ...session.state import State
from ...session.training import PotentialTraining
from ...text.numbers import plural
from ...widgets.buttons import button
from ...widgets.card import ONE_LINE, card, heading, html
from ...widgets.download import Download
from ...widgets.tables import data_table, fill
from ..base import View
from ..frame_text import source_stem

ALL = "all"
_MODES = {
    "All": ALL, "Label": "label", "Element": "element", "Decile of |F|": "force_decile",
    "δH": "delta_entropy",
}  # fmt: skip
_ERRORS = {
    "force_rmse": "Force RMSE", "force_mae": "Force MAE", "energy_rmse": "Energy RMSE",
    "energy_mae": "Energy MAE",
}  # fmt: skip
_COLUMNS = {
    "method": "Method", "n_frames": "Frames", "seed": "Seed", "status": "Status", **_ERRORS,
    "overlap": "Overlap / %", "message": "Why it failed",
}  # fmt: skip
_GROUP_COLUMNS = {
    "method": "Method", "n_frames": "Frames", "seed": "Seed", "group": "Group", "n_test_envs": "Environments",
    **_ERRORS,
}  # fmt: skip
_UNITS = "forces in eV Å⁻¹, energies in eV atom⁻¹"
_NUMBERS = {"n_frames": 0, "seed": 0, "n_test_envs": 0, **dict.fromkeys(_ERRORS, 4), "overlap": 1}
# Narrow enough to show the message at 1280 pixels.
_WIDTHS = {
    "method": 88, "n_frames": 76, "seed": 60, "status": 86, "group": 170, "n_test_envs": 116,
    "force_rmse": 102, "force_mae": 96, "energy_rmse": 110, "energy_mae": 104, "overlap": 100, "message": 100,
}  # fmt: skip


class CellsTable(View):
    """A row for each potential with its errors, or why it has none; or for each group of its test set."""

    def __init__(self, state: State, training: PotentialTraining, tab: str = ""):
        super().__init__(state, tab)
        self._training, self._head, self._download = training, html(), Download()
        self._table, self._groups = _table(_COLUMNS), _table(_GROUP_COLUMNS)
        self._mode = pmui.RadioButtonGroup(
            options=_MODES, value=ALL, size="small", sx=ONE_LINE, margin=(6, 12, 6, 0)
        )
        self._mode.param.watch(lambda _: self._switched(), "value")
        self._save = button(
            "Download (.csv)", "All columns, with numbers in full precision", self._send, variant="outlined",
            margin=(6, 0, 6, 0),
        )  # fmt: skip
        bar = pn.Row(self._mode, self._save, sizing_mode="stretch_width", margin=0)
        self._reasons = html()
        self._content = pn.Column(
            bar, self._reasons, self._table, self._groups, sizing_mode="stretch_both", margin=0
        )
        self.follow(self._update, "comparison", source=training)

    def _switched(self) -> None:
        with pn.io.hold():
            self._update()

    def _update(self) -> None:
        found, mode = self._training.comparison, self._mode.value
        self._table.visible, self._groups.visible = mode == ALL, mode != ALL
        self._head.object = heading("Potentials", (), "" if found is None else _note(len(found.failures)))
        if found is None:
            return
        self._reasons.object = _reasons(found.failures)
        if mode == ALL:
            rows = found.table[list(_COLUMNS)].copy()
            rows["status"] = [one if one == FINISHED else f"⚠ {one}" for one in rows["status"]]
            rows["overlap"] *= 100
            fill(self._table, rows)
        else:
            rows = _groups_by(found, mode)
            rows["group"] = [_group_name(row) for row in rows.itertuples()]
            fill(self._groups, rows[list(_GROUP_COLUMNS)])

    def _send(self) -> None:
        found, opened, mode = self._training.comparison, self._state.opened, self._mode.value
        if found is not None and opened is not None:
            by, rows = ("", found.table) if mode == ALL else (f"-by-{mode}", _groups_by(found, mode))
            self._download.send(f"{source_stem(opened.dataset.name)}-potentials{by}.csv", csv_bytes(rows))

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._content, self._download, area="cells")


def _table(columns: dict[str, str]):
    numbers = {name: decimals for name, decimals in _NUMBERS.items() if name in columns}
    return data_table(columns, numbers, {name: _WIDTHS[name] for name in columns})


def _groups_by(found: PotentialComparison, mode: str) -> pd.DataFrame:
    return found.groups[found.groups["by"] == mode].reset_index(drop=True)


def _group_name(row) -> str:
    """Return the name of a group of test environments, with its limits if it is a decile."""
    if row.by == "force_decile":
        return f"{row.group}: {row.low:.3g} to {row.high:.3g} eV Å⁻¹"
    return f"{row.group} nats" if row.by == "delta_entropy" else row.group or "(none)"


def _reasons(failures: pd.DataFrame) -> str:
    """Return the first reason of each kind of failure, which the column has no room for, as HTML."""
    lines = []
    for status, rows in failures.groupby("status", sort=False):
        first = rows.iloc[0]
        lines.append(
            f"{plural(len(rows), 'potential')} {status}: {first['method']}, "
            f"{plural(int(first['n_frames']), 'frame')}, seed {first['seed']}: {first['message']}"
        )
    return "".join(f'<div class="small warn">{escape(line)}</div>' for line in lines)


def _note(n_failed: int) -> str:
    failed = f"; ⚠ {plural(n_failed, 'potential')} failed" if n_failed else ""
    return f"{_UNITS}{failed}"
