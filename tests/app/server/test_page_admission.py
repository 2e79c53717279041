"""New sessions are admitted one at a time."""

import asyncio
import gc
from types import SimpleNamespace

from bokeh.document import Document

from quests_app.server import loop_scheduler, page_admission
from quests_app.server.page_admission import PageAdmission
from tests import asynchronous
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


def test_pages_take_at_most_half_of_the_time(monkeypatch):
    """The pause before a page is as long as the previous one took to build."""
    clock, pauses, admission = [0.0], [], PageAdmission()

    async def pause(seconds):
        pauses.append(seconds)

    monkeypatch.setattr(page_admission, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(page_admission, "asyncio", SimpleNamespace(sleep=pause))

    async def scenario():
        for seconds in (2.0, 0.0, 0.0):
            await admission.on_session_created(None)
            clock[0] += seconds
            admission.modify_document(None)

    asynchronous.run(scenario())
    assert pauses == [0.0, 2.0, page_admission.PAUSE]


def test_the_previous_page_is_rendered_before_the_next_is_built():
    seen, admission = [], PageAdmission()

    async def page(name):
        await admission.on_session_created(None)
        seen.append(f"built {name}")
        admission.modify_document(None)
        await loop_scheduler.loop_scheduler().wait_until_idle()
        seen.append(f"rendered {name}")

    async def scenario():
        await asyncio.gather(*[page(name) for name in "abc"])

    asynchronous.run(scenario())
    assert seen == [f"{done} {name}" for name in "abc" for done in ("built", "rendered")]
