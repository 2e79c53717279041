"""The question about several elements is asked once."""

import pytest
from ase.build import bulk
from ase.io import write

from quests_app.analysis.parameters import Parameters
from quests_app.views.header.elements import ElementsView, question
from tests.app.conftest import text_of


@pytest.fixture
def alloy(tmp_path):
    swapped = bulk("Ag", cubic=True)
    swapped.symbols[0] = "Pd"
    write(tmp_path / "alloy.xyz", [bulk("Ag", cubic=True), swapped], format="extxyz")
    return tmp_path / "alloy.xyz"


def test_one_element_asks_nothing(opened):
    assert not ElementsView(opened.state, opened.controller).__panel__().visible


def test_distances_only_is_remembered_for_the_file(session, alloy, file):
    view = ElementsView(session.state, session.controller)
    session.open(alloy)
    assert view.__panel__().visible
    assert "2 elements (Ag, Pd), which the descriptor does not distinguish" in text_of(view)
    view._no.clicks += 1
    assert not view.__panel__().visible
    session.open(file)
    session.open(alloy)
    assert not view.__panel__().visible
    assert not session.state.parameters.species


def test_elements_are_distinguished_on_request(session, alloy):
    view = ElementsView(session.state, session.controller)
    session.open(alloy)
    view._yes.clicks += 1
    assert view._yes.disabled
    session.controller.cancel()
    session.run()
    assert session.state.parameters == Parameters()
    assert view.__panel__().visible, "a cancelled request leaves the question"
    assert not view._yes.disabled
    view._yes.clicks += 1
    session.run()
    assert session.state.parameters == Parameters(species=True)
    assert not view.__panel__().visible


def test_the_question_names_the_cost():
    text = question(("C", "H", "N", "O"), 27_000, Parameters())
    assert "5 times as many numbers per environment (68 MB instead of 14 MB)" in text
    # 62 environments of 63 numbers of 8 bytes.
    assert "(94 kB instead of 31 kB)" in question(("H", "O"), 62, Parameters())
    assert "(H, H, H, H, H, H, H, H, H, H, H, H, …)" in question(("H",) * 85, 10, Parameters())
