"""The novelty of two sets with respect to each other."""

import panel as pn

from ...plots.base import set_data, set_ranges
from ...plots.elements.delta import OF_REFERENCE, OF_SET
from ...plots.figures import novelty_figure
from ...plots.sets import histogram_data, novelty_edges
from ...session.references import ReferenceSets
from ...session.state import State
from ...widgets.card import card, heading, html
from ..base import View


class NoveltyView(View):
    """Two histograms of δH: this file given the reference, and the reference given this file."""

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._plot, self._head = sets, novelty_figure(), html()
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(figure, sizing_mode="stretch_both", margin=0)
        self._empty = html('<div class="empty">Add a reference file to see both histograms.</div>')
        self.follow(self._update, "comparison", "chosen", source=sets)

    def _update(self) -> None:
        comparison = self._sets.comparison
        self._figure.visible, self._empty.visible = comparison is not None, comparison is None
        note = "right of the dashed line: not covered" if comparison is not None else ""
        self._head.object = heading("Novelty in both directions", ("delta",), note)
        if comparison is None:
            return
        edges = novelty_edges(comparison.novelty, comparison.back)
        data = [histogram_data(values, edges) for values in (comparison.novelty, comparison.back)]
        for name, columns in zip((OF_SET, OF_REFERENCE), data, strict=True):
            set_data(self._plot.sources["Novelty", name], columns)
        highest = max(columns["top"].max() for columns in data)
        set_ranges(self._plot.figure, (edges[0], edges[-1]), (0, 1.08 * highest))

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._figure, self._empty, area="histogram")
