"""The `balanced` method with more frames than it evaluates at a time."""

import numpy as np

from quests_core.selection.balanced import Balanced
from tests import naive
from tests.core.selection.naive_scores import grouped
from tests.core.ugly import BANDWIDTH
from tests.core.with_y import select


def test_lazy_evaluation_costs_balanced_little(rng, monkeypatch):
    """With more frames than one batch, the picks are nearly as good as exact ones."""
    centers = rng.normal(0, 0.5, (30, 3))
    frames = [centers[rng.integers(30, size=4)] + rng.normal(0, 0.05, (4, 3)) for _ in range(60)]
    worth = []
    for batch_size in (2, 60):
        monkeypatch.setattr(Balanced, "batch_size", batch_size)
        order = select(grouped(frames), "balanced", bandwidth=BANDWIDTH).order
        worth.append([naive.subset_metrics(frames, order[:n], BANDWIDTH) for n in (1, 4, 15, 30)])
    np.testing.assert_allclose(worth[0], worth[1], rtol=0.02, atol=0.02)
    assert np.all(np.diff(worth[1], axis=0) > 0)
