"""Views are built one by one, those of the tab that was opened last first."""

import panel as pn
import pytest

from quests_app.page import page
from quests_app.session.state import TABS
from quests_app.views.base import View
from quests_app.views.header.elements import ElementsView
from quests_app.views.header.progress import ProgressView
from quests_app.views.header.selection_bar import SelectionBar
from quests_app.views.header.status import StatusView
from quests_app.views.header.summary import SummaryView
from quests_app.views.header.waiting import WaitingView
from quests_app.views.health.badge import HealthBadge
from quests_app.views.sidebar.address import AddressView
from quests_app.views.sidebar.dataset import DatasetView
from quests_app.views.sidebar.server_files import ServerFilesView
from quests_app.views.sidebar.size import SizeView
from quests_app.views.view_queue import ViewQueue

FIRST = {
    AddressView, DatasetView, ElementsView, HealthBadge, ProgressView, SelectionBar, ServerFilesView,
    SizeView, StatusView, SummaryView, WaitingView,
}  # fmt: skip


class Loop(list):
    """An event loop that runs a function when it is told to."""

    def __call__(self, function):
        self.append(function)

    def run(self):
        while self:
            self.pop(0)()


@pytest.fixture
def loop():
    return Loop()


def texts(*names):
    return (pn.Column(name=name) for name in names)


def names(container):
    return [one.name for one in container]


def test_without_a_loop_all_are_built_at_once():
    container = pn.Column()
    ViewQueue().add(container, texts("a", "b"))
    assert names(container) == ["a", "b"]


def test_a_callback_builds_one_view_and_the_latest_container_comes_first(loop):
    early, late, ended = pn.Column(), pn.Column(), []
    queue = ViewQueue(loop, done=lambda: ended.append(len(early)))
    queue.add(early, texts("a", "b"))
    assert not loop, "nothing is built before the page has loaded"
    queue.open()
    loop.pop()()
    assert names(early) == [], "a container gets its views together"
    queue.add(late, texts("c", "d"))
    seen = []
    while loop:
        assert len(loop) == 1
        loop.pop()()
        seen.append((len(early), len(late)))
    assert seen == [(0, 0), (0, 0), (0, 2), (0, 2), (2, 2)]
    assert (names(early), names(late)) == (["a", "b"], ["c", "d"])
    assert ended == [2]


def test_a_view_that_fails_keeps_no_other_away(loop):
    def failing():
        yield pn.Column(name="a")
        raise RuntimeError("no view")

    first, second = pn.Column(), pn.Column()
    queue = ViewQueue(loop)
    queue.open()
    queue.add(second, texts("b"))
    queue.add(first, failing())
    with pytest.raises(RuntimeError, match="no view"):
        loop.run()
    loop.run()
    assert (names(first), names(second)) == (["a"], ["b"])


def test_a_session_that_ended_builds_nothing(loop):
    container, queue = pn.Column(), ViewQueue(loop)
    queue.open()
    queue.add(container, texts("a"))
    queue.close()
    loop.run()
    assert names(container) == []


@pytest.fixture
def built(monkeypatch):
    """Return the classes of the views that are built from now on, in order."""
    built, init = [], View.__init__

    def note(self, *args, **options):
        init(self, *args, **options)
        built.append(type(self))

    monkeypatch.setattr(View, "__init__", note)
    return built


def cards(root):
    """Return what stands in each grid of a page that is seen: the areas of its cards."""
    found = root.select(lambda one: isinstance(one, pn.Column) and one.css_classes[:1] == ["cards"])
    return {grid.css_classes[1]: [card.styles["grid-area"] for card in grid] for grid in found}


def test_a_page_begins_with_what_is_needed_first_and_a_callback_adds_one_view(session, loop, built):
    queue = ViewQueue(loop)
    shown = page(session.state, session.controller, "?tab=health", begin=lambda _: None, queue=queue)
    assert set(built) == FIRST
    assert shown.get_root() is not None
    queue.open()
    while loop:
        before = len(built)
        loop.pop(0)()
        assert len(built) - before <= 1
    assert len(built) == len(FIRST) + 7, "of the tabs, the one that the link names, and no other"
    assert cards(shown) == {"health": ["health", "curation"]}


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_shows_the_same_however_it_is_opened_and_built(opened, loop, tab):
    state, controller = opened.state, opened.controller
    state.tab = tab
    whole = page(state, controller)
    state.tab = "overview"
    queue = ViewQueue(loop)
    shown = page(state, controller, queue=queue)
    root = shown.get_root()
    queue.open()
    # While the first tab is being built; the models follow.
    loop.pop(0)()
    state.tab = tab
    loop.run()
    assert cards(shown)[tab] == cards(whole)[tab] != []
    grid = next(one for one in shown.select(pn.Column) if one.css_classes[:2] == ["cards", tab])
    assert len(root.select_one({"id": grid._models[root.ref["id"]][0].id}).children) == len(grid)


def test_cards_that_need_another_file_are_hidden_as_they_come(session, loop):
    queue = ViewQueue(loop)
    shown = page(session.state, session.controller, queue=queue)
    session.state.tab = "sets"
    queue.open()
    loop.run()
    grid = next(one for one in shown.select(pn.Column) if one.css_classes[:2] == ["cards", "sets"])
    assert [card.visible for card in grid] == [True, False, False, False, False, True]
    assert "alone" in grid.css_classes
