"""The table of frames that the reference does not cover."""

import pandas as pd
import panel as pn

from ...analysis.compare import novel_frames
from ...session.references import ReferenceSets
from ...session.state import State
from ...widgets.card import card, heading, html
from ...widgets.tables import MISSING, data_table, fill, on_row
from ..base import View

_SHOWN = 200
_WIDTHS = {"frame": 76, "label": 120, "delta": 120, "share": 92}
_TITLES = {"frame": "Frame", "label": "Label", "delta": "Max δH / nats", "share": "Novel / %"}


class NovelFramesTable(View):
    """Frames with environments new to the reference, the most novel first; a click selects a frame."""

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._head = sets, html()
        self._rows: list[int] = []
        self._table = data_table(_TITLES, {"frame": 0, "delta": 2, "share": 0}, _WIDTHS)
        self._holder = pn.Column(self._table, sizing_mode="stretch_both", margin=0)
        on_row(self._table, lambda row, _: self._select(row))
        self._empty = html('<div class="empty">Add a reference file to see what is new to it.</div>')
        self.follow(self._update, "comparison", source=sets)

    def _update(self) -> None:
        comparison, opened = self._sets.comparison, self._state.opened
        self._empty.visible = comparison is None
        note = "click a row to select its frame" if comparison is not None else ""
        self._head.object = heading("Frames not covered by the reference", ("delta",), note)
        if comparison is None or opened is None:
            self._holder.visible = False
            return
        novel = novel_frames(comparison.novelty, opened.envs.offsets, _SHOWN)
        self._rows = [int(row) for row in novel["row"]]
        labels = [opened.dataset.labels[int(frame)] or MISSING for frame in novel["frame"]]
        columns = {
            "frame": novel["frame"].astype(int),
            "label": labels,
            "delta": novel["delta"],
            "share": 100 * novel["share"],
        }
        fill(self._table, pd.DataFrame(columns))
        self._holder.visible = True

    def _select(self, position: int) -> None:
        row = self._rows[position]
        frame = int(self._state.data.envs.frame_index[row])
        with pn.io.hold():
            self._state.param.update(current_env=row, selected=(frame,))

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._holder, self._empty, area="novel")
