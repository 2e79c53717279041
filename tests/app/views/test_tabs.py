"""Tabs are created when first shown; hidden views postpone their updates."""

import panel as pn
import pytest

from quests_app.session.state import State
from quests_app.views.tabs import Tabs


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
