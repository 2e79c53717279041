"""A common map of two sets."""

import numpy as np
import panel as pn

from ...plots.base import padded, set_data, set_ranges
from ...plots.figures import set_map_figure
from ...plots.sets import color_limit
from ...session.references import ReferenceSets
from ...session.state import State
from ...text.numbers import count, plural
from ...widgets.card import card, heading, html
from ..base import View


class SetMapView(View):
    """Principal components of both sets: the reference grey, this file by δH given the reference."""

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._plot, self._head = sets, set_map_figure(), html()
        self._rows = np.empty(0, dtype=int)
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(figure, sizing_mode="stretch_both", margin=0)
        self._empty = html('<div class="empty">Add a reference file to see both sets on one map.</div>')
        self._points = self._plot.sources["Set", ""]
        self._points.selected.on_change("indices", lambda _, __, points: self._select(points))
        self.follow(self._update, "comparison", source=sets)
        self.follow(self._update_current, "current_env")

    def _select(self, points: list[int]) -> None:
        if points:
            row = int(self._rows[points[-1]])
            with pn.io.hold():
                frame = int(self._state.data.envs.frame_index[row])
                self._state.param.update(current_env=row, selected=(frame,))

    def _update(self) -> None:
        comparison, opened = self._sets.comparison, self._state.opened
        self._figure.visible, self._empty.visible = comparison is not None, comparison is None
        self._head.object = heading("Both sets (PCA)", ("map",), self._note(comparison, opened))
        if comparison is None or opened is None:
            return
        # The most novel are drawn last, so that nothing hides them.
        order = np.argsort(comparison.novelty[comparison.rows], kind="stable")
        self._rows = comparison.rows[order]
        self._points.selected.indices = []
        xy, novelty, back_xy = comparison.xy[order], comparison.novelty[self._rows], comparison.back_xy
        set_data(self._plot.sources["Reference", "reference"], dict(zip("xy", back_xy.T, strict=True)))
        frames = opened.envs.frame_index[self._rows]
        set_data(self._points, {"x": xy[:, 0], "y": xy[:, 1], "value": novelty, "frame": frames})
        self._plot.part("Set").glyph.fill_color.transform.high = color_limit(novelty)
        x, y = np.concatenate([xy, back_xy]).T
        set_ranges(self._plot.figure, padded(x, 0.03), padded(y, 0.03))
        self._update_current()

    def _update_current(self) -> None:
        current = self._state.current_env
        points = [] if current is None else np.flatnonzero(self._rows == current).tolist()
        source = self._points.data
        set_data(
            self._plot.sources["Current", ""],
            {name: [source[name][i] for i in points] for name in ("x", "y")},
        )

    @staticmethod
    def _note(comparison, opened) -> str:
        if comparison is None or opened is None:
            return ""
        note = "click a point to select its frame; pale: covered"
        drawn = len(comparison.rows) + len(comparison.back_rows)
        if drawn < int((~np.isnan(comparison.novelty)).sum()) + len(comparison.back):
            sample = f"{plural(drawn, 'point')} drawn, a sample that includes the most novel"
            note = f'<span title="{sample}">{note}; {count(drawn)} points sampled</span>'
        return note

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._figure, self._empty, area="setmap")
