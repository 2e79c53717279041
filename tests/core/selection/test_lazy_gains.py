"""Gains that start from a reference."""

import numpy as np
import pytest

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
