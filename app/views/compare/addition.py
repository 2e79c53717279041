"""Compression with a reference: the frames that add most to it."""

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui

from ...analysis.compare import share_covered
from ...analysis.method_path import MethodPath
from ...analysis.methods import MSC_WITH_REFERENCE
from ...plots.base import clear, set_data, set_range
from ...plots.elements.sets import ALONE, GIVEN
from ...plots.figures import addition_figure
from ...session.references import ReferenceSets
from ...session.state import State
from ...text.numbers import percent, plural
from ...widgets.card import card, heading, html
from ...widgets.latest import follow_handle
from ..base import View
from ..element_choice import ElementChoice


class AdditionView(View):
    """The share of environments that the reference and the first frames cover together.

    The order is a method like the others, and can be made the active one for the slider and the export.
    """

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._head = sets, html()
        self._plot = addition_figure()
        self._span, self._stops = self._plot.part("Size"), self._plot.part("Sizes")
        self._requested_size = self._plot.part("Requested")
        follow_handle(state, self._requested_size)
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(figure, sizing_mode="stretch_both", margin=0)
        button = {"size": "small", "variant": "outlined"}
        self._use = pmui.Button(
            label="Use as subset", description="Use this order for the slider and the export",
            margin=(0, 6, 0, 0), **button,
        )  # fmt: skip
        self._select = pmui.Button(label="Select these frames", margin=0, **button)
        self._line, self._empty = html(), html()
        self._bar = pn.Row(self._use, self._select, sizing_mode="stretch_width", margin=(4, 0))
        self._compute = pmui.Button(label="Compute", margin=8, align="center", **button)
        self._choice = ElementChoice(state, sets, tab)
        self._compute.on_click(lambda _: self._request())
        self._use.on_click(lambda _: self._make_active())
        self._select.on_click(lambda _: self._select_frames())
        self.follow(self._update, "comparison", "chosen", "alone", source=sets)
        self.follow(self._update, "opened", "paths", "methods", "reference")
        self.follow(self._update_size, "opened", "paths", "methods", "reference", "n_frames", "active")

    @property
    def _path(self) -> MethodPath | None:
        path = self._state.shown.get(MSC_WITH_REFERENCE)
        return path if path is not None and self._state.is_current(path) else None

    def _request(self) -> None:
        with pn.io.hold():
            self._sets.add_up()

    def _make_active(self) -> None:
        with pn.io.hold():
            self._state.active = MSC_WITH_REFERENCE

    def _select_frames(self) -> None:
        with pn.io.hold():
            frames = self._state.paths[MSC_WITH_REFERENCE].frames(self._state.n_frames)
            self._state.selected = tuple(sorted(int(frame) for frame in frames))

    def _update(self) -> None:
        path, comparison = self._path, self._sets.comparison
        shown = path is not None and comparison is not None
        for part in (self._figure, self._bar, self._line):
            part.visible = shown
        self._empty.visible = not shown
        computing = MSC_WITH_REFERENCE in self._state.methods
        self._compute.visible = not shown and comparison is not None and not computing
        self._head.object = heading("Frames to add to the reference", ("given",))
        if path is None or comparison is None:
            why = "Add a reference file to see which frames of this file are new to it."
            if self._sets.chosen is not None:
                why = "The order of this file's frames by novelty to the reference is "
                why += "being computed…" if computing or comparison is None else "not computed yet."
            self._empty.object = f'<div class="empty">{why}</div>'
            return
        sizes = np.append(0, path.sizes)
        first = share_covered(comparison.novelty)
        covered = 100 * np.append(first, path.slider_curve["overlap"].to_numpy())
        self._plot.sources["Added", GIVEN].data = {"n_frames": sizes, "percent": covered}
        alone, source = self._sets.alone, self._plot.sources["Added", ALONE]
        # It has the same marks, hence the same sizes; None while it is being computed.
        if alone is None:
            clear(source)
        else:
            set_data(source, {"n_frames": sizes, "percent": 100 * np.append(first, alone)})
        self._stops.data = {"x": path.sizes, "y": covered[1:], "n_frames": path.sizes}
        set_range(self._plot.figure.x_range, 0, 1.02 * sizes[-1])

    def _update_size(self) -> None:
        path, comparison, chosen = self._path, self._sets.comparison, self._sets.chosen
        if path is None or comparison is None or chosen is None:
            return
        row = self._state.row_of(MSC_WITH_REFERENCE)
        self._span.location = int(row["n_frames"])
        locked = len(self._state.marks.locked)
        first = f" Locked frames ({locked}) come first." if locked else ""
        self._line.object = (
            f'<div class="small">With <b>{plural(int(row["n_frames"]), "added frame")}</b>, '
            f"{escape(chosen.name)} covers <b>{percent(row['overlap'])}</b> of this file "
            f"({percent(share_covered(comparison.novelty))} alone).{first}</div>"
        )
        is_active = self._state.active == MSC_WITH_REFERENCE
        self._use.disabled = is_active
        self._use.label = "In use" if is_active else "Use as subset"

    def __panel__(self):
        """Return the card."""
        return card(
            self._head, self._choice, self._line, self._bar, self._figure, self._empty, self._compute,
            area="addition",
        )  # fmt: skip
