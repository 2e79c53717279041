"""The first part of a path is displayed while the whole is computed, and never exported or taken for it."""

import threading

import numpy as np
import pytest

from quests_app.analysis import method_path
from quests_app.analysis.method_path import MethodPath, PartialPath
from quests_app.analysis.methods import DEFAULT_METHODS
from quests_app.analysis.parameters import Marks
from quests_app.session import path_updates
from quests_app.session.link import LinkRequest
from quests_app.session.seed_bands import SeedBandUpdater
from quests_app.views.header.progress import ProgressView
from quests_app.views.header.summary import SummaryView
from quests_app.views.overview.curve import CurveView
from quests_app.views.overview.forces import ForcesView
from quests_app.views.overview.overlap import OverlapView
from quests_app.views.overview.redundancy import RedundancyView
from quests_app.views.overview.table import TableView
from quests_app.views.sidebar.export import ExportView
from quests_app.views.sidebar.size import SizeView

from ..conftest import Session, text_of


@pytest.fixture(autouse=True)
def _large(monkeypatch):
    monkeypatch.setattr(path_updates, "_LARGE", 50)
    monkeypatch.setattr(method_path, "PART_FRACTIONS", (0.25,))


@pytest.fixture
def session(uncached):
    session = Session(methods=DEFAULT_METHODS)
    yield session
    session.controller.close()


@pytest.fixture
def hold(session, monkeypatch):
    """Hold whole paths back until the event is set or the job cancelled; parts are computed."""
    gate, whole = threading.Event(), method_path.method_path

    def held(opened, method, marks, progress=None, reference=None, **options):
        path = whole(opened, method, marks, progress, reference, **options)
        while not gate.wait(0.01):
            progress("held", 0, 1)
        return path

    monkeypatch.setattr(method_path, "method_path", held)
    yield gate
    gate.set()


@pytest.fixture
def begun(session, file, hold):
    """Return a session that displays the first part of `msc`, with the whole held back."""
    session.controller.open(file)
    session.run(lambda: session.state.paths)
    assert list(session.state.parts) == ["msc"]
    return session


def test_a_large_file_opens_with_the_first_part_and_ends_with_the_whole(begun, hold):
    state = begun.state
    part = state.path
    assert isinstance(part, PartialPath)
    assert (part.sizes[-1], part.full_set_metrics["n_frames"], state.n_frames) == (6, 24, 6)
    assert not state.is_current(part)
    hold.set()
    begun.run()
    assert set(state.paths) == set(DEFAULT_METHODS)
    assert all(path.is_whole and state.is_current(path) for path in state.paths.values())
    whole = state.paths["msc"]
    np.testing.assert_array_equal(part.order, whole.order[:6])
    rows = len(part.sizes)
    columns = list(part.curve)
    np.testing.assert_allclose(part.curve[columns], whole.curve[columns][:rows], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(part.delta_entropy, whole.delta_entropy[:rows], rtol=1e-5, atol=1e-5)


def test_choices_made_meanwhile_stay(begun, hold):
    state, history = begun.state, begun.controller.history
    state.n_frames = 4
    state.selected = (1, 2)
    begun.run(lambda: True)
    hold.set()
    begun.run()
    assert (state.n_frames, state.selected, state.marks.locked) == (4, (1, 2), (0,))
    assert state.displayed_method == "balanced"
    history.undo()
    assert (state.n_frames, state.selected) == (4, ())
    history.undo()
    assert state.n_frames == 6
    assert not history.can_undo, "neither the part nor the whole is a decision"


def test_parts_grow_until_the_path_is_whole(session, file, hold, monkeypatch):
    monkeypatch.setattr(method_path, "PART_FRACTIONS", (0.25, 0.5))
    monkeypatch.setattr(method_path, "_FEWEST_IN_PART", 2)
    lengths = []

    def follow(event):
        if "msc" in event.new:
            lengths.append(len(event.new["msc"].order))

    session.state.param.watch(follow, "paths")
    session.controller.open(file)
    session.run(lambda: 12 in lengths)
    hold.set()
    session.run()
    assert sorted(lengths) == lengths, "no shorter part replaces a longer one"
    assert [*dict.fromkeys(lengths)] == [6, 12, 24]


def test_a_size_beyond_the_part_is_kept_for_the_whole(begun, hold):
    state = begun.state
    found = LinkRequest("?size=18").after(state)
    assert found["n_frames"] == 18
    with begun.controller.history.pause():
        state.n_frames = 18
    size = SizeView(state)
    assert state.row_of("msc")["n_frames"] == len(state.frames_of("msc")) == 6
    assert size._slider.end == size._slider.value == len(state.path.sizes) - 1
    assert "6 of 24 frames" in size._line.object
    assert "Only the first 25 % of msc is known so far" in size._line.object
    hold.set()
    begun.run()
    assert (state.n_frames, state.row_of("balanced")["n_frames"]) == (18, 18)
    assert "known yet" not in size._line.object


def test_the_page_says_what_it_shows(begun, hold):
    state = begun.state
    views = [kind(state) for kind in (TableView, SummaryView, CurveView, OverlapView, ForcesView)]
    status, export = (kind(state, begun.controller) for kind in (ProgressView, ExportView))
    RedundancyView(state, begun.controller)
    begun.run(lambda: state.main_activity.title == "Computing msc")
    assert "Shown so far: the first 25 % of msc; the rest is being computed." in text_of(status)
    assert all("nan" not in text_of(view) for view in views)
    assert export._zip.disabled
    assert export._code.disabled
    assert export._save.disabled
    with pytest.raises(ValueError, match="only the first part of the order of msc"):
        state.report_data()
    begun.controller.save("subset.xyz", 3, "file")
    assert state.notice == state.error == ""
    hold.set()
    begun.run()
    assert "so far" not in text_of(status)
    assert not export._zip.disabled
    assert set(state.report_data().paths) == set(DEFAULT_METHODS)


def test_a_part_is_not_compared_at_sizes_it_does_not_reach(begun, hold):
    state = begun.state
    hold.set()
    begun.run()
    hold.clear()
    state.n_frames = 12
    state.methods = ["msc", "random", "fps"]
    begun.run(lambda: "fps" in state.paths)
    table, curve = TableView(state), CurveView(state)
    assert list(state.parts) == ["fps"]
    assert state.displayed_method != "fps"
    assert "fps" not in text_of(table)
    assert len(curve._plot.sources["Path", "fps"].data["entropy"]) == len(state.paths["fps"].sizes)
    assert not len(curve._plot.sources["Ring", "fps"].data["entropy"])
    state.n_frames = 5
    assert "fps" in text_of(table)
    hold.set()
    begun.run()
    assert state.paths["fps"].is_whole
    assert len(curve._plot.sources["Ring", "fps"].data["entropy"]) == 1


def cancel_all(session):
    """Cancel one job after the other."""
    while session.state.main_activity.running:
        session.controller.cancel()


def test_cancelling_keeps_the_part_and_says_so(begun, hold):
    state = begun.state
    begun.controller.cancel()
    assert "Only the first 25 % of msc is shown" in state.notice
    cancel_all(begun)
    begun.run()
    assert (state.methods, state.displayed_method, list(state.parts)) == ([*DEFAULT_METHODS], "msc", ["msc"])
    state.methods = ["msc"]
    hold.set()
    # Other choices do not start it again.
    state.methods = ["msc", "random"]
    begun.run()
    assert list(state.parts) == ["msc"]
    assert state.displayed_method == "random"
    # To untick and tick it does.
    state.methods = ["random"]
    state.methods = ["msc", "random"]
    begun.run()
    assert state.paths["msc"].is_whole
    assert not state.parts


def test_the_only_method_is_completed_by_unticking_it(begun, hold):
    state = begun.state
    cancel_all(begun)
    state.methods = ["msc"]
    begun.run()
    hold.set()
    state.methods = []
    begun.run()
    assert state.paths["msc"].is_whole


def test_new_marks_replace_a_part_and_keep_whole_paths(begun, hold):
    state = begun.state
    marks = Marks(locked=(7, 3), excluded=(5,))
    state.marks = marks
    begun.run(lambda: state.paths["msc"].marks == marks)
    part = state.paths["msc"]
    assert not part.is_whole
    assert part.order[:2].tolist() == [7, 3]
    assert part.full_set_metrics["n_frames"] == 23
    assert np.isnan(part.delta_entropy).any(axis=0).sum() == state.data.envs.sizes[5]
    hold.set()
    begun.run()
    assert state.paths["msc"].is_whole
    hold.clear()
    seen = []
    state.param.watch(lambda event: seen.extend(event.new.values()), "paths")
    state.marks = Marks(locked=(1,))
    hold.set()
    begun.run()
    assert all(path.is_whole for path in seen)


def test_no_seeds_are_repeated_of_a_part(begun, hold):
    SeedBandUpdater(begun.state, begun.controller)
    cancel_all(begun)
    begun.run()
    assert begun.state.repeats == {}


def test_a_known_path_is_shown_whole_at_once(begun, hold, file):
    hold.set()
    begun.run()
    again, seen = Session(methods=DEFAULT_METHODS), []
    again.state.param.watch(lambda event: seen.extend(event.new.values()), "paths")
    again.open(file)
    again.controller.close()
    assert seen
    assert all(type(path) is MethodPath for path in seen)


def test_the_same_file_with_other_parameters_stays_until_the_new_path_is_whole(begun, hold):
    hold.set()
    begun.run()
    seen = []
    begun.state.param.watch(lambda event: seen.append(dict(event.new)), "paths")
    begun.controller.recompute(begun.state.parameters.__class__(bandwidth=0.03))
    begun.run()
    assert seen[0]["msc"].is_whole
    assert begun.state.opened.parameters.bandwidth == 0.03
