"""How rows are divided into parts, and what their totals are asked."""

import numpy as np
import pytest

from quests_core.kernel_sums.partition import Rows
from quests_core.selection import cluster_totals
from quests_core.selection.cluster_msc import FrameRows
from quests_core.selection.cluster_totals import ClusterTotals
from quests_core.selection.subset_totals import SubsetTotals
from tests.core.selection.naive_scores import grouped

pytestmark = pytest.mark.jit
H = 0.3


@pytest.fixture
def both(threads, rng, monkeypatch):
    """Return the totals of a set, and those of its parts."""
    monkeypatch.setattr(cluster_totals, "_FEWEST_ROWS", 1)
    envs = grouped([rng.normal(0, 0.5, (n, 3)) for n in (3, 0, 4, 1, 5, 2)])
    frames, order = FrameRows(Rows.of_matrix(envs.X), envs.offsets[:-1], envs.sizes), np.arange(6)
    parts = ClusterTotals(SubsetTotals, threads, frames, H, None, order, "balanced order", None)
    return SubsetTotals.of(envs, H, None, None), parts


def test_totals_changes_and_the_farthest_environment_are_those_of_one_process(both):
    whole, parts = both
    np.testing.assert_allclose(parts.walk(np.arange(6))[0], whole.walk(np.arange(6))[0], rtol=1e-5, atol=1e-9)
    for picked in (4, 0, 1):
        for one in both:
            one.add(picked)
        np.testing.assert_allclose(parts.totals, whole.totals, rtol=1e-5)
        some = np.array([5, 2])
        np.testing.assert_allclose(parts.changes(some), whole.changes(some), rtol=1e-5, atol=1e-9)
        found, expected = (one.farthest(0.5, np.arange(6)) for one in both)
        np.testing.assert_allclose(found.least, expected.least, rtol=1e-5)
        assert found.near.tolist() == expected.near.tolist()


def test_what_is_likely_is_asked_in_the_same_round(both):
    whole, parts = both
    parts.likely = lambda totals: np.array([3, 5])
    parts.add(2)
    parts.farthest(1.0, np.arange(6))
    n_rounds = parts.n_rounds
    whole.add(2)
    np.testing.assert_allclose(parts.changes(np.array([5, 3])), whole.changes(np.array([5, 3])), rtol=1e-5)
    assert parts.n_rounds == n_rounds
    parts.changes(np.array([0]))
    assert parts.n_rounds == n_rounds + 1


def test_another_order_is_refused(both):
    with pytest.raises(ValueError, match=r"^order: expected that of msc"):
        both[1].walk(np.arange(6)[::-1])
