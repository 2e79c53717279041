"""A row with a finding, whose frames can be selected or excluded."""

from collections.abc import Mapping
from html import escape

import panel as pn

from quests_core.health import ERROR, INFO, WARNING, Finding

from ..session.state import State
from ..text.numbers import plural
from ..text.sentences import named_frames
from ..widgets.buttons import button
from ..widgets.card import CSS, html

_MARKS = {ERROR: "✖", WARNING: "▲", INFO: "i"}
SEVERITY_NAMES = {ERROR: "error", WARNING: "warning", INFO: "note"}


def finding_row(state: State, finding: Finding, reasons: Mapping[int, str]) -> pn.Row:
    """Return a finding with the buttons that select and exclude its frames.

    Parameters
    ----------
    state : State
        Its `selected` and `marks` are set.
    finding : Finding
        The finding.
    reasons : mapping of int to str
        Why each of its frames is excluded, for the record.
    """

    def select() -> None:
        with pn.io.hold():
            state.selected = finding.frames

    def exclude() -> None:
        marks = state.marks.exclude(finding.frames, reasons)
        with pn.io.hold():
            if len(marks.excluded) == len(state.data.envs):
                state.error = f"{finding.title}: excluding these frames would leave none."
            else:
                state.marks = marks

    mark, name = _MARKS[finding.severity], SEVERITY_NAMES[finding.severity]
    text = html(
        f'<div class="finding {finding.severity}">'
        f'<span class="mark" role="img" aria-label="{name}">{mark}</span>'
        f"<div><b>{escape(finding.title)}</b> · {plural(len(finding.frames), 'frame')}"
        f'<div class="small">{escape(finding.explanation)}</div>'
        f'<div class="small">{named_frames(finding.frames, 12)}</div></div></div>'
    )
    style = {"margin": (4, 2), "align": "center"}
    label = "Select this frame" if len(finding.frames) == 1 else "Select these frames"
    buttons = [button(label, f"Select: {finding.title}", select, **style)]
    if finding.removable:
        buttons.append(button("Exclude", f"Exclude: {finding.title}", exclude, **style))
    return pn.Row(
        text, *buttons, css_classes=["finding-row"], stylesheets=[CSS], sizing_mode="stretch_width", margin=0
    )
