"""Communication with the page of a notebook."""

import threading
from types import SimpleNamespace

import pytest

from quests_app.jobs.activity import Activity
from quests_app.notebook import comm


def test_the_cell_shows_the_progress_of_any_activity(monkeypatch):
    """Two parameters that change together cause one call with two events."""
    clock, shown = iter([0.0, 5.0, 6.0]), []
    display = pytest.importorskip("IPython.display")
    handle = SimpleNamespace(update=lambda html: shown.append(html.data))
    monkeypatch.setattr(comm, "in_notebook", lambda: True)
    monkeypatch.setattr(comm.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(display, "display", lambda html, **_: shown.append(html.data) or handle)
    work, mapping = Activity(title="Opening"), Activity(title="UMAP")
    with comm.progress_line(work, mapping):
        work.param.update(step="descriptors", fraction=0.5)
        mapping.param.update(step="embedding", fraction=0.25)
    assert shown[0].startswith("Opening · descriptors · 50 %")
    assert shown[1].startswith("UMAP · embedding · 25 %")
    assert shown[2] == ""
    work.step = "afterwards"
    assert len(shown) == 3


def test_a_waiting_inbox_runs_functions_in_order():
    inbox, ran = comm.Inbox(), []

    def ask():
        for i in range(50):
            inbox(lambda i=i: ran.append((i, threading.current_thread())))

    worker = threading.Thread(target=ask)
    worker.start()
    inbox.wait(lambda: len(ran) == 50)
    worker.join()
    assert ran == [(i, threading.main_thread()) for i in range(50)]


def test_messages_of_the_page_are_handled_in_the_main_thread():
    class Heard:
        said = ()

        def _on_msg(self, *message):
            self.said = (*self.said, (message, threading.current_thread()))

    view, inbox = Heard(), comm.Inbox()
    comm.Wire(inbox).listen(view)
    worker = threading.Thread(target=view._on_msg, args=("ref", "manager", "moved"))
    worker.start()
    worker.join()
    assert view.said == ()
    inbox.wait(lambda: view.said)
    assert view.said == ((("ref", "manager", "moved"), threading.main_thread()),)
