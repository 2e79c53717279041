"""Overlap against size."""

from collections.abc import Sequence

import numpy as np
import panel as pn

from ...analysis.methods import SEEDED_METHODS
from ...analysis.target import OVERLAP
from ...plots.base import clear, set_data
from ...plots.curves import path_columns, rows_of
from ...plots.figures import overlap_figure
from ...session.state import State
from ...widgets.card import card, heading, html
from ...widgets.latest import follow_handle
from ..base import View


class OverlapView(View):
    """The share of all environments that each method's subset covers, at every size.

    Dragging the dashed line sets the size.
    """

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot = overlap_figure()
        self._span, self._target = self._plot.part("Size"), self._plot.part("Target")
        self._stops = self._plot.part("Sizes")
        self._requested_size = self._plot.part("Requested")
        follow_handle(state, self._requested_size)
        self._columns: dict[str, dict] = {}
        # Added now, as adding models to a page that is open is slower.
        self._plot.add(state.methods)
        self.follow(self._update_paths, "paths", "methods")
        self.follow(self._update_bands, "repeats", "paths", "methods")
        self.follow(self._update_size, "paths", "methods", "n_frames")
        self.follow(self._update_target, "target")

    def _update_paths(self) -> None:
        shown = self._state.shown
        self._columns = {method: path_columns(path.slider_curve) for method, path in shown.items()}
        self._plot.show(self._columns)
        for method, columns in self._columns.items():
            self._plot.sources["Path", method].data = columns
        # All methods have the same sizes; a part ends early.
        for columns in sorted(self._columns.values(), key=lambda columns: -len(columns["n_frames"]))[:1]:
            self._stops.data = {
                "x": columns["percent"],
                "y": columns["overlap"],
                "n_frames": columns["n_frames"],
            }

    def _update_bands(self) -> None:
        for method in SEEDED_METHODS:
            source = self._plot.sources.get(("Band", method))
            if source is None:
                continue
            repeats, columns = self._state.repeats.get(method), self._columns.get(method)
            data: dict[str, Sequence[float] | np.ndarray] = {"x": [], "low": [], "high": []}
            if repeats is not None and columns and len(repeats.curves[0]) == len(columns["percent"]):
                low, high = repeats.overlap_band()
                data = {"x": columns["percent"], "low": 100 * low, "high": 100 * high}
            set_data(source, data)

    def _update_size(self) -> None:
        state, reached = self._state, self._state.at_size
        for method, path in state.shown.items():
            if method not in reached:
                clear(self._plot.sources["Ring", method])
                continue
            now = rows_of(path_columns(path.curve), [path.row(state.n_frames)])
            set_data(self._plot.sources["Ring", method], now)
            self._span.location = float(now["percent"][0])

    def _update_target(self) -> None:
        target = self._state.target
        self._target.visible = target.mode == OVERLAP
        self._target.location = 100 * target.value

    def __panel__(self):
        """Return the card."""
        head = html(
            heading("Overlap against size", ("overlap", "band"), "drag the dashed line to change the size")
        )
        return card(
            head, pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0), area="overlap"
        )
