"""The summary of the data set and of the active subset."""

import dataclasses

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from scipy.special import logsumexp

import quests_core
from quests_app.text.sentences import label_counts
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.size import SizeView
from tests.app.conftest import labelled, make_frames, text_of

# Bokeh converts a pandas index in a way that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


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


def test_the_summary_notes_undistinguished_elements(session, tmp_path):
    summary = SummaryView(session.state)
    alloy = bulk("Ag", cubic=True)
    alloy.symbols[0] = "Pd"
    for name, atoms, said in (("alloy.xyz", alloy, True), ("silver.xyz", bulk("Ag", cubic=True), False)):
        write(tmp_path / name, [atoms, atoms * (2, 1, 1)], format="extxyz")
        session.open(tmp_path / name)
        assert ("not distinguished" in text_of(summary)) is said


def test_excluded_frames_belong_to_no_number(session, rng, tmp_path):
    """Header, sidebar and sentence are about the frames that are left."""
    write(tmp_path / "many.xyz", make_frames(rng, 40)[1:], format="extxyz")
    session.open(tmp_path / "many.xyz")
    state = session.state
    summary, size = SummaryView(state), SizeView(state)
    n_all = len(state.opened.envs)
    state.marks = state.marks.exclude(range(10, n_all))
    session.run()
    left = state.opened.envs.take(np.arange(10))
    entropy = state.full_set_metrics["entropy"]
    np.testing.assert_allclose(
        entropy, quests_core.entropy(left, bandwidth=state.opened.parameters.bandwidth)
    )
    shown = text_of(summary)
    assert f">10 <small>{n_all - 10} excluded</small><" in shown
    assert f">{left.n_envs}<" in shown
    assert f"{entropy:.2f} <small>of ln N = {np.log(left.n_envs):.2f} nats</small>" in shown
    assert f">{np.log(left.n_envs) - entropy:.2f} <small>nats" in shown
    assert f"labels: {label_counts(state.opened.dataset.labels[:10])}<" in shown
    state.n_frames = 5
    assert "<b>50 %</b> of the frames" in text_of(summary)
    assert "<b>50 %</b><br>5 of 10 frames" in text_of(size)


def test_the_summary_names_coverage_where_random_covers_more(opened):
    state, summary = opened.state, SummaryView(opened.state)
    for more in (True, False):
        overlap = 0.99 if more else 0.0
        curve = state.paths["random"].curve.assign(overlap=overlap)
        state.paths = {**state.paths, "random": dataclasses.replace(state.paths["random"], curve=curve)}
        shown = text_of(summary)
        assert f"By comparison, random covers {'more, 99 %' if more else '0 %'}, with δH up to" in shown
        assert ("nats; to cover most, use the method coverage." in shown) is more
