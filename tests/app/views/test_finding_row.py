"""The row of a finding."""

from quests_app.views.finding_row import finding_row
from quests_core.health import INFO, WARNING, Finding


def buttons(row):
    return {button.description: button for button in row.select(lambda x: hasattr(x, "clicks"))}


def test_its_frames_are_selected_or_excluded_with_the_reason(opened):
    state = opened.state
    row = finding_row(state, Finding("x", WARNING, "Odd", "<b>", (3, 5), True), {3: "x: a", 5: "x: b"})
    assert "&lt;b&gt;" in row[0].object
    buttons(row)["Select: Odd"].clicks += 1
    assert state.selected == (3, 5)
    buttons(row)["Exclude: Odd"].clicks += 1
    assert state.marks.excluded == (3, 5)
    assert state.marks.reasons == {3: ("x: a",), 5: ("x: b",)}


def test_only_what_is_removable_is_excluded_and_one_frame_is_left(opened):
    state = opened.state
    note = finding_row(state, Finding("x", INFO, "Note", "", (3,)), {})
    assert set(buttons(note)) == {"Select: Note"}
    everything = Finding("x", WARNING, "All", "", tuple(range(24)), True)
    buttons(finding_row(state, everything, {}))["Exclude: All"].clicks += 1
    assert state.marks.excluded == ()
    assert "would leave none" in state.error
