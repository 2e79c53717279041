"""Histograms of the novelty of two sets."""

import pytest

from quests_app.views.compare.novelty import NoveltyView
from tests.app.conftest import text_of


def test_the_histograms_appear_with_a_reference(opened, sets, other_file):
    view = NoveltyView(opened.state, sets)
    assert "Add a reference file" in text_of(view)
    sets.add(other_file)
    opened.run()
    assert view._figure.visible
    assert view._plot.sources["Novelty", "this file | reference"].data["top"].sum() == pytest.approx(100)
