"""The findings of the checks of the data set."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from quests_core.health import Finding

from ...analysis.analysed_dataset import check_dataset
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import plural
from ...widgets.card import card, heading, html
from ..base import View
from ..finding_row import SEVERITY_NAMES, finding_row
from ..queue_text import queue_status

_TITLE = "Checking the data set"


class HealthView(View):
    """The findings, whose frames can be selected or excluded, and the notes of the reader."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller = controller
        self.findings: list[Finding] | None = None
        self._is_requested = False
        self._head = html()
        self._list = pn.Column(sizing_mode="stretch_width", margin=(6, 0, 0, 0))
        self._notes = html(margin=(6, 0, 0, 0))
        self._retry = pmui.Button(label="Check the data set", size="small", variant="outlined", margin=(8, 0))
        self._retry.on_click(lambda _: self._request())
        self.follow(self._request, "opened")
        self.follow(self._show_head, "running", "title", "step", "fraction", source=state.quick_activity)

    def _request(self) -> None:
        opened, self.findings = self._state.opened, None
        self._is_requested = opened is not None
        self._show()
        if opened is None:
            return

        def done(findings: list[Finding]) -> None:
            self.findings = findings
            with pn.io.hold():
                self._show()

        def failed(error: Exception) -> None:
            if self._state.opened is opened:
                self._is_requested = False
                with pn.io.hold():
                    self._show()
                    self._controller.show_error("Could not check the data set", error)

        self._controller.compute(
            _TITLE, "health", lambda progress: check_dataset(opened, progress), done, failed, quick=True
        )

    def _show_head(self) -> None:
        if self.findings is not None:
            note = _badges(self.findings)
        else:
            note = (
                queue_status(self._state.quick_activity, _TITLE) if self._is_requested else "not checked yet"
            )
        self._head.object = heading("Health of the data set", (), note)

    def _show(self) -> None:
        findings = self.findings
        self._retry.visible = findings is None and not self._is_requested and self._state.opened is not None
        self._show_head()
        self._notes.object = _notes(self._state.opened.dataset.notes if self._state.opened else ())
        if findings is None:
            self._list.objects = []
        elif not findings:
            self._list.objects = [
                html('<div class="empty"><span class="fine">✔ No problems found.</span></div>')
            ]
        else:
            self._list.objects = [self._row(finding) for finding in findings]

    def _row(self, finding: Finding) -> pn.Row:
        reasons = dict.fromkeys(finding.frames, finding.kind)
        return finding_row(self._state, finding, reasons)

    def __panel__(self):
        """Return the card."""
        return card(
            self._head, self._retry, self._list, self._notes,
            area="health", css=("tall",), sizing_mode="stretch_width",
        )  # fmt: skip


def _notes(notes: tuple[str, ...]) -> str:
    """Return as HTML the notes on what the reader ignored, dropped or could not interpret."""
    lines = "".join(f'<div class="small">{escape(note)}</div>' for note in notes)
    return f'<div class="finding info"><div><b>Noted while reading</b>{lines}</div></div>' if notes else ""


def _badges(findings: list[Finding]) -> str:
    """Return the number of findings of each severity as HTML."""
    counts = {severity: sum(f.severity == severity for f in findings) for severity in SEVERITY_NAMES}
    badges = [
        f'<span class="badge {severity}">{plural(n, SEVERITY_NAMES[severity])}</span>'
        for severity, n in counts.items()
        if n
    ]
    return " ".join(badges) or '<span class="badge fine">no problems</span>'
