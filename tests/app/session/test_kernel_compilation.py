"""The demo before its kernels are compiled: previews, background compilation, then results."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from quests_app.analysis import analysed_dataset
from quests_app.jobs import cache, queue
from quests_app.session import results
from quests_app.session.controller import DEMO
from quests_app.views.header.status import StatusView

from ..conftest import WAIT_SECONDS, Session, text_of

METHODS = ("balanced", "msc", "random")


@pytest.fixture
def compiler(monkeypatch):
    """Return a compiler that compiles nothing, until `release` is set."""
    compiler = SimpleNamespace(is_needed=True, release=threading.Event(), calls=0)

    def compile_all(progress):
        compiler.calls += 1
        progress("select msc", 1, 4)
        assert compiler.release.wait(WAIT_SECONDS)
        compiler.is_needed = False

    compiler.compile_all = compile_all
    monkeypatch.setattr(queue, "kernel_compiler", lambda: compiler)
    yield compiler
    compiler.release.set()


@pytest.fixture
def demo(monkeypatch):
    """Return a session with an empty cache."""
    empty = cache.Cache()
    monkeypatch.setattr(results.cache, "cache", lambda: empty)
    session = Session(METHODS)
    yield session
    session.controller.close()


def main_idle(session):
    return lambda: not session.state.main_activity.running


@pytest.mark.jit
def test_the_demo_is_shown_before_anything_is_compiled(demo, compiler, monkeypatch):
    described = []
    environments = analysed_dataset.environments
    monkeypatch.setattr(
        analysed_dataset, "environments", lambda *args: described.append(1) or environments(*args)
    )
    demo.controller.compile_kernels()
    demo.controller.open_demo()
    demo.run(lambda: demo.state.opened is not None)
    demo.run(main_idle(demo))
    state = demo.state
    assert list(state.shown) == list(METHODS)
    assert all(path.is_preview for path in state.paths.values())
    assert state.embedding.shape == (state.opened.envs.n_envs, 2)
    # Of these, the kernels are needed.
    assert not described
    labels, blocked = [], threading.Event()
    demo.controller.run("Checking", lambda _: blocked.wait(WAIT_SECONDS), lambda _: None, lambda _: None)
    demo.controller.compute(
        "Entropy of each label", ("label entropies", ()), lambda _: pytest.fail("shipped"), labels.append
    )
    demo.controller.compute("Checking", "health", lambda _: pytest.fail("shipped"), labels.append)
    # It is known, and does not wait for what computes.
    demo.run(lambda: len(labels) == 2)
    blocked.set()
    assert len(labels[0].names) > 5
    preview = state.paths["balanced"]
    compiler.release.set()
    demo.run(lambda: not any(path.is_preview for path in state.paths.values()))
    path = state.paths["balanced"]
    assert np.array_equal(path.order, preview.order)
    assert set(preview.sizes) <= set(path.sizes)
    assert described == [1]
    assert state.error == ""


@pytest.mark.jit
def test_what_the_user_asks_for_does_not_wait(demo, compiler):
    demo.controller.compile_kernels()
    demo.controller.open_demo()
    demo.run(lambda: demo.state.opened is not None)
    demo.state.methods = [*METHODS, "mean_fps"]
    demo.run(lambda: "mean_fps" in demo.state.paths)
    assert not compiler.release.is_set()
    assert demo.state.paths["balanced"].is_preview, "nobody asked for it"
    compiler.release.set()
    demo.run(lambda: not demo.state.kernel_activity.running)


@pytest.mark.costly
@pytest.mark.jit
def test_without_background_compilation_results_follow_at_once(demo):
    demo.controller.open_demo()
    demo.run()
    assert not any(path.is_preview for path in demo.state.paths.values())


@pytest.mark.costly
@pytest.mark.jit
def test_cached_results_are_shown_instead_of_previews(demo):
    demo.open(DEMO)
    other, kinds = Session(METHODS), []
    other.state.param.watch(lambda event: kinds.append({p.is_preview for p in event.new.values()}), "paths")
    other.open(DEMO)
    other.controller.close()
    assert set().union(*kinds) == {False}


@pytest.mark.costly
@pytest.mark.jit
@pytest.mark.parametrize("is_cached", [False, True])
def test_the_shipped_map_of_the_demo_is_not_computed(demo, monkeypatch, is_cached):
    class Worker:
        def embed(self, X, progress):
            pytest.fail("UMAP of the demo ships with the package")

    monkeypatch.setattr(queue, "umap_worker", Worker)
    if is_cached:
        demo.open(DEMO)
    session, kinds = Session(METHODS, with_umap=True), []
    session.state.param.watch(lambda event: kinds.append(event.new), "embedding_kind")
    state = session.open(DEMO)
    session.controller.close()
    assert kinds == ["UMAP"], "without the principal components first"
    assert state.embedding.shape == (state.opened.envs.n_envs, 2)
    assert state.map_notice == ""


@pytest.mark.jit
def test_a_preview_stays_if_its_computation_is_cancelled(demo, compiler, monkeypatch):
    demo.controller.compile_kernels()
    demo.controller.open_demo()
    demo.run(lambda: demo.state.opened is not None)
    demo.run(main_idle(demo))
    monkeypatch.setattr(demo.controller.results, "path", _fail)
    compiler.release.set()
    demo.run(lambda: bool(demo.state.error))
    demo.run(main_idle(demo))
    assert list(demo.state.shown) == list(METHODS)
    assert all(path.is_preview for path in demo.state.paths.values())


def _fail(*_):
    raise ValueError("no memory")


def test_progress_is_shown_until_all_is_compiled(session, compiler):
    view = StatusView(session.state)
    session.controller.compile_kernels()
    session.run(lambda: session.state.kernel_activity.step == "select msc")
    assert "select msc, 25 %" in text_of(view)
    assert view._lines.visible
    assert view._all.visible
    session.controller.compile_kernels()
    compiler.release.set()
    session.run(lambda: not session.state.kernel_activity.running)
    assert compiler.calls == 1
    assert not session.controller.kernels.is_compiling
    assert not view._lines.visible


def test_nothing_is_shown_if_all_is_compiled(session, compiler):
    compiler.is_needed = False
    session.controller.compile_kernels()
    assert not session.state.kernel_activity.running
    assert compiler.calls == 0
