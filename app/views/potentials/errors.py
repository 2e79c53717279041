"""The force errors of potentials, against size, content of the training set, or novelty."""

from collections.abc import Mapping

import numpy as np
import panel as pn
import panel_material_ui as pmui

from ...plots import potentials
from ...plots.base import padded, set_data, set_range, set_ranges
from ...plots.elements.potentials import QUANTITY_AXES
from ...plots.figures import error_figure, force_error_figure, novelty_error_figure
from ...session.state import State
from ...session.training import PotentialTraining
from ...text.numbers import plural
from ...widgets.card import ONE_LINE, card, heading, html
from ..base import View

ABOVE, NOVELTY = "above", "novelty"
_MODES = {
    "Above the best": ABOVE, "Size": "fraction", "Overlap": "overlap",
    "Information loss": "information_loss", "Test δH": NOVELTY,
}  # fmt: skip
_NOTES = {
    ABOVE: "mean over seeds, minus that of the best method of each size; shaded: all seeds",
    NOVELTY: "by δH of the test environment against the training set; shaded: all seeds",
}
_EACH = "a point for each potential; the line joins the means over seeds"


class ErrorsView(View):
    """One of three figures of the force errors; a potential appears when it is finished."""

    def __init__(self, state: State, training: PotentialTraining, tab: str = ""):
        super().__init__(state, tab)
        self._training, self._head = training, html()
        self._mode = pmui.RadioButtonGroup(
            options=_MODES, value=ABOVE, size="small", sx=ONE_LINE, margin=(6, 12, 2, 0)
        )
        self._size = pmui.Select(label="Size", options={}, size="small", width=150, margin=(4, 0, 0, 0))
        self._above, self._against, self._novelty = (
            force_error_figure(),
            error_figure(),
            novelty_error_figure(),
        )
        self._figures = {
            plot: pn.Column(
                pn.pane.Bokeh(plot.figure, sizing_mode="stretch_both", margin=0),
                sizing_mode="stretch_both", margin=0,
            )
            for plot in (self._above, self._against, self._novelty)
        }  # fmt: skip
        self._bar = pn.Row(self._mode, self._size, sizing_mode="stretch_width", margin=0)
        self._empty = html('<div class="empty">No potential could be evaluated: see the table.</div>')
        for widget in (self._mode, self._size):
            widget.param.watch(lambda _: self._switched(), "value")
        self.follow(self._update, "comparison", source=training)

    def _switched(self) -> None:
        with pn.io.hold():
            self._update()

    def _update(self) -> None:
        found, mode = self._training.comparison, self._mode.value
        has_errors = found is not None and bool(found.table["force_rmse"].notna().any())
        current = {ABOVE: self._above, NOVELTY: self._novelty}.get(mode, self._against)
        for plot, pane in self._figures.items():
            pane.visible = has_errors and plot is current
        self._empty.visible, self._bar.visible = not has_errors, has_errors
        self._size.visible = has_errors and mode == NOVELTY
        self._head.object = heading(
            "Force errors",
            ("delta",) if mode == NOVELTY else (),
            _NOTES.get(mode, _EACH) if has_errors else "",
        )
        if found is None or not has_errors:
            return
        if mode == ABOVE:
            self._show_above(potentials.above_best(found.table))
        elif mode == NOVELTY:
            self._offer_sizes(found.table)
            groups = found.groups[found.groups["n_frames"] == self._size.value]
            self._show_novelty(potentials.by_novelty(groups))
        else:
            self._show_against(potentials.against(found.table, mode), mode)

    def _offer_sizes(self, table) -> None:
        sizes = sorted(int(size) for size in potentials.finished(table)["n_frames"].unique())
        options = {plural(size, "frame"): size for size in sizes}
        if self._size.options != options:
            value = self._size.value if self._size.value in sizes else sizes[0]
            self._size.param.update(options=options, value=value)

    def _show_above(self, found: potentials.Columns) -> None:
        self._above.show(found)
        for method, columns in found.items():
            self._fill(self._above, method, columns, "percent")
        set_range(self._above.figure.x_range, 0, 1.08 * float(_all(found, "percent").max()))
        set_range(self._above.figure.y_range, *padded(_all(found, "low", "high"), 0.1))

    def _show_novelty(self, found: potentials.Columns) -> None:
        self._novelty.show(found)
        for method, columns in found.items():
            self._fill(self._novelty, method, columns, "place", "n_envs")
        if found:
            set_range(self._novelty.figure.y_range, 0, 1.08 * float(np.nanmax(_all(found, "low", "high"))))

    @staticmethod
    def _fill(plot, method: str, columns: Mapping, x: str, *others: str) -> None:
        own = {name: columns[name] for name in (x, "error", *others)}
        for group in ("Error", "Mark"):
            set_data(plot.sources[group, method], own)
        set_data(
            plot.sources["Spread", method], {"x": columns[x], "low": columns["low"], "high": columns["high"]}
        )

    def _show_against(self, found: potentials.Columns, quantity: str) -> None:
        plot = self._against
        plot.show(found)
        for method, columns in found.items():
            set_data(plot.sources["Mean", method], potentials.means_of(columns))
            set_data(plot.sources["Potential", method], columns)
        plot.figure.xaxis[0].axis_label = QUANTITY_AXES[quantity].label
        set_ranges(plot.figure, padded(_all(found, "x"), 0.1), padded(_all(found, "force_rmse"), 0.1))

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._bar, *self._figures.values(), self._empty, area="errors")


def _all(found: potentials.Columns, *names: str) -> np.ndarray:
    return np.concatenate([columns[name] for columns in found.values() for name in names])
