"""The findings of the checks of the data set."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from quests_core.health import ERROR, INFO, WARNING, Finding

from ...analysis.analysed_dataset import check_dataset
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import plural
from ...text.sentences import frame_list
from ...widgets.buttons import button
from ...widgets.card import CSS, card, heading, html
from ..base import View
from ..queue_text import queue_status

_MARKS = {ERROR: "✖", WARNING: "▲", INFO: "i"}
_TITLE = "Checking the data set"
_NAMES = {ERROR: "error", WARNING: "warning", INFO: "note"}


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
        shown = frame_list(finding.frames, 12)
        noun = "frame" if len(finding.frames) == 1 else "frames"
        mark, name = _MARKS[finding.severity], _NAMES[finding.severity]
        text = html(
            f'<div class="finding {finding.severity}">'
            f'<span class="mark" role="img" aria-label="{name}">{mark}</span>'
            f"<div><b>{escape(finding.title)}</b> · {plural(len(finding.frames), 'frame')}"
            f'<div class="small">{escape(finding.explanation)}</div>'
            f'<div class="small">{noun} {shown}</div></div></div>'
        )
        style = {"margin": (4, 2), "align": "center"}
        label = "Select this frame" if len(finding.frames) == 1 else "Select these frames"
        buttons = [button(label, f"Select: {finding.title}", lambda: self._select(finding), **style)]
        if finding.removable:
            buttons.append(
                button("Exclude", f"Exclude: {finding.title}", lambda: self._exclude(finding), **style)
            )
        return pn.Row(
            text,
            *buttons,
            css_classes=["finding-row"],
            stylesheets=[CSS],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _select(self, finding: Finding) -> None:
        with pn.io.hold():
            self._state.selected = finding.frames

    def _exclude(self, finding: Finding) -> None:
        with pn.io.hold():
            self._state.marks = self._state.marks.exclude(finding.frames)

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
    counts = {severity: sum(f.severity == severity for f in findings) for severity in _NAMES}
    badges = [
        f'<span class="badge {severity}">{plural(n, _NAMES[severity])}</span>'
        for severity, n in counts.items()
        if n
    ]
    return " ".join(badges) or '<span class="badge fine">no problems</span>'
