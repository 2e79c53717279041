"""Targets compared with slow references, and the size that follows them."""

import numpy as np
import pandas as pd
import pytest

from quests_app.analysis.target import ENVS, LOSS, OVERLAP, Target
from quests_app.views.overview.overlap import OverlapView
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


def test_a_size_chosen_in_a_plot(opened):
    state, chart = opened.state, OverlapView(opened.state)
    assert chart._stops.data["n_frames"].tolist() == state.sizes.tolist()
    chart._requested_size.data = {"n_frames": [9]}
    assert state.n_frames == 9
    assert chart._span.location == pytest.approx(900 / 24)
