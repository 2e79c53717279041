"""Targets compared with slow references, and the size that follows them."""

import numpy as np
import pandas as pd
import pytest

from quests_app.analysis.target import ENVS, KNEE, LOSS, OVERLAP, SIZE, Target
from quests_app.views.overview.overlap import OverlapView
from quests_app.views.sidebar.size import SizeView
from quests_core import knee


def random_curve(rng, n=40):
    overlaps = np.sort(rng.random(n))
    overlaps[-1] = 1
    return pd.DataFrame(
        {
            "fraction": np.arange(1, n + 1) / n,
            "n_envs": np.cumsum(rng.integers(0, 9, n)),
            "overlap": overlaps,
            "information_loss": np.sort(rng.exponential(size=n))[::-1] - 0.01,
        }
    )


def slow_position(curve, target):
    """Return the position by a search over all sizes."""
    fitting = []
    for i, row in curve.iterrows():
        fits = {
            OVERLAP: row["overlap"] >= target.value,
            LOSS: row["information_loss"] <= target.value,
            ENVS: row["n_envs"] <= target.value,
        }[target.mode]
        fitting += [i] if fits else []
    if not fitting:
        return None
    return fitting[-1] if target.mode == ENVS else fitting[0]


@pytest.mark.parametrize("mode", [OVERLAP, LOSS, ENVS])
def test_targets_match_a_search_over_all_sizes(rng, mode):
    found = set()
    for _ in range(50):
        curve = random_curve(rng)
        value = rng.choice([0.0, 0.5, 1.0, 1.2]) * (100 if mode == ENVS else 1)
        target = Target(mode, float(value))
        assert target.position(curve) == slow_position(curve, target)
        found.add(target.position(curve) is None)
    assert len(found) == 2 or mode != OVERLAP


def slow_knee(sizes, overlaps):
    """Return where the perpendicular distance above the chord is largest, point by point."""
    a, b = np.array([sizes[0], overlaps[0]]), np.array([sizes[-1], overlaps[-1]])
    best, farthest = None, 1e-9
    for i, point in enumerate(zip(sizes, overlaps, strict=True)):
        (x, y), (u, v) = (np.array(point) - a) / (b - a), (1.0, 1.0)
        distance = (u * y - v * x) / np.hypot(u, v)
        if distance > farthest:
            best, farthest = i, distance
    return best


def test_the_knee_is_farthest_from_the_chord(rng):
    for n in (3, 10, 60):
        for _ in range(20):
            overlaps = np.sort(rng.random(n))
            sizes = np.sort(rng.random(n))
            assert knee(sizes, overlaps) == slow_knee(sizes, overlaps)


@pytest.mark.parametrize("overlaps", [[1.0], [0.5, 1.0], [1.0, 1.0, 1.0], [0.0, 0.1, 1.0], [0.0, 0.5, 1.0]])
def test_no_knee_in_a_straight_curve(overlaps):
    assert knee(np.arange(len(overlaps)), overlaps) is None


def test_rounding_does_not_miss_a_target():
    curve = pd.DataFrame({"overlap": [0.1 + 0.2]})
    assert Target(OVERLAP, 0.30000000000000009).position(curve) == 0


@pytest.mark.parametrize("wrong", [("other", 1.0), (OVERLAP, -0.1), (LOSS, float("nan"))])
def test_invalid_targets_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Target(*wrong)


def fulfils(state, method):
    """Return whether the size is the smallest of the method with 80 % overlap."""
    curve = state.paths[method].curve
    fitting = curve["n_frames"][curve["overlap"] >= 0.8]
    return state.n_frames == fitting.iloc[0]


def test_the_size_follows_target_method_and_marks(opened):
    state = opened.state
    state.target = Target(OVERLAP, 0.8)
    assert fulfils(state, "msc")
    state.target = Target(OVERLAP, 1.0)
    aimed = state.n_frames
    state.active = "random"
    assert state.n_frames != aimed
    assert state.row_of("random")["overlap"] == 1
    state.target = Target(OVERLAP, 0.8)
    assert fulfils(state, "random")
    state.active = "msc"
    before = state.n_frames
    state.marks = state.marks.exclude(state.path.order[1:6])
    opened.run()
    assert state.path.marks == state.marks
    assert fulfils(state, "msc")
    assert state.n_frames != before


def test_choosing_a_size_ends_the_target_and_undo_restores_both(opened):
    state, history = opened.state, opened.controller.history
    first = state.n_frames
    state.target = Target(OVERLAP, 0.8)
    aimed = state.n_frames
    assert aimed != first
    state.n_frames = int(state.sizes[-1])
    assert state.target.mode == SIZE
    history.undo()
    assert (state.target.mode, state.n_frames) == (OVERLAP, aimed)
    history.undo()
    assert (state.target.mode, state.n_frames) == (SIZE, first)
    history.redo()
    assert (state.target.mode, state.n_frames) == (OVERLAP, aimed)


def test_a_target_survives_a_change_of_bandwidth(opened):
    state = opened.state
    state.target = Target(OVERLAP, 0.8)
    opened.controller.recompute(type(state.parameters)(bandwidth=0.05))
    opened.run()
    assert state.target.mode == OVERLAP
    assert fulfils(state, "msc")


def test_the_sidebar_sets_targets_and_shows_the_outcome(opened):
    state = opened.state
    size, chart = SizeView(state), OverlapView(state)
    assert not size._value.visible
    size._mode.value = OVERLAP
    assert (size._value.visible, size._value.value) == (True, "95")
    assert state.row_of("msc")["overlap"] >= 0.95
    size._value.value = "80"
    assert fulfils(state, "msc")
    assert "Smallest subset of msc with overlap ≥ 80 %" in size._target_text.object
    assert (chart._target.visible, chart._target.location) == (True, 80)
    size._value.value = "101"
    assert "No size of msc has overlap ≥ 101 %" in size._target_text.object
    size._value.value = "nonsense"
    assert "expected a number of at least 0 (%), got 'nonsense'" in state.error
    size._mode.value = ENVS
    assert state.target.value == round(state.opened.envs.n_envs / 4)
    assert state.row_of("msc")["n_envs"] <= state.target.value
    size._mode.value = KNEE
    curve = state.path.curve
    assert state.n_frames == curve["n_frames"][knee(curve["fraction"], curve["overlap"])]
    size._slider.value = 0
    assert (size._mode.value, size._target_text.object) == (SIZE, "")
    assert not chart._target.visible


def test_a_size_chosen_in_a_plot(opened):
    state, chart = opened.state, OverlapView(opened.state)
    assert chart._stops.data["n_frames"].tolist() == state.sizes.tolist()
    chart._requested_size.data = {"n_frames": [9]}
    assert state.n_frames == 9
    assert chart._span.location == pytest.approx(900 / 24)
