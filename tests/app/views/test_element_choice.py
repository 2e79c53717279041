"""Choosing by element which frames may be added to a reference."""

import ase.io
import panel as pn
import pytest
from ase import Atoms
from ase.build import bulk

from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.views.element_choice import ElementChoice

pytestmark = pytest.mark.filterwarnings(
    "ignore:Both 'variant' and 'button_style':PendingDeprecationWarning",
)

pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)


@pytest.fixture
def iron(rng, tmp_path):
    """Return a file of iron and copper."""
    atoms = bulk("Cu", cubic=True)
    atoms.symbols[0] = "Fe"
    atoms.positions += 0.1 * rng.normal(size=(4, 3))
    ase.io.write(tmp_path / "iron.xyz", [atoms], format="extxyz")
    return tmp_path / "iron.xyz"


def test_a_file_of_one_element_offers_no_choice(opened, sets, other_file):
    choice = ElementChoice(opened.state, sets)
    sets.add(other_file)
    opened.run()
    assert sets.chosen is not None
    assert not choice._row.visible


def test_frames_of_other_elements_are_excluded_and_return_by_undo(session, sets, rng, iron, tmp_path):
    frames = []
    for i, symbols in enumerate(("Cu4", "Fe2Cu2", "Fe3O", "O4", "FeCu3", "Cu2O2")):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols = symbols
        atoms.positions += 0.05 * (i + 1) * rng.normal(size=(4, 3))
        frames.append(atoms)
    frames.append(Atoms("O", cell=[15] * 3, pbc=True, info={"config_type": "IsolatedAtom"}))
    ase.io.write(tmp_path / "oxides.xyz", frames, format="extxyz")
    state = session.open(tmp_path / "oxides.xyz")
    choice = ElementChoice(state, sets)
    assert not choice._row.visible
    sets.add(iron)
    session.run()
    assert choice._row.visible
    assert choice._elements.value == "Cu,Fe"
    assert "4 other frames" in choice._note.object
    choice._match.value = "all"
    assert "5 other frames" in choice._note.object
    choice._match.value = "any"
    assert "2 other frames" in choice._note.object
    choice._match.value = "only"
    assert state.marks.locked == (6,)
    choice._exclude()
    assert state.marks.locked == ()
    assert state.marks.excluded == (2, 3, 5, 6)
    assert choice._button.disabled
    assert "All frames match" in choice._note.object
    session.run()
    assert sorted(state.paths[MSC_WITH_REFERENCE].order) == [0, 1, 4]
    session.controller.history.undo()
    assert state.marks.excluded == ()
    assert state.marks.locked == (6,)
    for text, note in (
        ("Xy", "Expected symbols such as Fe,O, got &#x27;Xy&#x27;."),
        ("He", "No frame would be left."),
    ):
        choice._elements.value_input = text
        assert note in choice._note.object
        assert choice._button.disabled
        choice._exclude()
        assert state.marks.excluded == ()
    choice._elements.value_input = "Cu,Fe"
    state.marks = state.marks.lock([3])
    assert "3 other frames" in choice._note.object
