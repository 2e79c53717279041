"""Progress and messages above the plots."""

from quests_app.views.header.status import StatusView
from tests.app.conftest import text_of


def test_messages_stay_until_they_are_dismissed(opened, tmp_path):
    view = StatusView(opened.state, opened.controller)
    assert not view._all.visible
    opened.open(tmp_path / "missing.xyz")
    assert view._error.visible
    assert "missing.xyz" in view._error[0].object
    view._error.closed = True
    assert opened.state.error == ""
    assert not view._all.visible
    opened.open(tmp_path / "missing.xyz")
    assert view._error.visible
    assert not view._error.closed, "it is shown again"


def test_progress_is_shown_with_step_and_time_left(session):
    view = StatusView(session.state, session.controller)
    session.state.main_activity.param.update(
        running=True, title="Opening <b>.xyz", step="descriptors", fraction=0.4, remaining=12.0
    )
    shown = text_of(view)
    assert "Opening &lt;b&gt;.xyz" in shown
    assert "descriptors · 40 % · 12 s left" in shown
    assert view._bar.value == 40
    assert view._all.visible
