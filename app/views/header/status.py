"""Errors, notices, the progress of the compilation in the background, and the cluster."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...session.state import State
from ...text.numbers import unbroken
from ...widgets.card import CSS, html
from ...widgets.deferred import fill_when_visible
from ..base import View
from ..cluster_text import cluster_text


class StatusView(View):
    """Messages that stay until they are dismissed."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._lines = html(visible=False)
        self._error, self._error_text = self._alert("error", "error")
        self._notice, self._notice_text = self._alert("info", "notice")
        # Over the page at its bottom, to be seen wherever it is scrolled to.
        self._messages = pn.Column(margin=0, visible=False, css_classes=["toasts"], stylesheets=[CSS])
        fill_when_visible(self._messages, self._error, self._notice)
        self._all = pn.Column(
            self._lines, self._messages, sizing_mode="stretch_width", margin=0, visible=False
        )
        self.follow(self._update_lines, "running", "step", "fraction", source=state.kernel_activity)
        self.follow(self._update_lines, "cluster")
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

    def _update_lines(self) -> None:
        activity, status, lines = self._state.kernel_activity, self._state.cluster, []
        if activity.running:
            lines.append(
                "First use of this version: code is compiled in the background "
                f"({escape(activity.step)}, {100 * activity.fraction:.0f} %). "
                "The page can be used meanwhile."
            )
        if status is not None:
            lines.append(unbroken(cluster_text(status)))
        text = "".join(f'<div class="small">{line}</div>' for line in lines)
        self._lines.param.update(object=text, visible=bool(lines))
        self._hide_if_empty()

    def _update_error(self) -> None:
        self._show(self._error, self._error_text, self._state.error)

    def _update_notice(self) -> None:
        self._show(self._notice, self._notice_text, self._state.notice)

    def _hide_if_empty(self) -> None:
        self._messages.visible = self._error.visible or self._notice.visible
        # Messages alone take no room in the page. Bokeh keeps a style that is no longer given.
        alone = self._messages.visible and not self._lines.visible
        self._all.styles = {
            "position": "fixed" if alone else "relative",
            "z-index": "1500" if alone else "auto",
        }
        self._all.visible = self._lines.visible or self._messages.visible

    def _show(self, alert: pmui.Alert, pane: pn.pane.HTML, text: str) -> None:
        pane.object = escape(text)
        alert.param.update(visible=bool(text), closed=not text)
        self._hide_if_empty()

    def __panel__(self):
        """Return the column of messages."""
        return self._all
