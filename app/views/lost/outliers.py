"""The distribution of δH given each method's subset, and the lost environments by label."""

from html import escape

import panel as pn

from ...analysis.lost import EnvironmentLabels, by_label, lost
from ...plots.base import set_data, set_ranges
from ...plots.figures import delta_figure
from ...plots.outliers import histogram_data, histogram_ranges
from ...session.state import State
from ...text.numbers import count, nats, percent
from ...text.sentences import with_end
from ...widgets.card import card, heading, html
from ..base import View

_MAX_LABELS = 40


class OutliersView(View):
    """One histogram per method; environments right of 0 are lost."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot, self._head = delta_figure(), html()
        # Added now, as adding models to a page that is open is slower.
        self._plot.add(state.methods)
        self.follow(self._update, "opened", "paths", "methods", "active", "n_frames", "exact_deltas", "marks")

    def _update(self) -> None:
        state = self._state
        shown = state.at_size
        self._plot.show(shown)
        columns = {}
        for method in shown:
            columns[method] = histogram_data(state.delta_entropy_of(method))
            set_data(self._plot.sources["Delta", method], columns[method])
        if ranges := histogram_ranges(list(columns.values())):
            set_ranges(self._plot.figure, *ranges)
        self._head.object = heading("Distribution of δH", ("delta",), self._note())

    def _note(self) -> str:
        state, values = self._state, self._state.delta_entropy
        if state.opened is None or values is None:
            return ""
        found = lost(values)
        if not found.n_counted:
            return ""
        n_lost, n_all = count(found.n_lost), count(found.n_counted)
        return (
            f'<span title="{n_lost} of {n_all} environments">{escape(state.displayed_method)} lost '
            f"{percent(found.n_lost / found.n_counted)}; δH up to {nats(found.largest, 1)} nats</span>"
        )

    def __panel__(self):
        """Return the card."""
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        return card(self._head, figure, area="outliers")


class LostLabelsView(View):
    """For each label, the share of its environments that the active method's subset has lost."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._table, self._head = html(), html()
        self._env_labels: EnvironmentLabels | None = None
        self.follow(self._update_env_labels, "opened")
        self.follow(self._update, "opened", "paths", "active", "n_frames", "exact_deltas", "marks")

    def _update_env_labels(self) -> None:
        opened = self._state.opened
        self._env_labels = None if opened is None else EnvironmentLabels.from_dataset(opened)

    def _update(self) -> None:
        state, values, env_labels = self._state, self._state.delta_entropy, self._env_labels
        if env_labels is None or values is None or len(env_labels.frame) != len(values):
            return
        rows = by_label(env_labels, values)
        note = f"by the {escape(state.displayed_method)} subset"
        if len(rows) > _MAX_LABELS:
            note += f", the {_MAX_LABELS} labels of {count(len(rows))} that lost most"
        self._head.object = heading("Share lost by label", ("delta",), note)
        self._table.object = (
            '<div class="scrolls"><table class="numbers"><thead><tr><th>Label</th><th>Environments</th>'
            "<th>Lost</th><th>Share</th><th>Max δH<small>nats</small></th></tr></thead>"
            f"<tbody>{''.join(_row(*row) for row in rows[:_MAX_LABELS])}</tbody></table></div>"
        )

    def __panel__(self):
        """Return the card."""
        self._table.sizing_mode = "stretch_both"
        return card(self._head, self._table, area="labels")


def _row(label: str, n_counted: int, n_lost: int, largest: float) -> str:
    share = n_lost / n_counted
    name = with_end(label) if label else "<i>no label</i>"
    return (
        f'<tr><td class="long">{name}</td><td>{count(n_counted)}</td>'
        f"<td>{count(n_lost)}</td><td>{percent(share)}"
        f'<div class="bar"><div style="width:{100 * share:.1f}%"></div></div></td>'
        f"<td>{nats(largest, 2)}</td></tr>"
    )
