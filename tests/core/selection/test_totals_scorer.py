"""The metrics that follow from the totals of a subset, compared with naive ones."""

import numpy as np
import pytest

from quests_core import Environments
from quests_core.selection.subset_totals import SubsetTotals
from quests_core.selection.totals_scorer import TotalsScorer
from tests import naive
from tests.core.ugly import BANDWIDTH, SETS


class Totals(TotalsScorer):
    """The totals and the changes by each frame as metrics."""

    def __init__(self, frames):
        envs = Environments.from_frames(frames)
        subset = SubsetTotals.of(envs, BANDWIDTH, None, None)
        super().__init__(subset, envs.sizes, np.ones(len(frames)))

    def scores(self):
        return np.zeros(len(self._sizes))

    def now(self):
        return self._metrics(self._subset.totals)

    def with_each(self):
        self._evaluate(np.flatnonzero(self._sizes))
        return self._metrics(self._subset.totals + self._changes)


def slow(frames, picked):
    """Return information loss, ln(1 + U), entropy and overlap of a subset."""
    minus_loss, log_unique, overlap = naive.subset_metrics(frames, picked, BANDWIDTH)
    subset = np.concatenate([frames[i] for i in picked])
    return [-minus_loss, log_unique, naive.entropy(subset, BANDWIDTH), overlap]


@pytest.mark.parametrize("name", ["plain", "duplicates", "one-atom frames"])
def test_totals_and_changes_agree_with_naive_sums(name):
    frames = SETS[name]
    totals, picked = Totals(frames), []
    for frame in (2, 0, 3):
        before = totals.with_each()
        for other in set(range(len(frames))) - set(picked):
            np.testing.assert_allclose(before[other], slow(frames, [*picked, other]), atol=2e-6)
        totals.add(frame)
        picked.append(frame)
        np.testing.assert_allclose(totals.now(), slow(frames, picked), atol=2e-6)
