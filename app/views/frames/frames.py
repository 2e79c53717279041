"""The table of all frames."""

from contextlib import contextmanager
from html import escape

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from ...analysis.filter_evaluation import FUNCTIONS, matches
from ...analysis.filter_syntax import ExpressionError
from ...analysis.frame_columns import (
    MEANING,
    FrameColumns,
    FrameFacts,
    frame_maximum,
    gather,
    most_novel,
    ranks,
)
from ...session.controller import Controller
from ...session.state import State
from ...text.help import notes
from ...text.numbers import count, nats, plural
from ...widgets.card import CSS, card, heading, html
from ...widgets.tables import data_table, on_row
from ..base import View
from ..queue_text import queue_status

_TITLE = "Listing the frames"
_COLUMNS = {
    "frame": "Frame",
    "rank": "Rank",
    "label": "Label",
    "formula": "Formula",
    "n_atoms": "Atoms",
    "energy_per_atom": "Energy / eV atom⁻¹",
    "max_force": "Max |F| / eV Å⁻¹",
    "max_delta_entropy": "Max δH / nats",
    "state": "State",
}
_NUMBERS = {
    "frame": 0, "rank": 0, "n_atoms": 0, "energy_per_atom": 4, "max_force": 3, "max_delta_entropy": 2,
}  # fmt: skip
# Together narrow enough that a label has room at 1280 pixels.
_WIDTHS = {
    "frame": 68, "rank": 66, "label": 110, "formula": 88, "n_atoms": 68, "energy_per_atom": 146,
    "max_force": 118, "max_delta_entropy": 114, "state": 82,
}  # fmt: skip
_FOLLOWING = ("rank", "max_delta_entropy", "state")


class FramesView(View):
    """Sort, filter, pick; a click on a row looks at the frame's most novel environment."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller = controller
        self._facts: FrameFacts | None = None
        self._columns: FrameColumns | None = None
        self._found = np.zeros(0, dtype=bool)
        self._quiet = self._is_asked = False
        self._make_widgets()
        self.follow(self._ask, "opened")
        self.follow(self._update_head, "running", "title", "step", "fraction", source=state.quick_activity)
        self.follow(self._update, "paths", "active", "n_frames", "marks")
        self.follow(self._show_picked, "selected")
        self.follow(self._update_current, "opened", "paths", "active", "n_frames", "current_env")

    def _make_widgets(self) -> None:
        self._head, self._note, self._error, self._current = html(), html(), html(), html()
        self._note.param.update(sizing_mode=None, width=64, align="center")
        self._filter = pmui.TextInput(
            label="Filter", placeholder='label == "liquid" and max_force > 20', size="small",
            sizing_mode="stretch_width", margin=(6, 8, 0, 0),
        )  # fmt: skip
        self._pick = _button("Select all shown", "Select all frames that match the filter")
        self._unfilter = _button("Clear filter", "Show all frames", "text")
        self._look = _button(
            "Show structure", "Show this environment on the map and in its structure", "text"
        )
        self._again = _button("List the frames", "Compute the table again")
        self._table = data_table(_COLUMNS, _NUMBERS, _WIDTHS, selectable="checkbox")
        self._table.add_filter(lambda rows: rows[self._found] if len(rows) == len(self._found) else rows)
        self._table.param.watch(lambda event: self._picked(event.new), "selection")
        on_row(self._table, lambda row, _: self._clicked(row))
        self._filter.param.watch(lambda _: self._filtered(), "value")
        self._pick.on_click(lambda _: self._pick_shown())
        self._unfilter.on_click(lambda _: self._clear_filter())
        self._look.on_click(lambda _: setattr(self._state, "tab", "map"))
        self._again.on_click(lambda _: self._ask())

    def _ask(self) -> None:
        """Gather what does not depend on the subset; the table is empty until then."""
        opened = self._state.opened
        self._facts = self._columns = None
        self._is_asked = opened is not None
        self._show_rows(0)
        if opened is not None:

            def failed(error: Exception) -> None:
                if self._state.opened is opened:
                    self._is_asked = False
                    with pn.io.hold():
                        self._update()
                        self._controller.show_error("Could not list the frames", error)

            self._controller.compute(
                _TITLE, "frames", lambda _: gather(opened), self._start, failed, quick=True
            )
        self._update()

    def _start(self, facts: FrameFacts) -> None:
        self._facts, self._columns = facts, FrameColumns(facts)
        with pn.io.hold():
            self._update()

    @contextmanager
    def _silently(self):
        """Change the table's selection without the state hearing of it."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _show_rows(self, n_rows: int) -> None:
        """Replace the table by one of `n_rows` frames, or empty it."""
        self._found = np.ones(n_rows, dtype=bool)
        facts = self._facts.columns if self._facts is not None and n_rows else {}
        rows = {name: facts.get(name, np.full(n_rows, np.nan)) for name in _COLUMNS}
        rows["state"] = np.full(n_rows, "", dtype=object)
        with self._silently():
            self._table.selection = []
            self._table.page = 1
            self._table.value = pd.DataFrame(rows)

    def _update(self) -> None:
        """Follow the subset: three columns change, and what the filter finds by them."""
        state, path, followed = self._state, self._state.path, self._columns
        self._update_note()
        if path is None or followed is None:
            return
        envs = state.data.envs
        novelty = frame_maximum(path.delta_entropy[path.position(state.n_frames)], envs.offsets)
        rank = ranks(path.order, len(envs))
        rank[list(state.marks.excluded)] = np.nan
        followed.follow(rank, novelty, state.status)
        if len(self._table.value) != len(envs):
            self._show_rows(len(envs))
        rows, before, found = self._table.value, self._table.value.copy(), self._found
        for name in _FOLLOWING:
            rows[name] = followed[name]
        self._find()
        # Another method's numbers are not in the table, and what is drawn anew loses its place.
        if not (np.array_equal(found, self._found) and rows.equals(before)):
            self._show_table()

    def _show_table(self) -> None:
        with self._silently():
            # The table is told that its own rows have changed: a new one would forget what is picked.
            self._table.param.trigger("value")
        self._show_picked()
        self._update_note()

    def _clear_filter(self) -> None:
        self._filter.param.update(value="", value_input="")

    def _find(self) -> None:
        """Apply the filter; an invalid one hides nothing and shows its error."""
        text, n_rows = self._filter.value.strip(), len(self._table.value)
        found, message = np.ones(n_rows, dtype=bool), ""
        if text:
            try:
                found = matches(text, self._columns or {}, n_rows)
            except ExpressionError as error:
                message = str(error)
        if found.sum() != self._found.sum():
            self._table.page = 1
        self._found = found
        self._error.object = (
            f'<div class="small warn" role="alert">{escape(message)}</div>' if message else ""
        )

    def _filtered(self) -> None:
        if self._columns is not None:
            with pn.io.hold():
                self._find()
                self._show_table()

    def _show_picked(self) -> None:
        picked = [frame for frame in self._state.selected if frame < len(self._table.value)]
        if sorted(self._table.selection) != picked:
            with self._silently():
                self._table.selection = picked

    def _picked(self, rows: list[int]) -> None:
        if not self._quiet:
            with pn.io.hold():
                self._state.selected = tuple(sorted(int(row) for row in rows))

    def _pick_shown(self) -> None:
        with pn.io.hold():
            self._state.selected = tuple(np.flatnonzero(self._found).tolist())

    def _clicked(self, frame: int) -> None:
        state, path = self._state, self._state.path
        if path is not None:
            values = path.delta_entropy[path.position(state.n_frames)]
            state.current_env = most_novel(values, state.data.envs.offsets, frame)

    def _update_note(self) -> None:
        ready, n_found = self._columns is not None, int(self._found.sum())
        self._pick.visible = self._table.visible = ready
        self._pick.disabled = n_found == 0
        self._pick.label = f"Select all shown ({count(n_found)})"
        self._again.visible = not ready and not self._is_asked and self._state.opened is not None
        self._unfilter.visible = bool(self._filter.value)
        self._update_head()
        columns = () if self._columns is None else self._columns
        self._note.object = (
            f'<div class="small names">names {notes(_explained(columns))}</div>' if ready else ""
        )

    def _update_head(self) -> None:
        n_rows, n_found = len(self._table.value), int(self._found.sum())
        note = f"{count(n_found)} of {plural(n_rows, 'frame')} shown"
        if self._columns is None:
            note = queue_status(self._state.quick_activity, _TITLE) if self._is_asked else "not listed yet"
        self._head.object = heading("Frames", ("delta",), note)

    def _update_current(self) -> None:
        state, frame = self._state, self._state.current_frame if self._state.opened else None
        self._look.visible = frame is not None
        if frame is None or state.path is None:
            self._current.object = (
                '<div class="small">Tick frames to select them; '
                "click a row, or press Enter on it, to make its most novel environment current.</div>"
            )
            return
        novelty = float(state.path.delta_entropy[state.path.position(state.n_frames), state.current_env])
        atom = state.current_env - state.data.envs.offsets[frame]
        self._current.object = (
            f'<div class="small">Current: atom {count(atom)} of frame {count(frame)}, '
            f"δH {nats(novelty, 2)} nats</div>"
        )

    def __panel__(self):
        """Return what the page shows of this view."""
        wide = {"sizing_mode": "stretch_width", "margin": 0, "align": "center"}
        wraps = {"stylesheets": [CSS], **wide}
        bar = pn.Row(
            self._filter, self._note, self._unfilter, self._pick, css_classes=["over", "wraps"], **wraps
        )
        # As high with the button as without: a table that changes its height is drawn anew.
        below = pn.Row(self._current, self._look, height=36, css_classes=["wraps"], **wraps)
        return card(self._head, bar, self._error, below, self._again, self._table, area="frames")


def _explained(columns) -> dict[str, str]:
    """Return what a filter may name, and its meaning."""
    names = dict(MEANING)
    others = [name for name in columns if name not in MEANING and name not in ("config_type", "status")]
    if others:
        names["of this file:"] = ", ".join(others[:60]) + (", …" if len(others) > 60 else "")
    names["functions:"] = ", ".join(FUNCTIONS)
    names["operators:"] = '== != < <= > >= + - * / and or not, in ("a", "b"); missing values never match'
    return names


def _button(label: str, description: str, variant: str = "outlined") -> pmui.Button:
    return pmui.Button(
        label=label, description=description, size="small", variant=variant, margin=(0, 4), align="center"
    )
