"""Entropy against diversity along each method's path."""

import numpy as np
import panel as pn

from ..card import card, heading, html
from ..plots.base import padded, set_range
from ..plots.curves import curve_plot, marked_rows, path_columns, rows_of
from ..state import State
from ..view import View


class CurveView(View):
    """A line a method, marks at 75, 50, 25 and 10 %, the current size, and the full set."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot = curve_plot()
        self._columns: dict[str, dict] = {}
        self.follow(self._update_paths, "paths", "methods")
        self.follow(self._update_labels, "paths", "methods", "active")
        self.follow(self._update_size, "paths", "methods", "n_frames")

    def _update_paths(self) -> None:
        state, sources = self._state, self._plot.sources
        self._columns = {method: path_columns(path.curve) for method, path in state.shown.items()}
        self._plot.show_methods(self._columns)
        for method, columns in self._columns.items():
            sources[method].data = columns
            sources[f"{method} marks"].data = rows_of(columns, marked_rows(columns["percent"] / 100))
        if self._columns:
            full = state.full
            sources["full"].data = {name: [full[name]] for name in ("diversity", "entropy")}

    def _update_size(self) -> None:
        state = self._state
        for method, path in state.shown.items():
            row = [path.position(state.n_frames)]
            self._plot.sources[f"{method} now"].data = rows_of(self._columns[method], row)
        self._update_ranges()

    def _update_ranges(self) -> None:
        """Show the path from 9 %, or from the current size where that is smaller: the rest says little."""
        figure, ends = self._plot.figure, {"diversity": [], "entropy": []}
        for method, path in self._state.shown.items():
            columns = self._columns[method]
            first = min(int(np.searchsorted(columns["percent"], 9)), path.position(self._state.n_frames))
            for name, values in ends.items():
                values.extend(columns[name][first:])
        for axis, values in ((figure.x_range, ends["diversity"]), (figure.y_range, ends["entropy"])):
            low, high = padded(values, 0.13)
            if values and (axis.reset_start, axis.reset_end) != (low, high):
                set_range(axis, low, high)

    def _update_labels(self) -> None:
        for method, text in self._plot.labels.items():
            text.visible = method == self._state.active and method in self._columns

    def __panel__(self):
        """Return the card."""
        head = html(
            heading(
                "Entropy against diversity", ("entropy", "diversity"), "from few frames to the full set ★"
            )
        )
        return card(
            head, pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0), area="curve"
        )
