"""Tabs are created when first shown; hidden views postpone their updates."""

import panel as pn
import pytest

from quests_app.session.state import State
from quests_app.views.base import View
from quests_app.views.tabs import Tabs


class Counting(View):
    def __init__(self, state, tab=""):
        super().__init__(state, tab)
        self.seen = []
        self.follow(lambda: self.seen.append(state.n_frames), "n_frames")


def test_a_hidden_view_is_updated_once_when_shown():
    state = State(n_frames=2)
    always, hidden = Counting(state), Counting(state, "frames")
    for n in (3, 4, 5):
        state.n_frames = n
    assert always.seen == [2, 3, 4, 5]
    assert hidden.seen == []
    state.tab = "frames"
    assert hidden.seen == [5]
    state.n_frames = 6
    assert hidden.seen == [5, 6]


@pytest.fixture
def made():
    return []


def test_tabs_are_created_once_when_first_shown(made):
    def maker(key):
        def make(cards):
            made.append(key)
            yield pn.Column(key)

        return make

    state = State()
    tabs = Tabs(state, {key: maker(key) for key in ("overview", "frames", "health")})
    assert made == ["overview"]
    tabs._bar.active = 2
    assert state.tab == "health"
    assert [content.visible for content in tabs.content] == [False, True]
    state.tab = "overview"
    assert tabs._bar.active == 0
    state.tab = "health"
    assert made == ["overview", "health"]
