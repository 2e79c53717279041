"""The table of all frames, with a filter."""

from contextlib import contextmanager
from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui

from ...analysis.filter_evaluation import matches
from ...analysis.filter_syntax import ExpressionError
from ...analysis.frame_columns import (
    FrameColumns,
    FrameFacts,
    frame_maximum,
    gather,
    most_novel,
    ranks,
    with_predictions,
)
from ...session.controller import Controller
from ...session.state import State
from ...text.help import notes
from ...text.numbers import count, nats, plural
from ...widgets.buttons import button
from ...widgets.card import CSS, card, heading, html
from ...widgets.fields import entered
from ...widgets.tables import data_table, on_row
from ...widgets.throttle import Throttle
from ..base import View
from ..frame_table import OF_SUBSET, ColumnChoice, frame_rows, names_in_filters
from ..queue_text import queue_status

_TITLE = "Listing the frames"


class FramesView(View):
    """Sort, filter and select frames; a click on a row makes its most novel environment current."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller = controller
        # Those of the file, and with the errors of computed predictions.
        self._gathered: FrameFacts | None = None
        self._facts: FrameFacts | None = None
        self._columns: FrameColumns | None = None
        self._found = np.zeros(0, dtype=bool)
        self._muted = self._is_requested = False
        self._valid_filter = ""
        self._make_widgets()
        self.follow(self._request, "opened")
        self.follow(self._update_head, "running", "title", "step", "fraction", source=state.quick_activity)
        self.follow(self._update, "paths", "active", "n_frames", "exact_deltas", "marks")
        self.follow(self._show_selected, "selected")
        self.follow(self._join_predictions, "predictions")
        self.follow(
            self._update_current, "opened", "paths", "active", "n_frames", "exact_deltas", "current_env"
        )

    def _make_widgets(self) -> None:
        self._head, self._note, self._error, self._current = html(), html(), html(), html()
        self._note.param.update(sizing_mode=None, width=64, align="center")
        self._filter = pmui.TextInput(
            label="Filter", placeholder='label == "liquid" and max_force > 20', size="small",
            sizing_mode="stretch_width", margin=(6, 8, 0, 0),
        )  # fmt: skip
        self._search = pmui.TextInput(
            label="Search", placeholder="words in any text", size="small", width=150, margin=(6, 8, 0, 0),
        )  # fmt: skip
        self._choice = ColumnChoice(self._show_chosen)
        style = {"margin": (0, 4), "align": "center"}
        self._select_all = button(
            "Select all shown", "Select all frames that match search and filter", self._select_shown,
            variant="outlined", **style,
        )  # fmt: skip
        self._unfilter = button(
            "Show all", "Show all frames: clear search and filter", self._clear_filter, **style
        )
        self._show_structure = button(
            "Show structure", "Show this environment on the map and in its structure",
            lambda: setattr(self._state, "tab", "map"), **style,
        )  # fmt: skip
        self._retry = button(
            "List the frames", "Compute the table again", self._request, variant="outlined", **style
        )
        self._holder = pn.Column(sizing_mode="stretch_both", margin=0)
        self._make_table()
        self._filter.param.watch(lambda _: self._filtered(), "value")
        searched = Throttle(self._filtered, 150)
        self._search.param.watch(lambda _: searched(pn.state.curdoc), "value_input")

    def _make_table(self) -> None:
        """Make the table of the chosen columns: one whose columns change would be built twice at once."""
        self._layout = self._choice.layout
        self._table = data_table(*self._layout, selectable="checkbox")
        self._table.add_filter(lambda rows: rows[self._found] if len(rows) == len(self._found) else rows)
        self._table.param.watch(lambda event: self._selection_changed(event.new), "selection")
        on_row(self._table, lambda row, _: self._clicked(row))
        self._holder.objects = [self._table]

    def _show_chosen(self) -> None:
        with pn.io.hold():
            self._show_rows(len(self._table.value), keep=True)
            self._update()

    def _request(self) -> None:
        """Gather the columns that do not depend on the subset; the table is empty until then."""
        opened = self._state.opened
        self._gathered = self._facts = self._columns = None
        self._is_requested = opened is not None
        self._show_rows(0)
        if opened is not None:

            def failed(error: Exception) -> None:
                if self._state.opened is opened:
                    self._is_requested = False
                    with pn.io.hold():
                        self._update()
                        self._controller.show_error("Could not list the frames", error)

            self._controller.compute(
                _TITLE, "frames", lambda _: gather(opened), self._start, failed, quick=True
            )
        self._update()

    def _start(self, facts: FrameFacts) -> None:
        self._gathered = facts
        with pn.io.hold():
            self._use(facts if not self._state.predictions else self._joined(facts))
            self._update()

    def _use(self, facts: FrameFacts) -> None:
        self._facts, self._columns = facts, FrameColumns(facts)
        self._choice.offer(facts)

    def _joined(self, facts: FrameFacts) -> FrameFacts:
        return with_predictions(facts, self._state.data, self._state.predictions)

    def _join_predictions(self) -> None:
        """Add the columns of computed predictions, and show the first of them."""
        if self._gathered is not None and self._columns is not None:
            self._use(self._joined(self._gathered))
            self._show_chosen()

    @contextmanager
    def _muted_selection(self):
        """Change the table's selection without changing that of the state."""
        self._muted = True
        try:
            yield
        finally:
            self._muted = False

    def _show_rows(self, n_rows: int, keep: bool = False) -> None:
        """Replace the table by one of `n_rows` frames, which may be 0; `keep` what is found and its order."""
        columns, sorters = self._columns if n_rows else None, self._table.sorters
        rows = frame_rows(columns, self._choice.shown, n_rows)
        if not keep:
            self._found = np.ones(n_rows, dtype=bool)
        with self._muted_selection():
            if self._choice.layout != self._layout:
                self._make_table()
                self._table.sorters = [sorter for sorter in sorters if sorter["field"] in rows]
            if not keep:
                self._table.selection = []
                self._table.page = 1
            self._table.value = rows

    def _update(self) -> None:
        """Update the columns that depend on the subset, and the filter."""
        state, path, columns = self._state, self._state.path, self._columns
        if path is None or columns is None:
            self._update_note()
            return
        envs = state.data.envs
        novelty = frame_maximum(state.delta_entropy_of(state.displayed_method), envs.offsets)
        rank = ranks(path.order, len(envs))
        rank[list(state.marks.excluded)] = np.nan
        columns.follow(rank, novelty, state.status)
        if len(self._table.value) != len(envs):
            self._show_rows(len(envs))
        rows, before, found = self._table.value, self._table.value.copy(), self._found
        for name in OF_SUBSET:
            if name in rows:
                rows[name] = columns[name]
        self._find()
        # A table that is rendered again loses its scroll position: only do so if a row changed.
        if np.array_equal(found, self._found) and rows.equals(before):
            self._show_selected()
            self._update_note()
        else:
            self._show_table()

    def _show_table(self) -> None:
        with self._muted_selection():
            # Trigger an update of the changed rows: a new data frame would reset the selection.
            self._table.param.trigger("value")
        self._show_selected()
        self._update_note()

    def _clear_filter(self) -> None:
        for field in (self._search, self._filter):
            field.param.update(value="", value_input="")

    def _find(self) -> None:
        """Apply search and filter, or the last valid filter while it is invalid, which its error says."""
        message = ""
        try:
            found = self._matches(self._filter.value.strip())
            self._valid_filter = self._filter.value.strip()
        except ExpressionError as error:
            try:
                found = self._matches(self._valid_filter)
            except ExpressionError:
                # Another file lacks its columns.
                self._valid_filter, found = "", self._matches("")
            kept = f". Still shown: {self._valid_filter}" if self._valid_filter else ""
            message = f"{error}{kept}"
        self._filter.error_state = bool(message)
        if (words := entered(self._search)) and self._facts is not None and self._columns is not None:
            found = found & self._facts.texts.find(words, self._columns.state)
        if found.sum() != self._found.sum():
            self._table.page = 1
        self._found = found
        self._error.object = (
            f'<div class="small warn" role="alert">{escape(message)}</div>' if message else ""
        )

    def _matches(self, text: str) -> np.ndarray:
        n_rows = len(self._table.value)
        return matches(text, self._columns or {}, n_rows) if text else np.ones(n_rows, dtype=bool)

    def _filtered(self) -> None:
        if self._columns is not None:
            with pn.io.hold():
                self._find()
                self._show_table()

    def _show_selected(self) -> None:
        selected = [frame for frame in self._state.selected if frame < len(self._table.value)]
        if sorted(self._table.selection) != selected:
            with self._muted_selection():
                self._table.selection = selected

    def _selection_changed(self, rows: list[int]) -> None:
        if not self._muted:
            with pn.io.hold():
                self._state.selected = tuple(sorted(int(row) for row in rows))

    def _select_shown(self) -> None:
        with pn.io.hold():
            self._state.selected = tuple(np.flatnonzero(self._found).tolist())

    def _clicked(self, frame: int) -> None:
        state, values = self._state, self._state.delta_entropy
        if values is not None:
            state.current_env = most_novel(values, state.data.envs.offsets, frame)

    def _update_note(self) -> None:
        ready, n_found = self._columns is not None, int(self._found.sum())
        self._select_all.visible = self._holder.visible = self._choice.widget.visible = ready
        self._select_all.disabled = n_found == 0
        self._select_all.label = f"Select all shown ({count(n_found)})"
        self._retry.visible = not ready and not self._is_requested and self._state.opened is not None
        self._unfilter.visible = bool(self._filter.value or entered(self._search))
        self._update_head()
        columns = () if self._columns is None else self._columns
        self._note.object = (
            f'<div class="small names">Help {notes(names_in_filters(columns))}</div>' if ready else ""
        )

    def _update_head(self) -> None:
        n_rows, n_found = len(self._table.value), int(self._found.sum())
        note = f"{count(n_found)} of {plural(n_rows, 'frame')} shown"
        if self._columns is None:
            note = (
                queue_status(self._state.quick_activity, _TITLE) if self._is_requested else "not listed yet"
            )
        self._head.object = heading("Frames", ("delta",), note)

    def _update_current(self) -> None:
        state, frame = self._state, self._state.current_frame if self._state.opened else None
        self._show_structure.visible = frame is not None
        values = state.delta_entropy
        if frame is None or values is None:
            self._current.object = (
                '<div class="small">Tick frames to select them; '
                "click a row, or press Enter on it, to make its most novel environment current, "
                "as shown in Map.</div>"
            )
            return
        novelty = float(values[state.current_env])
        atom = state.current_env - state.data.envs.offsets[frame]
        self._current.object = (
            f'<div class="small">Current: atom {count(atom)} of frame {count(frame)}, '
            f"δH {nats(novelty, 2)} nats</div>"
        )

    def __panel__(self):
        """Return the card."""
        wide = {"sizing_mode": "stretch_width", "margin": 0, "align": "center"}
        wraps = {"stylesheets": [CSS], **wide}
        # What is right of a button that hides stays where it is, and does not come under the pointer.
        bar = pn.Row(
            self._search, self._filter, self._unfilter, self._note, self._select_all, self._choice.widget,
            css_classes=["over", "wraps"], **wraps,
        )  # fmt: skip
        # Of a fixed height, as a table whose height changes is rendered again.
        below = pn.Row(self._current, self._show_structure, height=36, css_classes=["wraps"], **wraps)
        return card(
            self._head, bar, self._error, below, self._retry, self._holder, self._choice.store, area="frames"
        )
