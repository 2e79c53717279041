"""The slider: how many frames every method keeps."""

import panel as pn
import panel_material_ui as pmui
import param

from ..card import html
from ..format import size_line
from ..state import State
from ..view import View


class SizeView(View):
    """Cuts the computed orders; nothing is computed when it moves."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._line = html()
        # The label stays for screen readers; the line above says it better to everyone else.
        unseen = {"& .MuiFormLabel-root, & .MuiTypography-root": {"display": "none"}}
        self._slider = pmui.IntSlider(
            label="Frames kept", start=0, end=1, value=0, show_value=False, tooltips=False, size="small",
            sizing_mode="stretch_width", margin=(0, 8, 0, 8), sx=unseen,
        )  # fmt: skip
        self._slider.param.watch(self._moved, "value")
        self.follow(self._update_bounds, "opened", "paths")
        self.follow(self._update, "opened", "paths", "active", "n_frames")

    def _moved(self, event) -> None:
        sizes = self._state.sizes
        # All views change in one message to the browser instead of a hundred.
        with pn.io.hold():
            self._state.n_frames = int(sizes[min(event.new, len(sizes) - 1)])

    def _update_bounds(self) -> None:
        last = len(self._state.sizes) - 1
        if self._slider.end != max(1, last):
            with param.parameterized.discard_events(self._slider):
                self._slider.value = 0
            self._slider.end = max(1, last)
        self._slider.disabled = last < 1

    def _update(self) -> None:
        state = self._state
        if state.path is None or state.opened is None:
            return
        self._slider.value = state.path.position(state.n_frames)
        row = state.row_of(state.active)
        line = size_line(int(row["n_frames"]), len(state.opened.envs), int(row["n_envs"]))
        self._line.object = f'<div class="size">{line}</div>'

    def __panel__(self):
        """Return what the page shows of this view."""
        return pn.Column(
            html('<div class="section">Size of the subset</div>'),
            self._line,
            self._slider,
            sizing_mode="stretch_width", margin=(6, 16, 4, 16),
        )  # fmt: skip
