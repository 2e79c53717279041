"""Frames to add to the reference."""

import panel as pn
import pytest

from quests_app.analysis.compare import share_covered
from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.target import OVERLAP, Target
from quests_app.session import references as module
from quests_app.views.compare.addition import AdditionView
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.methods import MethodsView
from tests.app.conftest import text_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"),
    # Raised by a call in Bokeh.
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning"),
]

pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)


def test_the_order_with_a_reference_is_a_method_like_the_others(opened, sets, other_file):
    state, added = opened.state, AdditionView(opened.state, sets)
    methods, summary = MethodsView(state), SummaryView(state)
    assert not methods._boxes[MSC_WITH_REFERENCE].visible
    assert "Add a reference file" in text_of(added)
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
    assert "<b>other.xyz</b> and this subset together cover" in summary._verdict.object
    given = added._plot.sources["Added", MSC_WITH_REFERENCE].data["percent"]
    assert given[0] == pytest.approx(100 * share_covered(sets.comparison.novelty))
    alone = added._plot.sources["Added", "msc without it"].data["percent"]
    assert len(alone) == len(given)
    assert alone[0] == given[0]
    state.target = Target(OVERLAP, 0.9)
    assert state.row_of(MSC_WITH_REFERENCE)["overlap"] >= 0.9


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
