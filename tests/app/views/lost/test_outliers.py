"""The distribution of δH, and the lost environments by label."""

import time

import numpy as np
import pytest
from bokeh.document import Document

from quests_app.session.controller import DEMO
from quests_app.views.lost.lost_table import LostTable
from quests_app.views.lost.outliers import LostLabelsView, OutliersView
from tests.app.conftest import text_of

# Bokeh converts a pandas index in a way that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


def test_distribution_note_and_labels_follow(small):
    state = small.state
    view, labels = OutliersView(state, "outliers"), LostLabelsView(state, "outliers")
    share = (state.delta_entropy > 1e-5).mean()
    assert share > 0
    assert f"msc lost {100 * share:.0f} %" in text_of(view)
    assert "distorted" in text_of(labels)
    before = view._plot.sources["Delta", "msc"].data["count"].copy()
    state.n_frames = 12
    assert not np.array_equal(before, view._plot.sources["Delta", "msc"].data["count"])
    state.active = "random"
    assert "random lost" in text_of(view)
    state.methods = ["random"]
    assert not view._plot.part("Delta", "msc").visible


def test_everything_follows_the_slider_within_a_tenth_of_a_second(session):
    session.open(DEMO)
    state = session.state
    state.tab = "outliers"
    views = [view(state, "outliers") for view in (OutliersView, LostLabelsView, LostTable)]
    for view in views:
        view.__panel__().get_root(Document())
    times = []  # CPU time of this thread, unaffected by other processes.
    for position in range(20, 60, 4):
        start = time.thread_time()
        state.n_frames = int(state.sizes[position])
        times.append(time.thread_time() - start)
    assert np.median(times) < 0.1, times
