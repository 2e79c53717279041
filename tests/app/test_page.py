"""The page of a session."""

import panel as pn
from panel.util import edit_readonly

from quests_app.jobs.activity import WAITING
from quests_app.page import _potentials_tab, page
from quests_app.views.tabs import grid
from quests_core.potentials import PotentialComparison


def test_opening_is_deferred_until_the_page_begins(session, file, monkeypatch):
    begun = []
    page(session.state, session.controller, f"?file={file}&k=20", begin=begun.append)
    assert session.callbacks.empty()
    assert session.controller._jobs._pending == []
    assert (session.state.main_activity.running, session.state.main_activity.step) == (True, WAITING)
    (begin,) = begun
    begin()
    session.run()
    assert session.state.opened.dataset.path == file
    assert session.state.opened.parameters.k == 20
    assert not session.state.main_activity.running


def test_the_whole_page_follows_a_link(session, file):
    made = page(session.state, session.controller, f"?file={file}&size=9&active=random")
    assert made.get_root() is not None
    session.run()
    assert (session.state.n_frames, session.state.active) == (9, "random")
    assert session.state.error == ""


def test_pages_are_independent(session):
    def watchers() -> int:
        return len(pn.state.param.watchers.get("busy", {}).get("value", []))

    before, was = watchers(), pn.state.busy
    made = page(session.state, session.controller)
    # The process would keep all its watchers alive.
    assert watchers() == before
    with edit_readonly(pn.state):
        pn.state.busy = True
        try:
            assert not made.busy
        finally:
            pn.state.busy = was


def test_cards_of_potentials_appear_when_there_are_any(session):
    def shown():
        return [type(view).__name__ for view, one in zip(views, cards.objects, strict=True) if one.visible]

    cards = grid("potentials")
    views = list(_potentials_tab(cards, session.state, session.controller))
    cards.extend(views)
    assert shown() == ["TrainingForm", "CalculatorForm"]
    assert cards.css_classes == ["cards", "potentials"]
    # The tab is hidden: nothing is drawn.
    _, errors, _, _, parity, _ = views
    errors._training.comparison = object.__new__(PotentialComparison)
    assert shown() == ["TrainingForm", "ErrorsView", "CellsTable", "CalculatorForm"]
    parity._predictions.found = {"MACE": None}
    assert len(shown()) == 6
    assert cards.css_classes == ["cards", "potentials", "trained", "predicted"]
