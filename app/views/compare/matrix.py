"""Overlaps of the labels within the file, or of several files."""

import panel as pn
import panel_material_ui as pmui

from ...plots.figures import matrix_figure, show_matrix
from ...session.references import ReferenceSets
from ...session.state import State
from ...text.numbers import plural
from ...widgets.card import AS_WRITTEN, card, heading, html
from ..base import View

_SX = {"& .MuiToggleButton-root": {**AS_WRITTEN["& .MuiToggleButton-root"], "whiteSpace": "nowrap"}}
LABELS, FILES = "Labels in this file", "Files"


class MatrixView(View):
    """A heat map; each row holds the shares of one set that the others cover."""

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._plot, self._head = sets, matrix_figure(), html()
        self._mode = pmui.RadioButtonGroup(
            options=[LABELS, FILES], value=LABELS, size="small", sx=_SX, margin=(6, 0, 2, 0)
        )
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(figure, sizing_mode="stretch_both", margin=0)
        self._empty = html(visible=False)
        self._mode.param.watch(lambda _: self._switched(), "value")
        self.follow(self._update, "labels", "files", "references", "pending", source=sets)
        self.follow(self._update, "opened")

    def _switched(self) -> None:
        with pn.io.hold():
            if self._mode.value == FILES and not self._sets.with_files:
                self._sets.with_files = True
                self._sets.refresh()
            self._update()

    def _leave_empty_labels(self) -> None:
        """Offer the files alone where there are some, and only one label, which compares with nothing."""
        labels, sets = self._sets.labels, self._sets
        only_files = labels is not None and len(labels.names) < 2 and bool(sets.references)
        self._mode.visible = not only_files
        if only_files and self._mode.value == LABELS:
            self._mode.value = FILES

    def _update(self) -> None:
        self._leave_empty_labels()
        matrix = self._sets.labels if self._mode.value == LABELS else self._sets.files
        note = "not symmetric: larger sets cover more"
        shown = matrix is not None and len(matrix.names) > 1
        self._figure.visible, self._empty.visible = shown, not shown
        if matrix is not None and shown:
            show_matrix(self._plot, matrix.shares, matrix.names)
            if matrix.left_out:
                note += f"; {plural(matrix.left_out, 'smaller label')} left out"
        else:
            self._empty.object = f'<div class="empty">{self._why(matrix)}</div>'
        self._head.object = heading("Pairwise overlap", ("overlap",), note)

    def _why(self, matrix) -> str:
        if self._mode.value == FILES and not self._sets.references:
            return "Add a second file to compare files."
        if matrix is None:
            return "Computing…" if self._sets.pending else "Not computed."
        return "All frames have the same label, so no labels can be compared."

    def __panel__(self):
        """Return the card."""
        return card(self._head, self._mode, self._figure, self._empty, area="matrix")
