"""Stopping rules: compare with a naive scan over all sizes."""

import numpy as np
import pandas as pd
import pytest

from quests_core import Environments, compression_curve, delta_entropy, knee, select, smallest_subset
from quests_core.selection.stopping import largest_row, smallest_row
from tests import naive
from tests.core.ugly import BANDWIDTH, SETS

NAMES = [
    "plain",
    "duplicates",
    "far outliers",
    "one-atom frames",
    "all alike",
    "63 columns",
    "one environment",
]
BETTER = {"overlap": 1, "information_loss": -1, "max_delta_entropy": -1}


def slow_smallest(frames, order, **targets):
    """Return the first n frames for the smallest n that meets all targets, or None."""
    for n in range(1, len(order) + 1):
        (row,) = naive.compression_curve(frames, order, [n], BANDWIDTH)
        if all(BETTER[name] * (row[name] - value) >= -1e-9 for name, value in targets.items()):
            return list(order[:n])
    return None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "targets",
    [
        {"overlap": 0.5},
        {"overlap": 0.9},
        {"overlap": 1.0},
        {"information_loss": 0.4},
        {"information_loss": 0.0},
        {"max_delta_entropy": 2.0},
        {"overlap": 0.4, "information_loss": 0.6},
        {"overlap": 0.2, "max_delta_entropy": 1.0, "information_loss": 1.0},
    ],
)
def test_the_smallest_subset_agrees_with_the_naive_scan(name, targets):
    frames = SETS[name]
    envs = Environments.from_frames(frames)
    selection = select(envs, bandwidth=BANDWIDTH)
    expected = slow_smallest(frames, selection.order, **targets)
    assert smallest_subset(envs, selection, **targets).tolist() == expected
    found = smallest_subset(envs, selection.order.tolist(), bandwidth=BANDWIDTH, **targets)
    assert found.tolist() == expected


def test_one_frame_less_misses_the_target(rng):
    envs = Environments.from_frames([rng.normal(0, 0.3, (4, 3)) for _ in range(30)])
    selection = select(envs, "random", bandwidth=BANDWIDTH)
    curve = compression_curve(envs, selection.order, range(1, 31), BANDWIDTH)
    found = set()
    for overlap in np.linspace(0.05, 1, 20):
        n = len(smallest_subset(envs, selection, overlap=overlap))
        assert curve.overlap[n - 1] >= overlap - 1e-12
        assert n == 1 or curve.overlap[n - 2] < overlap
        found.add(n)
    assert len(found) > 5


@pytest.mark.parametrize("max_envs", [5, 8, 12, 39, 40, 400])
def test_the_number_of_environments_is_limited(rng, max_envs):
    sizes = [3, 5, 0, 9, 2, 7, 14]
    frames = [rng.normal(size=(n, 2)) for n in sizes]
    order = [1, 4, 2, 0, 3, 6, 5]
    fitting = [order[:n] for n in range(1, 8) if sum(sizes[i] for i in order[:n]) <= max_envs]
    found = smallest_subset(Environments.from_frames(frames), order, max_envs=max_envs)
    assert found.tolist() == fitting[-1]
    curve = pd.DataFrame({"n_envs": np.cumsum([sizes[i] for i in order])})
    assert largest_row(curve, max_envs) == len(fitting) - 1
    assert largest_row(curve, 4.5) is None


def test_excluded_frames_need_not_be_covered():
    envs = Environments([[0.0], [0.001], [0.9], [9.0]], [0, 1, 2, 3, 4])
    selection = select(envs, excluded=[3], bandwidth=0.1)
    subset = smallest_subset(envs, selection, overlap=1.0)
    assert sorted(subset)[-1] == 2
    with pytest.raises(
        ValueError, match=r"overlap: expected a value that the whole order reaches \(0\.75\), got 1$"
    ):
        smallest_subset(envs, selection.order, overlap=1.0, bandwidth=0.1)


def test_the_bandwidth_defaults_to_that_of_the_selection(rng):
    envs = Environments.from_frames([rng.normal(0, 0.3, (4, 3)) for _ in range(20)])
    selection = select(envs, "random", bandwidth=BANDWIDTH)
    wide = smallest_subset(envs, selection.order, overlap=0.9, bandwidth=BANDWIDTH)
    assert smallest_subset(envs, selection, overlap=0.9).tolist() == wide.tolist()
    narrow = smallest_subset(envs, selection, overlap=0.9, bandwidth=1e-3)
    assert len(narrow) == len(smallest_subset(envs, selection.order, overlap=0.9, bandwidth=1e-3))
    assert len(narrow) > len(wide)


def test_the_default_target_is_the_knee(rng):
    centers = rng.normal(0, 3, (5, 2))
    envs = Environments.from_frames([centers[i % 5] + rng.normal(0, 0.02, (4, 2)) for i in range(40)])
    selection = select(envs, bandwidth=BANDWIDTH)
    curve = compression_curve(envs, selection.order, range(1, 41), BANDWIDTH)
    row = knee(curve.n_frames, curve.overlap)
    assert smallest_subset(envs, selection).tolist() == selection.order[: row + 1].tolist()
    assert len(smallest_subset(envs, selection)) == 5


def test_unreachable_targets_are_refused(rng):
    envs = Environments.from_frames([rng.normal(0, 0.3, (4, 3)) for _ in range(6)])
    with pytest.raises(
        ValueError, match=r"overlap: expected a value that the whole order reaches \(1\), got 1\.5"
    ):
        smallest_subset(envs, range(6), overlap=1.5)
    with pytest.raises(ValueError, match="max_envs: expected at least 4, the size of the first frame, got 3"):
        smallest_subset(envs, range(6), max_envs=3)
    with pytest.raises(ValueError, match="max_envs: expected at least 24, which the targets need, got 20"):
        smallest_subset(envs, range(6), overlap=1.0, max_envs=20)
    with pytest.raises(ValueError, match="order: expected a curve with a knee"):
        smallest_subset(envs, range(2))
    with pytest.raises(ValueError, match="order: expected a nested one, got that of 'k_means'"):
        smallest_subset(envs, select(envs, "k_means"), overlap=0.5)
    with pytest.raises(ValueError, match="order: expected at least 1 frame, got 0"):
        smallest_subset(envs, [], overlap=0.5)
    for wrong in (-0.1, float("nan"), "much", True):
        with pytest.raises((TypeError, ValueError), match="overlap: expected a number of at least 0"):
            smallest_subset(envs, range(6), overlap=wrong)
    with pytest.raises(ValueError, match="overlap: expected a target here or in another argument"):
        smallest_row(pd.DataFrame({"overlap": [1.0]}))
    with pytest.raises(ValueError, match=r"overlaps: expected one value per size, shape \(3,\), got \(2,\)"):
        knee([1, 2, 3], [0.1, 0.2])


@pytest.mark.parametrize("until", [{"overlap": 0.9}, {"information_loss": 0.2, "max_envs": 60}, "knee"])
@pytest.mark.parametrize("method", ["balanced", "msc", "random"])
def test_select_returns_the_smallest_subset_that_meets_the_targets(until, method, rng):
    envs = Environments.from_frames([rng.normal(0, 0.3, (rng.integers(1, 5), 2)) for _ in range(30)])
    given = {"bandwidth": 0.2, "locked": [4], "excluded": [0, 9]}
    whole = select(envs, method, **given)
    found = select(envs, method, until=until, **given)
    expected = smallest_subset(envs, whole, **({} if until == "knee" else until))
    assert found.order.tolist() == expected.tolist()
    assert len(found) < len(whole)
    assert found.parameters == whole.parameters | {"until": until}
    with pytest.raises(ValueError, match="expected a value that the whole order reaches"):
        select(envs, method, 2, until={"overlap": 0.999}, **given)


def test_select_refuses_invalid_targets(rng):
    envs = Environments(rng.normal(size=(6, 2)), np.arange(0, 7, 2))
    for until, error, why in (
        (0.9, TypeError, "until: expected a mapping of targets or 'knee', got 0.9"),
        ({}, ValueError, "until: expected targets among"),
        ({"size": 3}, ValueError, r"until: expected targets among .*, got \['size'\]"),
        ({"overlap": -1}, ValueError, "overlap"),
        ({"max_envs": 0.5}, TypeError, "max_envs"),
    ):
        with pytest.raises(error, match=why):
            select(envs, until=until)
    with pytest.raises(ValueError, match="until: expected None with method 'k_means'"):
        select(envs, "k_means", until="knee")


@pytest.mark.parametrize(("name", "value"), [("overlap", 0.8), ("information_loss", 0.5)])
def test_targets_with_a_reference_are_those_of_both_together(rng, name, value):
    envs = Environments(rng.normal(size=(40, 2)), np.arange(0, 41, 2))
    known = Environments(rng.normal(size=(15, 2)), [0, 15])
    order = select(envs, "msc", 1.0, 0.4, reference=known).order
    for n in range(1, 21):
        both = np.concatenate([envs.take(order[:n]).X, known.X])
        delta = delta_entropy(envs, both, 0.4)
        reached = {"overlap": (delta < 1e-5).mean(), "information_loss": np.maximum(0, delta).mean()}[name]
        if reached >= value if name == "overlap" else reached <= value:
            break
    found = select(envs, "msc", 1.0, 0.4, reference=known, until={name: value})
    assert 1 < n < 20
    assert found.order.tolist() == order[:n].tolist()
    # Alone, the subset needs more frames.
    assert len(smallest_subset(envs, order, **{name: value}, bandwidth=0.4)) > n


def test_a_reference_that_suffices_leaves_one_frame(rng):
    envs = Environments(rng.normal(size=(6, 2)), np.arange(0, 7, 2))
    found = select(envs, "msc", 1.0, 0.4, reference=envs, until={"overlap": 1.0})
    assert len(found.order) == 1
