"""The tail of the force distribution, full set against each method's subset."""

import numpy as np
import panel as pn

from ..card import card, heading, html
from ..format import count, frame_list, plural
from ..plots.base import set_range
from ..plots.forces import forces_plot, tail_data
from ..state import State
from ..view import View


class ForcesView(View):
    """Share of environments whose force is above f; only frames that have forces count."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._plot = forces_plot()
        self._sorted, self._frame = np.empty(0), np.empty(0, dtype=int)
        self._head = html()
        # In a column, because a Bokeh pane takes its visibility back from its figure.
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(figure, sizing_mode="stretch_both", margin=0)
        self._empty = html(visible=False)
        self.follow(self._update_data, "opened")
        self.follow(self._update_subsets, "opened", "paths", "methods", "n_frames", "marks")

    def _update_data(self) -> None:
        opened = self._state.opened
        if opened is None:
            return
        dataset = opened.dataset
        # Sorted once, together with the frame of each: a subset then is a mask, already in order.
        frames, forces = opened.envs.frame_index, dataset.forces
        order = np.argsort(forces, kind="stable")[: np.isfinite(forces).sum()]
        self._sorted, self._frame = forces[order], frames[order]
        self._figure.visible, self._empty.visible = dataset.has_forces, not dataset.has_forces
        self._head.object = heading("Force tail", ("forces",), self._note(dataset))
        if dataset.has_forces:
            self._plot.sources["full"].data = tail_data(self._sorted)
            set_range(self._plot.figure.x_range, 0, 1.03 * max(self._sorted[-1], 1e-3))
            set_range(self._plot.figure.y_range, 0.6 / len(self._sorted), 1.6)
        else:
            self._empty.object = (
                '<div class="empty">No forces in this file.<br>'
                "Entropy, overlap and the map need positions only.</div>"
            )

    @staticmethod
    def _note(dataset) -> str:
        missing = dataset.without_forces
        if not missing or not dataset.has_forces:
            return "share of environments with |F| above f" if dataset.has_forces else ""
        return (
            f'<span title="{plural(len(missing), "frame")} without forces: {frame_list(missing, 200)}">'
            f"⚠ {count(len(missing))} of {plural(len(dataset.frames), 'frame')} without forces are left out: "
            f"{'frame' if len(missing) == 1 else 'frames'} {frame_list(missing)}</span>"
        )

    def _update_subsets(self) -> None:
        shown = self._state.shown if self._state.opened and self._state.opened.dataset.has_forces else {}
        self._plot.show_methods(shown)
        for method in shown:
            kept = self._state.mask_of(method)[self._frame]
            self._plot.sources[method].data = tail_data(self._sorted[kept])

    def __panel__(self):
        """Return what the page shows of this view."""
        return card(self._head, self._figure, self._empty, area="forces")
