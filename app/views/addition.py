"""Compression given the reference: which frames bring something new to it."""

import panel as pn
import panel_material_ui as pmui

from ..parts.card import card, heading, html
from ..parts.format import percent, plural
from ..parts.latest import Latest
from ..parts.view import View
from ..plots.base import set_range
from ..plots.handle import add_handle
from ..plots.sets import addition_plot
from ..sets import Sets
from ..state import State

_ENOUGH = 0.95


class AdditionView(View):
    """What reference and first frames cover together, and a button that picks these frames."""

    def __init__(self, state: State, sets: Sets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._head, self._shown = sets, html(), None
        self._plot, self._span = addition_plot()
        self._stops, self._wish = add_handle(self._plot.figure, self._span)
        latest = Latest(self._go_to)
        self._wish.on_change("data", lambda _, __, data: latest(int(data["n_frames"][0])))
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._figure = pn.Column(figure, sizing_mode="stretch_both", margin=0)
        self._slider = pmui.IntSlider(
            label="Frames added", start=0, end=1, value=0, show_value=False, tooltips=False, size="small",
            margin=(0, 8), sizing_mode="stretch_width",
            sx={"& .MuiFormLabel-root, & .MuiTypography-root": {"display": "none"}},
        )  # fmt: skip
        self._pick = pmui.Button(
            label="Pick these frames", size="small", variant="outlined", margin=(0, 0, 0, 8)
        )
        self._line = html()
        self._bar = pn.Row(self._slider, self._pick, sizing_mode="stretch_width", margin=0, align="center")
        self._empty = html()
        self._compute = pmui.Button(
            label="Compute", size="small", variant="outlined", margin=8, align="center"
        )
        self._compute.on_click(lambda _: sets.add_up())
        self._pick.on_click(lambda _: self._picked())
        self._slider.param.watch(lambda _: self._update_size(), "value")
        self.follow(self._update, "addition", "chosen", "comparison", "pending", source=sets)
        self.follow(self._update, "opened")

    def _go_to(self, n_frames: int) -> None:
        sizes = self._sets.addition.sizes.tolist() if self._sets.addition is not None else []
        if n_frames in sizes:
            self._slider.value = sizes.index(n_frames)

    def _update(self) -> None:
        addition = self._sets.addition
        for part in (self._figure, self._bar, self._line):
            part.visible = addition is not None
        self._empty.visible = addition is None
        computing = "addition" in self._sets.pending
        self._compute.visible = addition is None and self._sets.comparison is not None and not computing
        self._head.object = heading("What to add to the reference", ("given",))
        if addition is None:
            why = "Add a reference file to see which frames of this one bring something new to it."
            if self._sets.chosen is not None:
                why = "The order of this file's frames by what is new to the reference"
                why += " is being computed …" if self._sets.pending else " takes a while for so many."
            self._empty.object = f'<div class="empty">{why}</div>'
            return
        if addition is self._shown:
            return
        self._shown = addition
        given, alone = 100 * addition.covered, 100 * addition.covered_alone
        self._plot.sources["given"].data = {"n_frames": addition.sizes, "percent": given}
        self._plot.sources["alone"].data = {"n_frames": addition.sizes, "percent": alone}
        self._stops.data = {"x": addition.sizes, "y": given, "n_frames": addition.sizes}
        set_range(self._plot.figure.x_range, 0, 1.02 * addition.sizes[-1])
        enough = addition.sizes.tolist().index(addition.enough(_ENOUGH))
        self._slider.param.update(end=len(addition.sizes) - 1, value=enough)
        self._update_size()

    def _update_size(self) -> None:
        addition = self._sets.addition
        if addition is None:
            return
        at = min(self._slider.value, len(addition.sizes) - 1)
        n, covered = int(addition.sizes[at]), float(addition.covered[at])
        self._span.location = n
        locked = len(self._state.marks.locked)
        first = f" Locked frames ({locked}) come first." if locked else ""
        self._line.object = (
            f'<div class="small"><b>{plural(n, "frame")}</b> added: the reference and they cover '
            f"<b>{percent(covered)}</b> of this file; the reference alone "
            f"{percent(addition.covered[0])}.{first}</div>"
        )
        self._pick.disabled = n == 0

    def _picked(self) -> None:
        addition = self._sets.addition
        n = int(addition.sizes[min(self._slider.value, len(addition.sizes) - 1)])
        with pn.io.hold():
            self._state.selected = tuple(sorted(int(frame) for frame in addition.order[:n]))

    def __panel__(self):
        """Return the card."""
        return card(
            self._head, self._line, self._bar, self._figure, self._empty, self._compute, area="addition"
        )
