"""The table of lost environments, with buttons that lock their frames."""

from html import escape

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from ...analysis.frame_columns import LOCKED
from ...analysis.lost import MAX_ROWS, EnvironmentLabels, environment_table, frame_table, lost
from ...analysis.target import SIZE
from ...session.current_structure import frame_of
from ...session.state import State
from ...text.numbers import count, nats, plural
from ...widgets.card import AS_WRITTEN, CSS, card, heading, html
from ...widgets.tables import data_table, fill, on_row
from ..base import View

ENVIRONMENTS, FRAMES = "Environments", "Frames"
_COLUMNS = {
    ENVIRONMENTS: {
        "frame": "Frame", "atom": "Atom", "element": "Element", "label": "Label",
        "delta_entropy": "δH / nats", "force": "|F| / eV Å⁻¹",
    },
    FRAMES: {
        "frame": "Frame", "label": "Label", "n_atoms": "Atoms", "n_lost": "Lost atoms",
        "delta_entropy": "Max δH / nats", "force": "Max |F| / eV Å⁻¹",
    },
}  # fmt: skip
_NUMBERS = {"frame": 0, "atom": 0, "n_atoms": 0, "n_lost": 0, "delta_entropy": 2, "force": 3}
_WIDTHS = {
    "frame": 80,
    "label": 160,
    "atom": 80,
    "element": 90,
    "n_atoms": 80,
    "n_lost": 110,
    "delta_entropy": 130,
    "force": 140,
}
_ADD_FRAME = '<span class="add-frame" role="button">Add frame</span>'


class LostTable(View):
    """Lost environments ranked by δH; a click makes one current, "Add frame" adds its frame."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._env_labels: EnvironmentLabels | None = None
        self._rows = np.empty(0, dtype=np.int64)
        self._head, self._empty, self._current = html(), html(visible=False), html()
        self._mode = pmui.RadioButtonGroup(
            options=[ENVIRONMENTS, FRAMES], value=ENVIRONMENTS, size="small", sx=AS_WRITTEN, margin=0,
            align="center",
        )  # fmt: skip
        self._show_structure = pmui.Button(
            label="Show structure", size="small", variant="text", margin=(0, 4), align="center"
        )
        self._add = pmui.Button(label="Add frame", size="small", variant="outlined", margin=0, align="center")
        self._tables = {mode: self._table(mode) for mode in _COLUMNS}
        self._mode.param.watch(lambda _: self._update(), "value")
        self._show_structure.on_click(lambda _: setattr(self._state, "tab", "map"))
        self._add.on_click(lambda _: self._add_frame(self._state.current_frame))
        self.follow(self._update_env_labels, "opened")
        subset = ("opened", "paths", "active", "n_frames", "exact_deltas", "marks")
        self.follow(self._update, *subset)
        self.follow(self._update_current, *subset, "current_env")

    def _table(self, mode: str):
        columns = _COLUMNS[mode]
        table = data_table(
            columns, {name: digits for name, digits in _NUMBERS.items() if name in columns}, _WIDTHS,
            selectable=False, buttons={"add": _ADD_FRAME}, visible=mode == ENVIRONMENTS,
        )  # fmt: skip
        on_row(table, self._clicked)
        return table

    def _update_env_labels(self) -> None:
        opened = self._state.opened
        self._env_labels = None if opened is None else EnvironmentLabels.from_dataset(opened)

    def _values(self) -> np.ndarray | None:
        """Return δH of each environment given the active subset, None if it is not computed."""
        state, path = self._state, self._state.path
        if state.opened is None or path is None or self._env_labels is None:
            return None
        if len(self._env_labels.frame) != path.delta_entropy.shape[1]:
            return None
        values = state.delta_entropy_of(state.displayed_method)
        if path.marks == state.marks:
            return values
        # A frame that was just added is no longer lost, although its new path is not computed yet.
        marked = np.isin(self._env_labels.frame, state.marks.locked + state.marks.excluded)
        return np.where(marked, np.float32(np.nan), values)

    def _update(self) -> None:
        values, mode, env_labels = self._values(), self._mode.value, self._env_labels
        if values is None or env_labels is None:
            return
        opened = self._state.data
        found = lost(values)
        if mode == ENVIRONMENTS:
            self._rows, columns = found.rows, environment_table(opened, env_labels, values, found.rows)
        else:
            columns, self._rows = frame_table(opened, values)
        fill(self._tables[mode], pd.DataFrame(columns))
        for name, other in self._tables.items():
            other.visible = name == mode and found.n_lost > 0
        self._empty.visible = found.n_lost == 0
        self._empty.object = '<div class="empty">Nothing is lost: every environment is covered.</div>'
        note = f"{plural(found.n_lost, 'environment')} lost by {escape(self._state.displayed_method)}"
        if len(self._rows) == MAX_ROWS:
            note += f"; the {count(MAX_ROWS)} with the largest δH"
        self._head.object = heading("Lost environments", ("delta",), note)

    def _clicked(self, row: int, column: str) -> None:
        env = int(self._rows[row])
        if column == "add":
            self._add_frame(frame_of(self._state, env))
        else:
            self._state.current_env = env

    def _add_frame(self, frame: int | None) -> None:
        """Lock a frame, in addition to the frames that are kept: the subset grows by it."""
        state = self._state
        if frame is None:
            return
        changed: dict[str, object] = {"marks": state.marks.lock([frame])}
        # A target sets the size itself.
        if state.target.mode == SIZE and not state.mask[frame]:
            changed["n_frames"] = min(state.n_frames + 1, len(state.data.envs))
        with pn.io.hold():
            state.param.update(**changed)

    def _update_current(self) -> None:
        state, values = self._state, self._values()
        frame = None if values is None or state.current_env is None else state.current_frame
        self._show_structure.visible = self._add.visible = frame is not None
        if values is None or frame is None:
            hint = (
                "Click a row, or press Enter on it, to make its environment current, as shown in Map."
                if len(self._rows)
                else ""
            )
            self._current.object = f'<div class="small">{hint}</div>'
            return
        self._add.disabled = bool(state.status[frame] == LOCKED)
        self._add.label = f"Add frame {count(frame)}"
        atom, value = state.current_env - state.data.envs.offsets[frame], float(values[state.current_env])
        novelty = "" if np.isnan(value) else f", δH {nats(value, 2)} nats"
        self._current.object = (
            f'<div class="small">Current: atom {count(atom)} of frame {count(frame)} '
            f"({state.status[frame]}){novelty}</div>"
        )

    def __panel__(self):
        """Return the card."""
        bar = pn.Row(
            self._mode, pn.Spacer(width=10), self._current, self._show_structure, self._add,
            sizing_mode="stretch_width", height=36, margin=(6, 0, 2, 0), align="center",
            css_classes=["wraps"], stylesheets=[CSS],
        )  # fmt: skip
        return card(self._head, bar, *self._tables.values(), self._empty, area="lost")
