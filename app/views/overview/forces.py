"""The tail of the force distribution, of the full set and each method's subset."""

import math

import numpy as np
import panel as pn
import panel_material_ui as pmui

from ...analysis.forces import Forces, choices, forces_of, ks_distance, without
from ...analysis.methods import METHOD_INFO
from ...plots.base import set_data, set_ranges
from ...plots.figures import force_figure
from ...plots.forces import tail_data
from ...session.state import State
from ...text.help import tip
from ...text.numbers import count, plural
from ...text.sentences import frame_list, named_frames
from ...widgets.card import card, heading, html
from ..base import View

# Methods whose names stand beside their distances.
_MOST_NAMED = 4


class ForcesView(View):
    """Share of environments with a force above f, over frames with forces that are not excluded."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot = force_figure()
        self._chosen = self._forces = Forces(np.empty(0), np.empty(0, dtype=int))
        self._head, self._distances = html(), html(margin=(4, 0, 0, 10))
        self._choice = pmui.Select(
            label="Forces of", options=[], size="small", width=190, margin=(4, 0, 0, 0)
        )
        # In a column, as the visibility of a Bokeh pane is overwritten by that of its figure.
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        bar = pn.Row(
            self._choice, self._distances, sizing_mode="stretch_width", margin=(6, 0, 0, 0), align="center"
        )
        self._figure = pn.Column(bar, figure, sizing_mode="stretch_both", margin=0)
        self._empty = html(visible=False)
        self._choice.param.watch(lambda _: self._choose(), "value")
        # Added now, as adding models to a page that is open is slower.
        self._plot.add(state.methods)
        self.follow(self._update_data, "opened")
        self.follow(self._update_full, "opened", "marks")
        self.follow(self._update_subsets, "opened", "paths", "methods", "n_frames", "marks")

    def _update_data(self) -> None:
        opened = self._state.opened
        if opened is None:
            return
        dataset = opened.dataset
        self._figure.visible, self._empty.visible = dataset.has_forces, not dataset.has_forces
        self._head.object = heading("Force tail", ("forces",), self._note(dataset))
        self._empty.object = (
            '<div class="empty">No forces in this file.<br>'
            "Entropy, overlap and the map need positions only.</div>"
        )
        found = choices(dataset, opened.envs.sizes)
        self._chosen = forces_of(dataset, opened.envs.frame_index)
        self._choice.param.update(options=found, value=next(iter(found.values())), visible=len(found) > 1)

    def _choose(self) -> None:
        opened = self._state.opened
        if opened is not None and self._choice.value is not None:
            with pn.io.hold():
                self._chosen = forces_of(opened.dataset, opened.envs.frame_index, self._choice.value)
                self._update_full()
                self._update_subsets()

    def _update_full(self) -> None:
        opened, figure = self._state.opened, self._plot.figure
        if opened is None:
            return
        self._forces = without(self._chosen, self._state.marks.excluded, len(opened.envs))
        values = self._forces.values
        set_data(self._plot.sources["Tail", "full set"], tail_data(values))
        if len(values):
            set_ranges(figure, (0, 1.03 * max(values[-1], 1e-3)), (0.6 / len(values), 1.6))

    @staticmethod
    def _note(dataset) -> str:
        missing = dataset.without_forces
        if not missing or not dataset.has_forces:
            return "share of environments with |F| above f" if dataset.has_forces else ""
        return (
            f'<span title="{plural(len(missing), "frame")} without forces: {frame_list(missing, 200)}">'
            f"⚠ {count(len(missing))} of {plural(len(dataset.frames), 'frame')} without forces are left out: "
            f"{named_frames(missing)}</span>"
        )

    def _update_subsets(self) -> None:
        state, forces = self._state, self._forces
        shown = state.at_size if state.opened and state.opened.dataset.has_forces else {}
        self._plot.show(shown)
        parts = []
        for method in shown:
            kept = state.mask_of(method)[forces.frames]
            set_data(self._plot.sources["Tail", method], tail_data(forces.values[kept]))
            distance = ks_distance(forces.values, kept)
            value = "none kept" if math.isnan(distance) else f"{distance:.3f}"
            swatch = f'<span class="swatch" style="background:{METHOD_INFO[method].color}"></span>'
            # The legend below has the same colours and order; all names would leave no room for the curves.
            name = f"{method} " if len(shown) <= _MOST_NAMED else ""
            parts.append(
                f'<span class="nowrap" title="{method}" aria-label="{method}">{swatch}{name}{value}</span>'
            )
        if not len(forces.values):
            self._distances.object = '<div class="small">No forces in these frames.</div>'
            return
        self._distances.object = (
            f'<div class="small">KS distance {tip("ks", "left")} (N = {count(len(forces.values))})&ensp;'
            f"{'&ensp;'.join(parts)}</div>"
        )

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._figure, self._empty, area="forces")
