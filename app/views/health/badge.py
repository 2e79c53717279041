"""The number of errors and warnings on the tab of the health checks."""

from collections.abc import Callable

from quests_core.health import ERROR, WARNING, Finding

from ...analysis.analysed_dataset import check_dataset
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import plural
from ..base import View


class HealthBadge(View):
    """Check each data set once its methods are computed, whether the tab is opened or not.

    Parameters
    ----------
    state, controller
        As in every view.
    show : callable
        Shows the badge, as HTML; "" for none.
    """

    def __init__(self, state: State, controller: Controller, show: Callable[[str], None]):
        super().__init__(state)
        self._controller, self._show_badge = controller, show
        self._requested: object = None
        self.follow(self._request, "opened", "paths", "methods")

    def _request(self) -> None:
        state, opened = self._state, self._state.opened
        if opened is None or opened is self._requested:
            return
        self._show_badge("")
        if state.parts or not set(state.methods) <= set(state.paths):
            return
        self._requested = opened
        self._controller.compute(
            "Checking the data set",
            "health",
            lambda progress: check_dataset(opened, progress),
            lambda findings: self._show_badge(badge(findings)),
            # The tab shows the error once it is opened.
            lambda _: None,
        )


def badge(findings: list[Finding]) -> str:
    """Return the number of errors, or else of warnings, as HTML; "" without either."""
    for severity, colors in ((ERROR, "#b3261e;color:#fff"), (WARNING, "#f2a900;color:#1a1a1a")):
        if n := sum(finding.severity == severity for finding in findings):
            return (
                f'&nbsp;<span title="{plural(n, severity)}" style="background:{colors};border-radius:9px;'
                f'padding:1px 6px;font-size:11px;font-weight:600">{n}</span>'
            )
    return ""
