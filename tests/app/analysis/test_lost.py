"""Lost environments, checked against slow loops, and their views."""

import dataclasses
import time

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from bokeh.document import Document
from scipy.special import logsumexp

from quests_app.analysis.lost import (
    EnvironmentLabels,
    OutlierWarning,
    by_label,
    frame_table,
    lost,
    outlier_warning,
)
from quests_app.analysis.parameters import Marks
from quests_app.plots.outliers import histogram_data
from quests_app.session.controller import DEMO
from quests_app.views.header.summary import SummaryView
from quests_app.views.lost.lost_table import ENVIRONMENTS, FRAMES, LostTable
from quests_app.views.lost.outliers import LostLabelsView, OutliersView
from tests.app.conftest import text_of

from ..conftest import labelled, make_frames

# Bokeh converts a pandas index in a way that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


@pytest.fixture
def small(opened):
    opened.state.n_frames = 3
    opened.state.tab = "outliers"
    return opened


def novelty(state):
    return state.path.delta_entropy[state.path.position(state.n_frames)]


def test_the_worst_are_ranked_first(rng):
    values = rng.normal(size=3000).astype(np.float32)
    values[::7] = np.nan
    found = lost(values, limit=40)
    above = [float(v) for v in values if v > 1e-5]
    assert values[found.rows].tolist() == sorted(above, reverse=True)[:40]
    assert found.n_lost == len(above)
    assert found.n_counted == np.isfinite(values).sum()
    assert found.largest == max(above)
    assert len(lost(values).rows) == 500
    nothing = lost(np.array([-1.0, 0.0, 1e-6]))
    assert (nothing.n_lost, len(nothing.rows)) == (0, 0)
    assert np.isnan(lost(np.array([np.nan])).largest)


def test_shares_by_label_and_frame_are_those_of_a_slow_count(small):
    state = small.state
    values = novelty(state).copy()
    values[small.state.opened.envs.frame_index == 5] = np.nan
    opened, env_labels = state.opened, EnvironmentLabels.from_dataset(state.opened)
    slow = {}
    for row, frame in enumerate(opened.envs.frame_index):
        if np.isfinite(values[row]):
            entry = slow.setdefault(opened.dataset.labels[frame], [0, 0, -np.inf])
            entry[0] += 1
            entry[1] += values[row] > 1e-5
            entry[2] = max(entry[2], float(values[row]))
    found = by_label(env_labels, values)
    assert {label: list(rest) for label, *rest in found} == slow
    shares = [n_lost / n for _, n, n_lost, _ in found]
    assert shares == sorted(shares, reverse=True)
    columns, rows = frame_table(opened, values)
    for i, frame in enumerate(columns["frame"]):
        own = values[opened.envs.frame_index == frame]
        assert columns["n_lost"][i] == (own > 1e-5).sum() > 0
        assert columns["delta_entropy"][i] == own.max() == values[rows[i]]
        assert opened.envs.frame_index[rows[i]] == frame
    assert 5 not in columns["frame"]
    assert (np.diff(columns["delta_entropy"]) <= 0).all()


def with_largest(path, largest, **changes):
    """Return a path with the given largest δH at every size."""
    return dataclasses.replace(path, curve=path.curve.assign(max_delta_entropy=largest), **changes)


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (454.0, {"msc": 21.0, "fps": 30.0}, OutlierWarning(454.0, "msc", 21.0)),
        (454.0, {"fps": 30.0, "msc": 152.0}, OutlierWarning(454.0, "fps", 30.0)),
        (454.0, {"msc": 152.0}, None),
        (20.0, {"msc": 6.6}, OutlierWarning(20.0, "msc", 6.6)),
        (19.9, {"msc": 0.0}, None),
        (20.0, {"msc": -0.7}, OutlierWarning(20.0, "msc", -0.7)),
        (60.0, {"msc": 20.0}, None),
        (60.0, {}, None),
    ],
)
def test_warning_if_another_method_has_a_far_smaller_maximum(opened, own, others, expected):
    path = opened.state.path
    paths = {"balanced": with_largest(path, own), **{m: with_largest(path, v) for m, v in others.items()}}
    assert outlier_warning(paths, "balanced", 5) == expected
    best = min(others.values(), default=np.inf)
    assert (expected is not None) == (own >= 20 and own > 3 * best), (
        "at least 20 nats and more than three times the smallest"
    )


def test_only_comparable_paths_are_compared(opened):
    path = opened.state.path
    own, better = with_largest(path, 90.0), with_largest(path, 1.0)
    assert outlier_warning({"random": own, "msc": better}, "random", 5) is not None
    assert outlier_warning({"msc": better}, "random", 5) is None, "not computed yet"
    other_marks = dataclasses.replace(better, marks=Marks(excluded=(3,)))
    assert outlier_warning({"random": own, "msc": other_marks}, "random", 5) is None
    given = dataclasses.replace(better, reference=object())
    assert outlier_warning({"random": own, "msc given": given}, "random", 5) is None
    assert outlier_warning({"random": better, "msc given": with_largest(given, 90.0)}, "msc given", 5) is None


def test_the_summary_warns_of_outliers(session, rng, tmp_path):
    """At a small size, msc keeps a dimer among crystals and random does not."""
    frames = make_frames(rng, 40)[1:]
    frames[30] = labelled(Atoms("Cu2", [[0, 0, 0], [2.2, 0, 0]]), rng, "dimer")
    write(tmp_path / "dimer.xyz", frames, format="extxyz")
    session.open(tmp_path / "dimer.xyz")
    state, summary = session.state, SummaryView(session.state)
    first = int(np.flatnonzero(state.paths["random"].order == 30)[0])
    assert first > 4, "random selects the dimer late"
    state.n_frames = 4
    assert "caution" not in text_of(summary), "msc is displayed, and keeps the dimer"
    state.active = "random"
    largest = {m: delta_of(state.opened.envs, state.frames_of(m)).max() for m in ("msc", "random")}
    assert largest["random"] > max(20, 3 * largest["msc"])
    shown = text_of(summary)
    assert (
        f"<b>random</b> leaves an environment <b>{largest['random']:.1f} nats</b> away; <b>msc</b>" in shown
    )
    state.n_frames = first + 1
    assert "caution" not in text_of(summary), "the dimer is kept"


def delta_of(envs, frames):
    """Return δH of every environment given some frames, by definition."""
    kept = envs.X[np.isin(envs.frame_index, frames)]
    squares = ((envs.X[:, None] - kept[None]) ** 2).sum(axis=2)
    return -logsumexp(-squares / (2 * 0.015**2), axis=1)


def test_the_histogram_counts_everything_once(rng):
    values = np.concatenate([rng.normal(size=500), rng.exponential(200, size=50), [0.0, 1e-7, 2e-5, np.nan]])
    columns = histogram_data(values)
    n = columns["count"]
    assert n[n >= 1].sum() == 553
    assert n[(n >= 1) & (columns["place"] >= 0)].sum() == (values > 1e-5).sum()
    for low, high, number in zip(columns["low"], columns["high"], n, strict=True):
        inside = ((values >= low) & (values < high)).sum()
        if abs(low) > 1e-9 and abs(high) > 1e-9:
            assert inside == (number if number >= 1 else 0)
    assert len(histogram_data(np.array([np.nan]))["place"]) == 0


def test_distribution_note_and_labels_follow(small):
    state = small.state
    view, labels = OutliersView(state, "outliers"), LostLabelsView(state, "outliers")
    share = (novelty(state) > 1e-5).mean()
    assert share > 0
    assert f"msc lost {100 * share:.0f} %" in text_of(view)
    assert "distorted" in text_of(labels)
    before = view._plot.sources["msc"].data["count"].copy()
    state.n_frames = 12
    assert not np.array_equal(before, view._plot.sources["msc"].data["count"])
    state.active = "random"
    assert "random lost" in text_of(view)
    state.methods = ["random"]
    assert not view._plot.renderers["msc"][0].visible


def test_a_row_becomes_current_and_its_frame_is_added(small):
    state, view = small.state, LostTable(small.state, "outliers")
    table = view._tables[ENVIRONMENTS]
    values = novelty(state)
    worst = int(np.argmax(values))
    assert table.value["delta_entropy"][0] == pytest.approx(values[worst])
    view._clicked(0, "frame")
    assert values[state.current_env] == values[worst]
    frame = state.current_frame
    assert f"of frame {frame} (dropped)" in view._current.object
    view._add.clicks += 1
    assert frame in state.marks.locked
    assert view._add.disabled
    assert frame not in set(table.value["frame"]), "removed before the metrics are recomputed"
    small.run()
    assert frame not in set(table.value["frame"])
    assert f"of frame {frame} (locked)" in view._current.object
    other = int(table.value["frame"][0])
    view._clicked(0, "add")
    assert other in state.marks.locked
    small.controller.history.undo()
    assert other not in state.marks.locked
    view._show_structure.clicks += 1
    assert state.tab == "map"


def test_frames_are_ranked_by_their_worst(small):
    state, view = small.state, LostTable(small.state, "outliers")
    view._mode.value = FRAMES
    table = view._tables[FRAMES]
    assert table.visible
    assert not view._tables[ENVIRONMENTS].visible
    view._clicked(1, "label")
    assert state.current_frame == table.value["frame"][1]
    assert novelty(state)[state.current_env] == table.value["delta_entropy"][1]


def test_message_if_nothing_is_lost(small):
    view = LostTable(small.state, "outliers")
    assert not view._empty.visible
    small.state.n_frames = 24
    assert view._empty.visible
    assert "Nothing is lost" in text_of(view)
    assert not any(table.visible for table in view._tables.values())


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
