"""New sessions are admitted one at a time."""

import gc

from bokeh.document import Document

from quests_app.server import page_admission
from quests_app.server.page_admission import PageAdmission
from tests.app.server.test_loop_scheduler import assert_answered_in_turn


def test_requests_are_answered_before_the_next_session(monkeypatch):
    monkeypatch.setattr(page_admission, "PAUSE", 0)
    assert_answered_in_turn(PageAdmission().on_session_created)


def test_a_new_page_is_left_out_of_garbage_collections():
    before = gc.get_freeze_count()
    kept = [[] for _ in range(1000)]
    try:
        PageAdmission().modify_document(Document())
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
