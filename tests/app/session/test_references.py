"""The Compare tab without a browser."""

import numpy as np
import panel as pn
import pytest
from ase.io import write

from quests_app.analysis.compare import share_covered
from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.parameters import Parameters
from quests_app.analysis.target import OVERLAP, Target
from quests_app.page import page
from quests_app.session import references as module
from quests_app.session.references import ReferenceSets
from quests_app.views.compare.addition import AdditionView
from quests_app.views.compare.matrix import FILES, MatrixView
from quests_app.views.compare.novel_frames import NovelFramesTable
from quests_app.views.compare.novelty import NoveltyView
from quests_app.views.compare.set_map import SetMapView
from quests_app.views.compare.sets import SetsView
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.methods import MethodsView
from quests_core import select
from tests.app.conftest import make_frames
from tests.app.views.test_views import text_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"),
    # Raised by a call in Bokeh.
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning"),
]
pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)


@pytest.fixture
def other_file(tmp_path):
    path = tmp_path / "other.xyz"
    write(path, make_frames(np.random.default_rng(5), 14), format="extxyz")
    return path


@pytest.fixture
def sets(opened):
    return ReferenceSets(opened.state, opened.controller)


def test_views_show_what_is_missing(opened, sets):
    for view in (NoveltyView, SetMapView, NovelFramesTable, AdditionView):
        assert "Add a reference file" in text_of(view(opened.state, sets))
    matrix = MatrixView(opened.state, sets)
    matrix._mode.value = FILES
    assert "Add a second file" in text_of(matrix)


def test_every_view_shows_the_comparison_with_a_reference(opened, sets, other_file):
    state = opened.state
    files, novelty, chart = SetsView(state, sets), NoveltyView(state, sets), SetMapView(state, sets)
    novel, added, matrix = NovelFramesTable(state, sets), AdditionView(state, sets), MatrixView(state, sets)
    files._path.value_input = str(other_file)
    files._add_path()
    opened.run()
    assert state.error == ""
    comparison = sets.comparison
    shown = text_of(files)
    assert "14 frames" in shown
    assert f"{100 * share_covered(comparison.novelty):.0f} %</b> of copper.xyz is covered by" in shown
    assert novelty._plot.sources["set"].data["share"].sum() == pytest.approx(100)
    assert len(chart._plot.source.data["x"]) == 93
    frame = int(novel._table.value["frame"][0])
    assert comparison.novelty[state.opened.envs.frame_index == frame].max() == comparison.novelty.max()
    novel._select(0)
    assert state.selected == (frame,)
    assert state.current_env == comparison.novelty.argmax()
    assert len(chart._plot.current.data["x"]) == 1
    chart._select([0])
    assert comparison.novelty[state.current_env] == comparison.novelty.min()
    assert added._figure.visible
    assert len(matrix._plot.sources["cells"].data["text"]) == 9
    matrix._mode.value = FILES
    opened.run()
    assert sets.files.shares[0, 1] == share_covered(comparison.novelty)
    assert sets.files.shares[1, 0] == share_covered(comparison.back)


def test_the_order_with_a_reference_is_a_method_like_the_others(opened, sets, other_file):
    state, added = opened.state, AdditionView(opened.state, sets)
    methods, summary = MethodsView(state), SummaryView(state)
    assert not methods._boxes[MSC_WITH_REFERENCE].visible
    sets.add(other_file)
    opened.run()
    assert state.reference is sets.chosen
    assert methods._boxes[MSC_WITH_REFERENCE].visible
    assert methods._boxes[MSC_WITH_REFERENCE].value
    added._requested_size.data = {"n_frames": [7]}
    assert state.n_frames == added._span.location == 7
    assert "With <b>7 added frames</b>" in added._line.object
    added._select_frames()
    assert state.selected == tuple(sorted(state.paths[MSC_WITH_REFERENCE].order[:7].tolist()))
    added._make_active()
    assert state.active == MSC_WITH_REFERENCE
    assert added._use.disabled
    assert state.mask.sum() == 7
    assert "msc given</b> and <b>other.xyz</b> together cover" in summary._verdict.object
    given = added._plot.sources["given"].data["percent"]
    assert given[0] == pytest.approx(100 * share_covered(sets.comparison.novelty))
    alone = added._plot.sources["alone"].data["percent"]
    assert len(alone) == len(given)
    assert alone[0] == given[0]
    state.target = Target(OVERLAP, 0.9)
    assert state.row_of(MSC_WITH_REFERENCE)["overlap"] >= 0.9


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


def test_many_environments_are_ordered_on_request(opened, sets, other_file, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 10)
    state, added = opened.state, AdditionView(opened.state, sets)
    sets.add(other_file)
    opened.run()
    assert MSC_WITH_REFERENCE not in state.methods
    assert added._compute.visible
    added._request()
    assert not added._compute.visible
    opened.run()
    assert added._figure.visible
    assert MSC_WITH_REFERENCE in state.shown
    state.methods = ["random", MSC_WITH_REFERENCE]
    state.methods = [MSC_WITH_REFERENCE]
    assert state.methods == ["random", MSC_WITH_REFERENCE], "there is always an order without a reference"


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
    assert sets.references[0].X.shape[1] == state.opened.envs.X.shape[1] == 15
    assert len(sets.references) == 1
    assert sets.comparison is not None
    assert state.error == ""
    opened.controller.recompute(Parameters(k=8, species=True))
    opened.run()
    assert sets.references[0].X.shape[1] == state.opened.envs.X.shape[1] == 30
    assert sets.comparison is not None
    assert state.error == ""


def test_files_are_chosen_and_removed(opened, sets, other_file, file):
    view = SetsView(opened.state, sets)
    sets.add(other_file)
    sets.upload("same <b>.xyz", file.read_bytes())
    opened.run()
    assert [other.name for other in sets.references] == ["other.xyz", "same <b>.xyz"]
    assert share_covered(sets.comparison.novelty) == 1
    assert "<b>.xyz" not in view._numbers.object
    view._chosen.value = sets.references[0]
    opened.run()
    assert share_covered(sets.comparison.novelty) < 1
    uploaded = sets.references[1].path
    assert uploaded.exists()
    sets.remove(sets.references[1])
    assert not uploaded.exists()
    sets.remove(sets.references[0])
    assert (sets.chosen, sets.comparison, view._files.visible) == (None, None, False)


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


def test_the_tab_is_created_when_shown(session, file):
    root = page(session.state, session.controller).get_root()
    assert root is not None
    session.open(file)
    session.state.tab = "sets"
    session.run()
    assert session.state.error == ""
