"""Entropy against diversity along each method's path."""

import math

import numpy as np
import panel as pn

from ...analysis.methods import METHOD_INFO, SEEDED_METHODS
from ...plots.base import clear, limits, padded, reset_limits, set_data, set_range
from ...plots.curves import marked_rows, path_columns, rows_of, without_near_labels
from ...plots.figures import curve_figure
from ...session.state import State
from ...text.numbers import nats
from ...widgets.card import card, heading, html
from ...widgets.latest import follow_handle
from ..base import View


class CurveView(View):
    """One line per method, marks at 75, 50, 25 and 10 %, the current size, the full set, and the bound.

    Dragging or clicking sets the size along the line of the active method.
    """

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot = curve_figure()
        self._bound, self._bound_label = self._plot.part("Bound"), self._plot.part("BoundNote")
        self._stops = self._plot.part("Sizes")
        self._requested_size = self._plot.part("Requested")
        follow_handle(state, self._requested_size)
        self._head = html()
        self._columns: dict[str, dict] = {}
        # Added now, as adding models to a page that is open is slower.
        self._plot.add(state.methods)
        self.follow(self._update_paths, "paths", "methods")
        self.follow(self._update_active, "paths", "methods", "active")
        self.follow(self._update_bands, "repeats", "paths", "methods")
        self.follow(self._update_size, "paths", "methods", "n_frames")
        self.follow(self._update_marks, "paths", "methods")
        self.follow(self._update_labels, "paths", "methods", "active")

    def _update_paths(self) -> None:
        state, sources = self._state, self._plot.sources
        self._columns = {method: path_columns(path.slider_curve) for method, path in state.shown.items()}
        self._plot.show(self._columns)
        for method, columns in self._columns.items():
            sources["Path", method].data = columns
        if self._columns:
            full = state.full_set_metrics
            sources["Full", "full set"].data = {name: [full[name]] for name in ("diversity", "entropy")}

    def _update_bands(self) -> None:
        for method in SEEDED_METHODS:
            source = self._plot.sources.get(("Band", method))
            band, shown = self._state.repeats.get(method), method in self._columns
            if source is not None:
                columns = band.entropy_band() if band is not None and shown else ([], [], [])
                set_data(source, dict(zip(("x", "low", "high"), columns, strict=True)))

    def _update_size(self) -> None:
        state = self._state
        reached = state.at_size
        for method, path in state.shown.items():
            rows = [path.row(state.n_frames)] if method in reached else []
            set_data(self._plot.sources["Ring", method], rows_of(path_columns(path.curve), rows))
        self._update_ranges()

    def _update_ranges(self) -> None:
        """Fit the axes to the path from 9 %, or from the current size if that is smaller.

        While only the first part of a path is known, all of it is shown.
        """
        path = self._state.path
        start = 9 if path is not None and path.is_whole else 0
        figure = self._plot.figure
        ends: dict[str, list[float]] = {"diversity": [], "entropy": []}
        for method, path in self._state.shown.items():
            columns = self._columns[method]
            first = min(int(np.searchsorted(columns["percent"], start)), path.position(self._state.n_frames))
            for name, values in ends.items():
                values.extend(columns[name][first:])
        if not ends["entropy"]:
            return
        self._update_bound(ends["entropy"])
        for axis, values in ((figure.x_range, ends["diversity"]), (figure.y_range, ends["entropy"])):
            low, high = padded(np.asarray(values), 0.13)
            if reset_limits(axis) != (low, high):
                set_range(axis, low, high)

    def _update_marks(self) -> None:
        for method, columns in self._columns.items():
            set_data(self._plot.sources["Mark", method], _marks(columns))

    def _update_labels(self) -> None:
        """Label the marks of the active method, except where labels would overlap."""
        method, source = self._state.displayed_method, self._plot.sources["Percent", ""]
        columns = self._columns.get(method)
        if columns is None:
            clear(source)
            return
        x, y = (
            high - low or 1
            for low, high in map(limits, (self._plot.figure.x_range, self._plot.figure.y_range))
        )
        set_data(source, without_near_labels(_marks(columns), (x, y)))
        self._plot.part("Percent").glyph.text_color = METHOD_INFO[method].color

    def _update_bound(self, entropies: list[float]) -> None:
        """Draw ln N, unless that would compress the lines into less than half of the plot."""
        bound = math.log(self._state.full_set_metrics["n_envs"])
        low, high = np.nanmin(entropies), np.nanmax(entropies)
        self._bound.visible = self._bound_label.visible = bound - high <= max(high - low, 0.1)
        if self._bound.visible:
            entropies.append(bound)
        self._bound.location = self._bound_label.y = bound
        self._bound_label.text = f"bound ln N = {nats(bound, 2)}"
        note = "" if self._bound.visible else f" · bound ln N = {nats(bound, 2)} is above the plot"
        self._head.object = heading(
            "Entropy against diversity", ("entropy", "diversity", "handle"), f"full set ★{note}"
        )

    def _update_active(self) -> None:
        columns = self._columns.get(self._state.displayed_method)
        if columns:
            self._stops.data = {
                "x": columns["diversity"],
                "y": columns["entropy"],
                "n_frames": columns["n_frames"],
            }

    def __panel__(self):
        """Return the card."""
        return card(
            self._head, pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0), area="curve"
        )


def _marks(columns: dict) -> dict:
    """Return the rows of the marked fractions of the full set."""
    return rows_of(columns, marked_rows(columns["percent"] / 100))
