"""The environment farthest from a subset, and the subsets along an order."""

import math

import numpy as np

from quests_core.selection.subset_totals import FARTHEST, SubsetTotals
from tests import naive
from tests.core.selection.naive_scores import grouped

H = 0.3


def subset_of(frames):
    envs = grouped(frames)
    return SubsetTotals.of(envs, H, None, None)


def delta(frames, picked):
    """Return the δH of all environments."""
    return naive.delta_entropy(np.concatenate(frames), np.concatenate([frames[i] for i in picked]), H)


def test_the_farthest_environment_and_the_frames_near_it():
    frames = [np.array([[x]]) for x in (0.0, 0.1, 1.2, 1.3, 1.0)]
    subset, ranks = subset_of(frames), np.arange(5)
    subset.add(0)
    found = subset.farthest(2.0, ranks)
    np.testing.assert_allclose(found.largest, delta(frames, [0]).max(), atol=1e-5)
    # The farthest one is at 1.3: those at 1.2, 1.3 and 1.0 bring it to 2 nats.
    assert found.near.tolist() == [2, 3, 4]
    assert found.first == 5
    assert subset.farthest(found.largest + 0.1, ranks).near.tolist() == []


def test_environments_that_are_too_far_are_named_by_the_first_frame_in_an_order():
    frames = [np.array([[x]]) for x in (0.0, 50.0, 0.1, 90.0)]
    subset, ranks = subset_of(frames), np.array([0, 2, 3, 1])
    assert subset.farthest(1.0, ranks).first == 0
    subset.add(0)
    found = subset.farthest(1.0, ranks)
    assert found.largest == FARTHEST
    assert found.first == 1
    assert found.near.tolist() == []


def test_a_walk_measures_each_subset_and_ends_with_an_empty_one(rng):
    frames = [rng.normal(0, 0.4, (3, 2)) for _ in range(6)]
    subset, order = subset_of(frames), [4, 1, 0, 5]
    start = subset.totals.copy()
    totals, least = subset.walk(order)
    np.testing.assert_array_equal(totals[0], start)
    assert least[0] == 0.0
    for n, frame in enumerate(order, 1):
        subset.add(frame)
        np.testing.assert_allclose(totals[n], subset.totals, rtol=1e-12)
        np.testing.assert_allclose(-math.log(least[n]), max(0, delta(frames, order[:n]).max()), atol=1e-5)
    subset.restart()
    np.testing.assert_array_equal(subset.totals, start)
    np.testing.assert_array_equal(subset.walk(order)[0], totals)
