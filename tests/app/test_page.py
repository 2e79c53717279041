"""The page of a session."""

from quests_app.jobs.activity import WAITING
from quests_app.page import page


def test_opening_is_deferred_until_the_page_begins(session, file, monkeypatch):
    begun = []
    page(session.state, session.controller, f"?file={file}&k=20", begin=begun.append)
    assert session.callbacks.empty()
    assert session.controller._jobs._pending == []
    assert (session.state.main_activity.running, session.state.main_activity.step) == (True, WAITING)
    (begin,) = begun
    begin()
    session.run()
    assert session.state.opened.dataset.path == file
    assert session.state.opened.parameters.k == 20
    assert not session.state.main_activity.running
