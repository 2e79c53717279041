"""The progress of the running job, errors and notices."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import duration
from ...text.parts import progress_text
from ...widgets.card import CSS, html
from ..base import View


class StatusView(View):
    """Progress with a Cancel button, and messages that stay until they are dismissed."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._text = html()
        self._bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", margin=(6, 0, 0, 0)
        )
        self._cancel = pmui.Button(
            label="Cancel", size="small", variant="outlined", width=80, margin=(0, 0, 0, 12)
        )
        self._cancel.on_click(lambda _: controller.cancel())
        self._progress = pn.Row(
            pn.Column(self._text, self._bar, sizing_mode="stretch_width", margin=0), self._cancel,
            css_classes=["card"], sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self._kernels = html(visible=False)
        self._error, self._error_text = self._alert("error", "error")
        self._notice, self._notice_text = self._alert("info", "notice")
        # Over the page at its bottom, to be seen wherever it is scrolled to.
        self._messages = pn.Column(
            self._error, self._notice, margin=0, visible=False, css_classes=["toasts"], stylesheets=[CSS]
        )
        self._all = pn.Column(
            self._progress, self._kernels, self._messages,
            sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self.follow(
            self._update_progress,
            "running",
            "title",
            "step",
            "fraction",
            "remaining",
            source=state.main_activity,
        )
        self.follow(self._update_progress, "paths", "methods", "opening")
        self.follow(self._update_kernels, "running", "step", "fraction", source=state.kernel_activity)
        self.follow(self._update_error, "error")
        self.follow(self._update_notice, "notice")

    def _alert(self, severity: str, name: str) -> tuple[pmui.Alert, pn.pane.HTML]:
        # The alert would unescape its own `object` before it is set as HTML, so the text is in a pane.
        text = html()
        alert = pmui.Alert(
            text, severity=severity, closeable=True, visible=False, margin=0, sizing_mode="stretch_width"
        )

        def closed(event) -> None:
            if event.new:
                setattr(self._state, name, "")

        alert.param.watch(closed, "closed")
        return alert, text

    def _update_progress(self) -> None:
        activity = self._state.main_activity
        self._progress.visible = activity.running
        self._hide_if_empty()
        self._bar.value = round(100 * activity.fraction)
        done = f"{100 * activity.fraction:.0f} %"
        # At the end of a step, the duration of the next one is unknown.
        left = duration(activity.remaining) if activity.fraction < 1 else ""
        details = " · ".join(text for text in (activity.step, done, left) if text)
        self._text.object = (
            f'<div class="progress"><b>{escape(activity.title)}</b><span>{escape(details)}</span></div>'
            f'<div class="small">{escape(self._shown_text())}</div>'
        )

    def _shown_text(self) -> str:
        """Return whose results are shown meanwhile, and which part of them."""
        state = self._state
        if state.opening and state.opened is not None:
            return f"Meanwhile, the results of {state.opened.dataset.name} are shown."
        return progress_text(state.parts)

    def _update_kernels(self) -> None:
        activity = self._state.kernel_activity
        self._kernels.visible = activity.running
        self._hide_if_empty()
        self._kernels.object = (
            '<div class="small">First use of this version: code is compiled in the background '
            f"({escape(activity.step)}, {100 * activity.fraction:.0f} %). You can already work.</div>"
        )

    def _update_error(self) -> None:
        self._show(self._error, self._error_text, self._state.error)

    def _update_notice(self) -> None:
        self._show(self._notice, self._notice_text, self._state.notice)

    def _hide_if_empty(self) -> None:
        self._messages.visible = self._error.visible or self._notice.visible
        # Messages alone take no room in the page. Bokeh keeps a style that is no longer given.
        in_page = self._progress.visible or self._kernels.visible
        alone = self._messages.visible and not in_page
        self._all.styles = {
            "position": "fixed" if alone else "relative",
            "z-index": "1500" if alone else "auto",
        }
        self._all.visible = in_page or self._messages.visible

    def _show(self, alert: pmui.Alert, pane: pn.pane.HTML, text: str) -> None:
        pane.object = escape(text)
        alert.param.update(visible=bool(text), closed=not text)
        self._hide_if_empty()

    def __panel__(self):
        """Return the column of progress and messages."""
        return self._all
