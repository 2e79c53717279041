"""References: their comparison with the open file, the order given one, and the list of files."""

import numpy as np
import panel as pn
import pytest
from ase.io import write

from quests_app.analysis.compare import share_covered
from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.parameters import Parameters
from quests_app.page import page
from quests_app.views.compare.sets import SetsView
from quests_core import descriptors, select
from tests.app.conftest import make_frames

pytestmark = [
    pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"),
    # Raised by a call in Bokeh.
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning"),
]
pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)


def test_removing_the_reference_removes_its_order(opened, sets, other_file):
    state = opened.state
    sets.add(other_file)
    opened.run()
    state.active = MSC_WITH_REFERENCE
    sets.remove(sets.chosen)
    opened.run()
    assert state.reference is None
    assert state.active == "msc"
    assert MSC_WITH_REFERENCE not in (*state.methods, *state.paths)
    opened.controller.history.undo()
    assert state.active == "msc"


def test_the_order_follows_marks_and_bandwidth_and_another_reference(opened, sets, other_file, tmp_path):
    state = opened.state
    sets.add(other_file)
    opened.run()
    state.active = MSC_WITH_REFERENCE
    state.marks = state.marks.lock([9])
    opened.run()
    assert set(state.path.order[:2]) == {0, 9}
    opened.controller.recompute(Parameters(bandwidth=0.03))
    opened.run()
    assert state.is_current(state.paths[MSC_WITH_REFERENCE])
    expected = select(
        state.opened.envs, "msc", reference=sets.chosen.envs, bandwidth=0.03, locked=(0, 9)
    ).order
    np.testing.assert_array_equal(state.paths[MSC_WITH_REFERENCE].order, expected)
    opened.controller.recompute(Parameters(k=12))
    opened.run()
    assert sets.chosen.parameters.k == 12
    assert state.paths[MSC_WITH_REFERENCE].reference is sets.chosen
    third = tmp_path / "third.xyz"
    write(third, make_frames(np.random.default_rng(6), 9), format="extxyz")
    sets.add(third)
    opened.run()
    assert state.paths[MSC_WITH_REFERENCE].reference is state.reference is sets.chosen
    assert state.reference.name == "third.xyz"
    assert state.error == ""


def test_comparison_follows_marks_bandwidth_and_neighbours(opened, sets, other_file):
    state = opened.state
    SetsView(state, sets)
    sets.add(other_file)
    opened.run()
    first = sets.comparison
    state.marks = state.marks.exclude((2, 7))
    opened.run()
    assert np.isnan(sets.comparison.novelty).sum() == 8
    opened.controller.recompute(Parameters(bandwidth=0.1))
    opened.run()
    assert share_covered(sets.comparison.novelty) > share_covered(first.novelty)
    opened.controller.recompute(Parameters(k=8))
    opened.run()
    assert sets.references[0].envs.X.shape[1] == state.opened.envs.X.shape[1] == 15
    assert len(sets.references) == 1
    assert sets.comparison is not None
    assert state.error == ""
    opened.controller.recompute(Parameters(k=8, species=True))
    opened.run()
    assert sets.references[0].envs.X.shape[1] == state.opened.envs.X.shape[1] == 30
    assert sets.comparison is not None
    assert state.error == ""


def test_a_failed_addition_shows_an_error_and_keeps_the_list(opened, sets, other_file, tmp_path):
    sets.add(other_file)
    opened.run()
    sets.add(tmp_path / "missing.xyz")
    assert "Could not add missing.xyz: No such file" in opened.state.error
    sets.upload("broken.xyz", "no structure")
    opened.run()
    assert "Could not add broken.xyz" in opened.state.error
    assert [other.name for other in sets.references] == ["other.xyz"]
    assert sets.comparison is not None


@pytest.mark.costly
def test_the_tab_is_created_when_shown(session, file):
    root = page(session.state, session.controller).get_root()
    assert root is not None
    session.open(file)
    session.state.tab = "sets"
    session.run()
    assert session.state.error == ""


def test_a_store_is_compared_with_and_leaves_the_list_with_other_parameters(
    opened, sets, other_file, tmp_path
):
    store = tmp_path / "other.envs"
    descriptors(other_file, store=store)
    sets.add(other_file)
    opened.run()
    expected = sets.comparison
    sets.add(store)
    opened.run()
    assert opened.state.error == ""
    assert [other.name for other in sets.references] == ["other.xyz", "other.envs"]
    assert sets.chosen.path == store
    np.testing.assert_array_equal(sets.comparison.novelty, expected.novelty)
    np.testing.assert_array_equal(sets.comparison.back, expected.back)
    opened.controller.recompute(Parameters(bandwidth=0.03))
    opened.run()
    assert len(sets.references) == 2
    opened.controller.recompute(Parameters(k=12))
    opened.run()
    assert [(other.name, other.parameters.k) for other in sets.references] == [("other.xyz", 12)]
    assert sets.comparison is not None
    sets.add(store)
    opened.run()
    assert "Could not add other.envs: " in opened.state.error
    assert "its descriptors have k = 32, cutoff 5 Å, and those of the open file k = 12" in opened.state.error
