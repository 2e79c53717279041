"""Gains that start from a reference, and the frames that are evaluated ahead of time."""

import numpy as np
import pytest

from quests_core.selection.lazy_gains import highest
from tests.core.selection.naive_scores import WORTH, assert_greedy, grouped, slow_scores
from tests.core.ugly import BANDWIDTH
from tests.core.with_y import select


@pytest.mark.parametrize("method", [*WORTH, "balanced"])
def test_environments_covered_by_a_reference_have_no_gain(method, rng):
    frames = [rng.normal(scale=0.3, size=(4, 5)) for _ in range(8)]
    reference = np.concatenate([frames[2], frames[5]]) + 1e-3
    order = select(grouped(frames), method, bandwidth=BANDWIDTH, reference=reference).order
    assert_greedy(order, slow_scores(method, frames, reference), n_given=0)
    assert set(order[-2:]) == {2, 5}


@pytest.mark.parametrize("n", [1, 3, 7, 20, 30])
def test_thehighest_scores_are_those_of_a_stable_sort(rng, n):
    scores = rng.integers(0, 5, 20) * 1.0
    scores[:4] = -np.inf
    expected = np.argsort(-scores, kind="stable")[:n]
    np.testing.assert_array_equal(np.sort(highest(scores, n)), np.sort(expected))
