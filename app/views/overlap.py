"""Overlap against size."""

import panel as pn

from ..card import card, heading, html
from ..plots.curves import overlap_plot, path_columns, rows_of, size_span
from ..state import State
from ..view import View


class OverlapView(View):
    """What share of all environments each method's subset covers, at every size."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot, self._span = overlap_plot(), size_span()
        self._plot.figure.add_layout(self._span)
        self._columns: dict[str, dict] = {}
        self.follow(self._update_paths, "paths", "methods")
        self.follow(self._update_size, "paths", "methods", "n_frames")

    def _update_paths(self) -> None:
        self._columns = {method: path_columns(path.curve) for method, path in self._state.shown.items()}
        self._plot.show_methods(self._columns)
        for method, columns in self._columns.items():
            self._plot.sources[method].data = columns

    def _update_size(self) -> None:
        for method, path in self._state.shown.items():
            row = path.position(self._state.n_frames)
            columns = self._columns[method]
            self._plot.sources[f"{method} now"].data = rows_of(columns, [row])
            self._span.location = float(columns["percent"][row])

    def __panel__(self):
        """Return what the page shows of this view."""
        head = html(
            heading("Covered by the subset", ("overlap",), "at every size; the dashed line is the slider")
        )
        return card(
            head, pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0), area="overlap"
        )
