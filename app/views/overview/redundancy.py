"""Entropy compared with its bound, for the full set, the subset, each label and each element."""

import panel as pn

from quests_core import Cancelled, Progress

from ...analysis.analysed_dataset import AnalysedDataset
from ...analysis.label_entropies import has_groups, label_entropies
from ...analysis.methods import METHOD_INFO
from ...plots.entropy_bars import LABEL_COLOR, redundancy_data
from ...plots.figures import bar_figure, show_bars
from ...plots.palettes import FULL_COLOR
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import plural
from ...widgets.card import card, heading, html
from ..base import View


class RedundancyView(View):
    """Bars of H and ln N for the full set, the active method's subset, each label and each element."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._plot, self._head = controller, bar_figure(), html()
        self._labels = None
        self._requested: tuple[AnalysedDataset | None, tuple[int, ...]] | None = None
        self._task: Progress | None = None
        self.follow(self._request, "opened", "paths", "methods", "marks")
        self.follow(self._request, "running", source=state.main_activity)
        self.follow(self._update, "opened", "paths", "active", "n_frames")

    def _request(self) -> None:
        """Compute the entropies of the labels after everything that the other plots need."""
        state, opened = self._state, self._state.opened
        requested = (opened, state.marks.excluded)
        if opened is None or requested == self._requested:
            return
        self._labels = None
        if not has_groups(opened) or (
            state.main_activity.running and not set(state.methods) <= set(state.paths)
        ):
            return
        if self._task is not None:
            self._task.cancel()
        self._requested, marks = requested, state.marks

        def done(labels):
            if self._requested is requested:
                self._labels = labels
                self._update()

        def failed(error):
            if self._requested is requested:
                # Try again at the next change.
                self._requested = None
                if not isinstance(error, Cancelled):
                    state.error = f"Could not compute the entropy of each label: {error}"

        self._task = self._controller.compute(
            "Entropy of each label and element",
            ("label entropies", marks.excluded),
            lambda progress: label_entropies(opened, marks, progress),
            done,
            failed,
        )

    def _update(self) -> None:
        state, labels = self._state, self._labels
        if state.opened is None or state.path is None:
            return
        full, subset = state.full_set_metrics, state.row_of(state.displayed_method)
        names = ["full set", f"{state.displayed_method} subset"]
        entropies, n_envs = [full["entropy"], subset["entropy"]], [full["n_envs"], subset["n_envs"]]
        colors = [FULL_COLOR, METHOD_INFO[state.displayed_method].color]
        if not state.path.is_whole:
            # The entropy of the full set may be unknown.
            names, entropies, n_envs, colors = names[1:], entropies[1:], n_envs[1:], colors[1:]
        note = "gap between bar and bound = redundancy"
        if labels is not None:
            names += labels.names
            entropies += labels.entropies.tolist()
            n_envs += labels.n_envs.tolist()
            colors += [LABEL_COLOR] * len(labels.names)
            if labels.left_out:
                note += f"; {plural(labels.left_out, 'smaller label')} left out"
            if labels.elements_left_out:
                note += f"; {plural(labels.elements_left_out, 'rarer element')} left out"
        if len(set(state.opened.dataset.labels)) < 2:
            note += "; all frames have the same label"
        show_bars(self._plot, redundancy_data(names, entropies, n_envs, colors))
        self._head.object = heading("Redundancy", ("redundancy",), note)

    def __panel__(self):
        """Return the card."""
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        return card(self._head, figure, area="redundancy")
