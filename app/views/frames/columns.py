"""Any numeric column of frames or atoms: its histogram, or one against another."""

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.events import Tap

from ...analysis import numeric_columns
from ...analysis.color_fields import Fields
from ...analysis.frame_columns import FrameColumns, FrameFacts, frame_maximum, gather, most_novel, ranks
from ...analysis.map_picking import nearest
from ...analysis.numeric_columns import NumericColumns
from ...plots import map_colors
from ...plots.base import set_data, set_ranges
from ...plots.columns import bin_edges, histogram_data
from ...plots.elements.columns import ALL, SELECTED
from ...plots.elements.options import plain
from ...plots.figures import histogram_figure
from ...plots.map import ScatterFigure
from ...plots.palettes import PARITY_DENSITY
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import count
from ...widgets.card import AS_WRITTEN, card, heading, html
from ...widgets.throttle import Throttle
from ..base import View
from ..frame_text import environment_text
from ..lasso import LassoSelection

FRAMES, ATOMS = "Frames", "Atoms"
HISTOGRAM = "histogram"
_PREFERRED = ("energy_per_atom", "max_force", "n_atoms", "force", "delta_entropy")
_TITLE = "Listing the frames"
_CLICK_DISTANCE, _HOVER_DISTANCE = 14, 8


class ColumnsView(View):
    """A point for each frame or atom, or a histogram of them; lasso and box select their frames."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._head = controller, html()
        self._facts: FrameFacts | None = None
        self._fields: Fields | None = None
        self._columns = NumericColumns({}, ())
        self._following = False
        self._xy, self._rows, self._n_missing = np.empty((0, 2)), np.empty(0, dtype=np.int64), 0
        self._edges = np.array([0.0, 1.0])
        self._scatter, self._histogram = ScatterFigure(), histogram_figure()
        self._lasso = LassoSelection(state, "point", self._update_head)
        self._make_widgets()
        self._listen()
        self.follow(self._request, "opened")
        self.follow(self._offer, "predictions")
        self.follow(self._follow_subset, "paths", "active", "n_frames", "exact_deltas", "marks")
        self.follow(self._update_marks, "selected", "current_env")

    def _make_widgets(self) -> None:
        self._unit = pmui.RadioButtonGroup(
            options=[FRAMES, ATOMS], value=FRAMES, size="small", sx=AS_WRITTEN, margin=(12, 12, 2, 0)
        )
        choice = {"options": {}, "size": "small", "width": 230, "margin": (10, 12, 0, 0), "searchable": True}
        self._x = pmui.Select(label="Column", **choice)
        self._y = pmui.Select(label="Against", **choice)
        self._figures = {
            True: pn.Column(_pane(self._histogram.figure), sizing_mode="stretch_both", margin=0),
            False: pn.Column(_pane(self._scatter.figure), sizing_mode="stretch_both", margin=0),
        }
        self._empty = html('<div class="empty">No frame has a value.</div>')
        self._unit.param.watch(lambda _: self._switched(), "value")
        for widget in (self._x, self._y):
            widget.param.watch(lambda _: self._chosen(), "value")

    def _listen(self) -> None:
        figure = self._scatter.figure
        self._lasso.listen(figure, lambda: (self._xy, self._rows))
        figure.on_event(Tap, lambda event: self._tap(event.x, event.y))
        self._scatter.pointer.on_change("data", lambda attr, old, new: self._describe(new))
        Throttle(self._redraw).follow(figure)
        self._lasso.listen(self._histogram.figure, lambda: (self._xy, self._rows))

    def _redraw(self) -> None:
        if self._scatter.is_image and self.is_visible and not self._is_histogram:
            self._scatter.draw()

    @property
    def _is_histogram(self) -> bool:
        return self._y.value == HISTOGRAM

    @property
    def _by_frame(self) -> bool:
        return self._unit.value == FRAMES

    def _request(self) -> None:
        """Gather the columns, which the table of frames shares."""
        opened, self._facts, self._fields = self._state.opened, None, None
        self._update()
        if opened is not None:

            def done(facts: FrameFacts) -> None:
                self._facts = facts
                with pn.io.hold():
                    self._offer()

            # The table of frames shows its error.
            self._controller.compute(
                _TITLE, "frames", lambda _: gather(opened), done, lambda _: None, quick=True
            )

    def _offer(self) -> None:
        """Offer the columns that the file has, and keep those that are chosen."""
        facts, opened = self._facts, self._state.opened
        if facts is None or opened is None:
            return
        self._fields = Fields.from_dataset(opened, self._state.predictions)
        self._columns = (
            numeric_columns.of_frames(facts)
            if self._by_frame
            else numeric_columns.of_atoms(self._fields, facts)
        )
        options = {title: name for name, title in self._columns.titles.items()}
        names = list(options.values())
        x, y = self._x.value, self._y.value
        if x not in names:
            x = next((name for name in _PREFERRED if name in names), names[0])
        self._following = True
        try:
            self._x.param.update(options=options, value=x)
            against = {HISTOGRAM: HISTOGRAM, **options}
            self._y.param.update(options=against, value=y if y in against.values() else HISTOGRAM)
        finally:
            self._following = False
        self._update()

    def _switched(self) -> None:
        with pn.io.hold():
            self._offer()

    def _chosen(self) -> None:
        if not self._following:
            with pn.io.hold():
                self._update()

    def _follow_subset(self) -> None:
        if {self._x.value, self._y.value} & set(self._columns.of_subset):
            self._update()

    def _values(self, name: str) -> np.ndarray:
        state, facts, fields = self._state, self._facts, self._fields
        if facts is None or fields is None:
            return np.empty(0)
        delta = state.delta_entropy
        if not self._by_frame:
            return numeric_columns.atom_values(fields, delta, name)
        envs, path = state.data.envs, state.path
        columns = FrameColumns(facts)
        if name in self._columns.of_subset:
            if path is None or delta is None:
                return np.full(len(envs), np.nan)
            columns.follow(ranks(path.order, len(envs)), frame_maximum(delta, envs.offsets), state.status)
        return numeric_columns.frame_values(columns, name)

    def _update(self) -> None:
        """Draw the chosen columns."""
        if self._facts is None or self._x.value is None:
            self._xy, self._rows = np.empty((0, 2)), np.empty(0, dtype=np.int64)
        else:
            x = self._values(self._x.value)
            # The place of a bar's values along y does not matter.
            y = np.full(len(x), 0.5) if self._is_histogram else self._values(self._y.value)
            usable = np.isfinite(x) & np.isfinite(y)
            units = np.flatnonzero(usable)
            self._n_missing = len(x) - len(units)
            self._xy = np.stack([x[units], y[units]], axis=1)
            # The first environment stands for its frame.
            self._rows = self._state.data.envs.offsets[units] if self._by_frame else units
        has_any = bool(len(self._xy))
        for is_histogram, column in self._figures.items():
            column.visible = has_any and is_histogram == self._is_histogram
        self._empty.visible = not has_any and self._facts is not None
        if has_any:
            (self._show_histogram if self._is_histogram else self._show_scatter)()
        self._update_head()

    def _title(self, name: str) -> str:
        return self._columns.titles.get(name, name)

    def _show_scatter(self) -> None:
        plot = self._scatter
        plot.set_quantities(self._title(self._x.value), self._title(self._y.value))
        plot.set_points(self._xy, self._state.data.envs.frame_index[self._rows])
        plot.set_colors(map_colors.by_crowding(self._xy, np.arange(len(self._xy)), PARITY_DENSITY))
        self._update_marks()

    def _show_histogram(self) -> None:
        plot, edges = self._histogram, bin_edges(self._xy[:, 0])
        if edges is None:
            return
        self._edges = edges
        columns = histogram_data(self._xy[:, 0], edges)
        set_data(plot.sources["Column", ALL], columns)
        highest = 1.08 * float(columns["top"].max())
        set_ranges(plot.figure, (float(edges[0]), float(edges[-1])), (0, highest))
        # In the middle of any box across the whole height.
        self._xy[:, 1] = highest / 2
        plot.figure.xaxis[0].axis_label = plain(self._title(self._x.value))
        plot.figure.yaxis[0].axis_label = "frames" if self._by_frame else "atoms"
        self._update_marks()

    def _update_head(self) -> None:
        note = self._lasso.note
        if not note and len(self._xy):
            unit = "frame" if self._by_frame else "atom"
            note = f"{count(len(self._xy))} {unit}s, all drawn"
            note += f"; {count(self._n_missing)} without a value" if self._n_missing else ""
        self._head.object = heading("Columns", ("columns",), escape(note))

    @property
    def _picked(self) -> np.ndarray:
        envs = self._state.data.envs
        selected = np.zeros(len(envs), dtype=bool)
        selected[[frame for frame in self._state.selected if frame < len(envs)]] = True
        return selected[envs.frame_index[self._rows]]

    def _update_marks(self) -> None:
        """Mark the selected frames, and the current environment."""
        if not len(self._xy):
            return
        picked = self._picked
        self._update_head()
        if self._is_histogram:
            chosen = histogram_data(self._xy[picked, 0], self._edges)
            # Empty bars would draw a line along the axis.
            shown = {name: values[chosen["top"] > 0] for name, values in chosen.items()}
            set_data(self._histogram.sources["Column", SELECTED], shown)
            return
        self._scatter.set_picked(picked)
        state = self._state
        current = state.current_env
        if current is not None and self._by_frame:
            current = int(state.data.envs.offsets[state.data.envs.frame_index[current]])
        found = np.flatnonzero(self._rows == current)
        self._scatter.set_current(int(found[0]) if len(found) else None)
        self._scatter.draw()

    def _nearest(self, x: float, y: float, reach: float) -> int | None:
        return nearest(self._xy, x, y, self._scatter.pixel, reach)

    def _environment(self, point: int) -> int:
        """Return the environment of a point: of a frame, the most novel one."""
        state, row = self._state, int(self._rows[point])
        if not self._by_frame or state.delta_entropy is None:
            return row
        envs = state.data.envs
        return most_novel(state.delta_entropy, envs.offsets, int(envs.frame_index[row]))

    def _describe(self, pointer: dict) -> None:
        at = None
        if len(pointer["x"]):
            at = self._nearest(float(pointer["x"][0]), float(pointer["y"][0]), _HOVER_DISTANCE)
        text = "" if at is None else environment_text(self._state, self._environment(at))
        with pn.io.hold():
            self._scatter.set_hover(at, text)

    def _tap(self, x: float, y: float) -> None:
        at = self._nearest(x, y, _CLICK_DISTANCE)
        if at is not None:
            with pn.io.hold():
                self._state.current_env = self._environment(at)

    def __panel__(self):
        """Return the card."""
        bar = pn.Row(self._unit, self._x, self._y, sizing_mode="stretch_width", margin=0)
        return card(self._head, bar, *self._figures.values(), self._empty, area="columns")


def _pane(figure) -> pn.pane.Bokeh:
    return pn.pane.Bokeh(figure, sizing_mode="stretch_both", margin=0)
