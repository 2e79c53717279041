"""The content of the views, and how they follow the state, without a browser."""

import time

import numpy as np
import panel as pn
import pytest
from ase.io import write

from quests_app.page import page
from quests_app.session.controller import DEMO
from quests_app.views.header.status import StatusView
from quests_app.views.header.summary import SummaryView
from quests_app.views.map.map import MapView
from quests_app.views.sidebar.export import ExportView
from quests_app.views.sidebar.methods import MethodsView
from quests_app.views.sidebar.size import SizeView
from tests.app.conftest import text_of

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")
# The map draws excluded and dropped frames before kept and locked ones.
KEPT_FROM = 3


pn.extension("filedropper", respect_explicit_sizing=True)


def test_the_page_is_created_before_and_after_opening(session, file):
    before = page(session.state, session.controller)
    assert before.get_root() is not None
    session.open(file)
    assert page(session.state, session.controller).get_root() is not None


def test_the_slider_moves_size_summary_and_map(opened):
    state = opened.state
    size, summary, chart = SizeView(state), SummaryView(state), MapView(state, opened.controller)
    assert "6 of 24 frames" in text_of(size)
    size._slider.value = 11
    assert state.n_frames == 12
    assert "12 of 24 frames" in text_of(size)
    assert "50 %" in text_of(summary)
    shown = chart._plot.points.data
    np.testing.assert_array_equal(shown["color"] >= KEPT_FROM, state.mask[shown["frame"]])


def test_the_active_method_changes_map_and_summary(opened):
    state = opened.state
    chart, summary = MapView(state, opened.controller), SummaryView(state)
    methods = MethodsView(state)
    assert methods._active.options == ["msc", "random"]
    methods._active.value = "random"
    assert state.active == "random"
    assert "<b>random</b> covers" in text_of(summary)
    assert "By comparison" not in text_of(summary)
    shown = chart._plot.points.data
    np.testing.assert_array_equal(shown["color"] >= KEPT_FROM, state.mask_of("random")[shown["frame"]])


def test_names_and_labels_from_files_are_escaped(session, frames, tmp_path):
    attack = "<img src=x onerror=alert(1)>"
    for atoms in frames:
        atoms.info["config_type"] = attack
    path = tmp_path / "plain.xyz"
    write(path, frames, format="extxyz")
    session.open(path, name=attack)
    assert session.state.error == ""
    shown = text_of(SummaryView(session.state))
    assert "<img" not in shown
    assert "&lt;img" in shown
    session.open(tmp_path / "missing.xyz", name=attack)
    view = StatusView(session.state)
    assert "<img" not in text_of(view)
    assert "<img" not in view._error.object, "Material's alert would unescape and execute it"
    export = ExportView(session.state, session.controller)
    export._show_code()
    assert "<img" not in export._listing.object
    assert "<" not in export._stem


@pytest.mark.costly
def test_the_whole_page_follows_the_slider_within_a_fifth_of_a_second(session):
    session.open(DEMO)
    root = page(session.state, session.controller).get_root()
    assert root is not None
    # CPU time of this thread, unaffected by other processes.
    times = []
    for position in range(20, 60, 4):
        start = time.thread_time()
        session.state.n_frames = int(session.state.sizes[position])
        times.append(time.thread_time() - start)
    assert np.median(times) < 0.2, times


@pytest.mark.parametrize("n_atoms", [1, 2])
def test_a_tiny_file_breaks_no_view(session, tmp_path, n_atoms):
    path = tmp_path / "tiny.xyz"
    path.write_text(
        f"{n_atoms}\nProperties=species:S:1:pos:R:3\n" + "".join(f"Cu {i} 0 0\n" for i in range(n_atoms))
    )
    views = page(session.state, session.controller)
    session.open(path)
    assert session.state.error == ""
    assert views.get_root() is not None
    assert "100 %" in text_of(SummaryView(session.state))
