"""The garbage of closed sessions."""

import gc
import weakref
from types import SimpleNamespace

import pytest

from quests_app.server import garbage
from quests_app.server.garbage import DeferredCollection


@pytest.mark.costly
def test_one_collection_serves_several_ended_sessions(monkeypatch):
    class Timer:
        def __init__(self, seconds, function, args):
            timers.append((function, args))

        def start(self):
            pass

    class Page:
        pass

    timers, n_frozen = [], gc.get_freeze_count()
    monkeypatch.setattr("quests_app.server.garbage.threading.Timer", Timer)
    leavings, page = DeferredCollection(), Page()
    page.itself, there = page, weakref.ref(page)
    gc.freeze()
    del page
    gc.collect()
    assert there() is not None, "new pages are frozen"
    leavings.request()
    leavings.request()
    assert len(timers) == 1
    function, args = timers.pop()
    function(*args)
    assert there() is None
    assert gc.get_freeze_count() > 1000
    # The second session ended after the first collection was scheduled.
    function, args = timers.pop()
    function(*args)
    assert timers == []
    if not n_frozen:
        gc.unfreeze()


def test_slow_collections_are_rare(monkeypatch):
    clock, delays = [0.0], []

    class Timer:
        def __init__(self, seconds, function, args):
            delays.append(seconds)

        def start(self):
            pass

    def collect():
        clock[0] += 3.0

    monkeypatch.setattr(garbage.threading, "Timer", Timer)
    monkeypatch.setattr(garbage, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    names = {"freeze": lambda: None, "unfreeze": lambda: None, "collect": collect}
    monkeypatch.setattr(garbage, "gc", SimpleNamespace(**names))
    collection = DeferredCollection()
    collection.request()
    collection.collect(0)
    assert delays == [garbage.RELEASE_SECONDS, 3.0 / garbage.SHARE]
