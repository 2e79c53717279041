"""The frames that hold what the reference does not."""

import pandas as pd
import panel as pn

from ..card import card, heading, html
from ..compare import novel_frames
from ..sets import Sets
from ..state import State
from ..view import View

_SHOWN = 200
_TITLES = {"frame": "Frame", "label": "Label", "delta": "Max δH / nats", "share": "Novel / %"}


class NovelView(View):
    """A table, the most novel frame first; a row that is clicked becomes the frame that is looked at."""

    def __init__(self, state: State, sets: Sets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._head = sets, html()
        self._rows: list[int] = []
        self._table = _table()
        self._empty = html('<div class="empty">Add a reference file to see what is new to it.</div>')
        self._table.param.watch(lambda event: self._picked(event.new), "selection")
        self.follow(self._update, "comparison", source=sets)

    def _update(self) -> None:
        comparison, opened = self._sets.comparison, self._state.opened
        self._table.visible, self._empty.visible = comparison is not None, comparison is None
        note = "click a row to pick the frame" if comparison is not None else ""
        self._head.object = heading("What the reference does not know", ("delta",), note)
        if comparison is None or opened is None:
            return
        novel = novel_frames(comparison.novelty, opened.envs.offsets, _SHOWN)
        self._rows = [int(row) for row in novel["row"]]
        labels = [opened.dataset.labels[int(frame)] for frame in novel["frame"]]
        self._table.selection = []
        self._table.value = pd.DataFrame(
            {
                "frame": novel["frame"].astype(int),
                "label": labels,
                "delta": novel["delta"].round(2),
                "share": (100 * novel["share"]).round(1),
            }
        )

    def _picked(self, selection: list[int]) -> None:
        if selection:
            row = self._rows[selection[0]]
            frame = int(self._state.opened.envs.frame_index[row])
            with pn.io.hold():
                self._state.param.update(current=row, selected=(frame,))

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._table, self._empty, area="novel")


def _table() -> pn.widgets.Tabulator:
    return pn.widgets.Tabulator(
        pd.DataFrame({name: [] for name in _TITLES}), titles=_TITLES, show_index=False, disabled=True,
        selectable=1, sizing_mode="stretch_both", min_height=200, layout="fit_columns", margin=(6, 0, 0, 0),
        theme="simple", widths={"frame": 80},
        text_align={"delta": "right", "share": "right", "frame": "right"},
    )  # fmt: skip
