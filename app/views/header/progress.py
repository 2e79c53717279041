"""The progress of the running job."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...jobs.activity import WAITING
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import duration
from ...text.parts import progress_text
from ...widgets.card import CSS, html
from ..base import View

# White on the bar at the top of the page, in both themes.
_ON_BAR = {"color": "#ffffff", "borderColor": "rgb(255 255 255 / 60%)", "backgroundColor": "transparent"}
_ON_BAR_TRACK = {
    "backgroundColor": "rgb(255 255 255 / 30%)",
    "& .MuiLinearProgress-bar": {"backgroundColor": "#ffffff"},
}


class ProgressView(View):
    """What is computed, how much of it is done, and a Cancel button; hidden while nothing is computed.

    Parameters
    ----------
    state, tab
        See `View`.
    controller : Controller
        Cancels the job.
    on_bar : bool
        Whether it stands in the bar at the top of the page, where it moves nothing when it comes and goes.
    """

    def __init__(self, state: State, controller: Controller, tab: str = "", on_bar: bool = False):
        super().__init__(state, tab)
        self._text = html()
        self._bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", margin=(4, 0, 0, 0),
            sx=_ON_BAR_TRACK if on_bar else {},
        )  # fmt: skip
        self._cancel = pmui.Button(
            label="Cancel", size="small", variant="outlined", width=80, margin=(0, 0, 0, 12), align="center",
            sx=_ON_BAR if on_bar else {},
        )  # fmt: skip
        self._cancel.on_click(lambda _: controller.cancel())
        if on_bar:
            self._text.css_classes = ["on-bar"]
        self._row = pn.Row(
            pn.Column(self._text, self._bar, sizing_mode="stretch_width", margin=0, align="center"),
            self._cancel, css_classes=["bar-progress" if on_bar else "card"], stylesheets=[CSS],
            sizing_mode="stretch_width", margin=(0, 16, 0, 40) if on_bar else 0, align="center",
            visible=False,
        )  # fmt: skip
        self.follow(
            self._update, "running", "title", "step", "fraction", "remaining", source=state.main_activity
        )
        self.follow(self._update, "paths", "methods", "opening")

    def _update(self) -> None:
        activity = self._state.main_activity
        self._row.visible = activity.running
        self._bar.value = round(100 * activity.fraction)
        done = "" if activity.step.startswith(WAITING) else f"{100 * activity.fraction:.0f} %"
        # At the end of a step, the duration of the next one is unknown.
        left = duration(activity.remaining) if activity.fraction < 1 else ""
        details = " · ".join(text for text in (activity.step, done, left) if text)
        self._text.object = (
            f'<div class="progress"><b>{escape(activity.title)}</b><span>{escape(details)}</span></div>'
            f'<div class="small ellipsis">{escape(self._shown_text())}</div>'
        )

    def _shown_text(self) -> str:
        """Return whose results are shown meanwhile, and which part of them."""
        state = self._state
        if state.opening and state.opened is not None:
            name = state.opened.dataset.name
            # The same file is recomputed.
            of = "previous results" if state.opening == name else f"results of {name}"
            return f"Meanwhile, the {of} are shown."
        return progress_text(state.parts)

    def __panel__(self):
        """Return the row."""
        return self._row
