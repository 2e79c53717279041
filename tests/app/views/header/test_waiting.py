"""The message in place of the plots."""

from quests_app.views.header.waiting import WaitingView
from tests.app.conftest import text_of


def test_the_message_while_nothing_is_open_and_while_a_file_opens(session, file):
    state, view = session.state, WaitingView(session.state, session.controller)
    assert view._card.visible
    assert view._demo.visible
    assert "Nothing is open" in text_of(view)
    state.main_activity.param.update(running=True, title="Opening <b>.xyz")
    assert "Opening &lt;b&gt;.xyz" in text_of(view)
    assert not view._demo.visible
    state.main_activity.running = False
    session.open(file)
    assert not view._card.visible


def test_the_button_opens_the_demo(session, monkeypatch):
    opened = []
    monkeypatch.setattr(session.controller, "open_demo", lambda: opened.append("demo"))
    WaitingView(session.state, session.controller)._demo.clicks += 1
    assert opened == ["demo"]
