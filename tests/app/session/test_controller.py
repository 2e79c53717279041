"""The actions of the user, and the resulting state."""

import threading
import uuid

import pytest
from ase.io import write

from quests_app.analysis import method_path
from quests_app.jobs import queue

from ..conftest import Session


def test_choosing_a_method_computes_it_once(opened):
    state = opened.state
    state.methods = ["msc", "random", "mean_fps"]
    assert "mean_fps" not in state.shown
    opened.run()
    assert list(state.shown) == ["msc", "mean_fps", "random"]
    path = state.paths["mean_fps"]
    state.methods = ["msc"]
    state.methods = ["msc", "mean_fps"]
    opened.run()
    assert state.paths["mean_fps"] is path


def test_unticking_the_active_method_activates_another(opened):
    opened.state.methods = ["random"]
    assert opened.state.active == "random"
    opened.state.methods = []
    assert opened.state.methods == ["random"], "one method remains"


def test_cancelling_a_method_changes_no_choice(opened, monkeypatch):
    started = threading.Event()

    def slow(opened, method, marks, progress, **options):
        started.set()
        while True:
            progress("fps", 1, 2)
            threading.Event().wait(0.01)

    state = opened.state
    with monkeypatch.context() as patch:
        patch.setattr(method_path, "method_path", slow)
        state.methods = ["msc", "random", "fps", "maxvol"]
        opened.run(until=started.is_set)
        assert state.main_activity.title == "Computing fps"
        opened.controller.cancel()
        assert state.notice == "Cancelled. fps is not computed. To compute it, untick it and tick it again."
        started.clear()
        opened.run(until=started.is_set)
        assert state.main_activity.title == "Computing maxvol"
        opened.controller.cancel()
        opened.run()
    assert state.methods == ["msc", "random", "fps", "maxvol"]
    assert set(state.paths) == {"msc", "random"}
    opened.controller.history.undo()
    opened.controller.history.redo()
    opened.run()
    assert set(state.paths) == set(state.methods)


def test_an_upload_is_private_and_deleted_with_the_session(file):
    session = Session()
    session.controller.upload("../../etc/weird name<b>.xyz", file.read_bytes())
    session.run()
    dataset = session.state.opened.dataset
    assert dataset.uploaded
    assert dataset.name == "../../etc/weird name<b>.xyz"
    assert dataset.path.name == "weird_name_b_.xyz"
    folder = dataset.path.parents[1]
    assert folder.stat().st_mode & 0o077 == 0
    session.controller.close()
    assert not folder.exists()


def test_saving_on_the_server(opened, tmp_path):
    target = tmp_path / "kept.xyz"
    opened.controller.save(str(target), 6, "file")
    opened.run()
    assert target.exists()
    assert target.with_suffix(".json").exists()
    assert str(target) in opened.state.notice
    opened.controller.save(str(target), 6, "file")
    opened.run()
    assert "exists" in opened.state.error


def test_saving_over_the_source_is_refused(opened, file):
    content = file.read_bytes()
    opened.controller.save(str(file), 6, "file")
    opened.run()
    assert opened.state.error
    assert file.read_bytes() == content


def test_umap_replaces_pca_and_cancelling_it_keeps_pca(file, monkeypatch):
    class Worker:
        def embed(self, X, progress):
            started.set()
            while hold.is_set():
                progress("UMAP", 0, 0)
                threading.Event().wait(0.01)
            return X[:, :2] + 1

    started, hold = threading.Event(), threading.Event()
    hold.set()
    monkeypatch.setattr(queue, "umap_worker", Worker)
    session = Session(with_umap=True)
    session.controller.open(file)
    session.run(until=started.is_set)
    session.controller.cancel_umap()
    session.run()
    assert session.state.embedding_kind == "PCA"
    assert session.state.map_notice == "UMAP was cancelled."
    hold.clear()
    session.controller.embed()
    session.run()
    assert session.state.embedding_kind == "UMAP"
    assert session.state.map_notice == ""
    session.controller.close()


class Slow:
    """Paths of one method that end when the test says so."""

    def __init__(self, monkeypatch, method):
        self.compute, self.method, self.calls, self.end = (
            method_path.method_path,
            method,
            [],
            threading.Event(),
        )
        monkeypatch.setattr(method_path, "method_path", self)

    def __call__(self, opened, method, marks, progress, **options):
        if method == self.method:
            self.calls.append(progress)
            while not self.end.wait(0.01):
                progress("slow", 3, 4)
        return self.compute(opened, method, marks, progress, **options)


@pytest.fixture
def reloaded(session, monkeypatch, frames, tmp_path):
    """Return a session, its slow computation, and the session of the page after a reload."""
    # No other test computes the same, which would be in the cache.
    frames[0].info["note"] = uuid.uuid4().hex
    file = tmp_path / "unique.xyz"
    write(file, frames, format="extxyz")
    session.open(file)
    slow = Slow(monkeypatch, "mean_fps")
    session.state.methods = ["msc", "random", "mean_fps"]
    session.run(lambda: slow.calls)
    other = type(session)(methods=("msc", "random", "mean_fps"))
    other.controller.open(file)
    yield session, slow, other
    slow.end.set()
    other.controller.close()


def test_a_reloaded_page_takes_over_the_running_job_of_its_predecessor(reloaded):
    before, slow, after = reloaded
    after.run(lambda: after.state.opened is not None and "random" in after.state.paths)
    assert after.state.paths["msc"] is before.state.paths["msc"], "the first results do not wait"
    after.run(lambda: after.state.main_activity.step == "slow")
    assert after.state.main_activity.title == "Computing mean_fps"
    assert after.state.main_activity.fraction == 0.75
    # The server destroys the session of the page that was left.
    before.controller.close()
    slow.end.set()
    after.run()
    assert len(slow.calls) == 1
    assert set(after.state.paths) == {"msc", "random", "mean_fps"}


@pytest.mark.parametrize("ends", ["close", "cancel"])
@pytest.mark.parametrize("first", [True, False])
def test_a_job_is_cancelled_when_nobody_waits_for_it_any_more(reloaded, ends, first):
    before, slow, after = reloaded
    after.run(lambda: after.state.main_activity.step == "slow")
    if first:
        before.controller.close()
        assert not slow.calls[0].cancelled
        getattr(after.controller, ends)()
    else:
        getattr(after.controller, ends)()
        assert not slow.calls[0].cancelled
        before.controller.close()
    assert slow.calls[0].cancelled
