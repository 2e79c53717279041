"""The submodular methods: costs, and gains that need no evaluation."""

import numpy as np
import pytest

from quests_core.selection.cover import SubmodularCoverage
from tests.core.selection.naive_scores import WORTH, assert_greedy, grouped, slow_scores
from tests.core.ugly import BANDWIDTH, SETS
from tests.core.with_y import select


@pytest.mark.parametrize("method", [*WORTH, "balanced"])
@pytest.mark.parametrize("name", ["plain", "duplicates", "63 columns"])
def test_gains_are_divided_by_costs(method, name, rng):
    frames = SETS[name]
    prices = rng.uniform(0.5, 3.0, len(frames))
    for cost, costs in (("environments", np.array([max(len(X), 1) for X in frames])), (prices, prices)):
        order = select(grouped(frames), method, bandwidth=BANDWIDTH, cost=cost).order
        assert_greedy(order, slow_scores(method, frames, costs=costs), n_given=0)


def test_zero_gains_are_not_recomputed(rng, monkeypatch):
    looks, look = [], SubmodularCoverage._compute_gains
    monkeypatch.setattr(
        SubmodularCoverage, "_compute_gains", lambda self, frames: (looks.extend(frames), look(self, frames))
    )
    frames = [rng.normal(0, 0.3, (4, 3))] * 50
    assert select(grouped(frames), "coverage", bandwidth=BANDWIDTH).order.tolist() == list(range(50))
    # All initially, and again after the first pick, which covers everything.
    assert len(looks) < 110
