"""The dashboard opens with the library's method; if that takes long, a quick one is displayed first."""

import inspect
import time

import pytest

from quests_app.analysis import method_path
from quests_app.analysis.methods import DEFAULT_METHODS, QUICK
from quests_app.notebook.explorer import Explorer
from quests_app.session import path_updates
from quests_app.session.state import State
from quests_app.text.numbers import unbroken
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.methods import MethodsView
from quests_core import select
from quests_core.information.comparison import comparison_sentence

from ..conftest import WAIT_SECONDS, Session


@pytest.fixture
def session():
    session = Session(methods=DEFAULT_METHODS)
    yield session
    session.controller.close()


def test_library_command_notebook_and_page_choose_the_same_method():
    library = inspect.signature(select).parameters["method"].default
    assert (State().active, State().methods[0]) == (library, library)
    assert inspect.signature(Explorer).parameters["methods"].default[0] == library
    assert {"msc", "random"} < set(State().methods)


def test_a_small_set_shows_the_chosen_method_first(session, file):
    seen = []
    session.state.param.watch(lambda event: seen.append(list(event.new)), "paths")
    session.open(file)
    assert seen[0] == ["balanced"]
    assert set(seen[-1]) == set(DEFAULT_METHODS)


def test_a_quick_method_is_displayed_until_the_chosen_one_is_computed(session, file, monkeypatch):
    monkeypatch.setattr(path_updates, "_LARGE", 50)
    state = session.state
    methods, summary = MethodsView(state), SummaryView(state)
    session.controller.open(file)
    session.run(lambda: state.paths)
    assert (state.displayed_method, state.active, state.path.method) == (QUICK, "balanced", QUICK)
    assert methods._active.value == "balanced"
    assert "Until balanced is computed: msc" in methods._note.object
    assert "<b>msc</b> covers" in summary._verdict.object
    # Decisions in the meantime are kept and can be undone.
    state.n_frames = 9
    state.marks = state.marks.lock([5])
    session.run()
    assert (state.displayed_method, state.active, state.n_frames) == ("balanced", "balanced", 9)
    assert state.path.marks.locked == (0, 5)
    assert "until" not in methods._note.object
    assert "<b>balanced</b> covers" in summary._verdict.object
    row, msc = state.row_of("balanced"), state.row_of("msc")
    assert unbroken(comparison_sentence("balanced", row, "msc", msc)) in summary._verdict.object
    session.controller.history.undo()
    session.run()
    assert (state.active, state.marks.locked, state.n_frames) == ("balanced", (0,), 9)


def test_the_displayed_method_can_be_made_active(session, file, monkeypatch):
    monkeypatch.setattr(path_updates, "_LARGE", 50)
    session.controller.open(file)
    session.run(lambda: session.state.paths)
    MethodsView(session.state)._active.value = QUICK
    session.run()
    assert (session.state.active, session.state.displayed_method) == (QUICK, QUICK)


def test_the_quick_method_is_computed_only_if_compared(session, file, monkeypatch):
    monkeypatch.setattr(path_updates, "_LARGE", 50)
    session.state.param.update(methods=["random", "balanced"], active="random")
    session.open(file)
    assert set(session.state.paths) == {"random", "balanced"}
    assert session.state.displayed_method == "random"


@pytest.mark.usefixtures("uncached")
def test_cancelling_the_chosen_method_keeps_the_displayed_one(session, file, monkeypatch):
    compute, end = method_path.method_path, time.monotonic() + WAIT_SECONDS

    def held(opened, method, marks, progress, **options):
        while method == "balanced" and time.monotonic() < end:
            progress(method, 1, 2)
            time.sleep(0.01)
        return compute(opened, method, marks, progress, **options)

    monkeypatch.setattr(path_updates, "_LARGE", 50)
    monkeypatch.setattr(method_path, "method_path", held)
    session.controller.open(file)
    session.run(lambda: session.state.main_activity.title == "Computing balanced")
    session.controller.cancel()
    session.run()
    state = session.state
    assert (state.active, state.displayed_method, state.methods) == ("balanced", QUICK, [*DEFAULT_METHODS])
    assert set(state.paths) == {*DEFAULT_METHODS} - {"balanced"}
