"""`msc`: lazy updates and updates of all sums give the same order, that of naive scores."""

import numpy as np
import pytest

from quests_core import Environments, select
from quests_core.selection import msc
from tests.core.selection.naive_scores import assert_greedy, grouped, slow_scores
from tests.core.ugly import BANDWIDTH, PROMISES, SETS, combined

# Nanoseconds per pair at which the sums of all environments are updated never, at each pick, and in between.
PAIR_WORK = {"never": np.inf, "always": 0.0, "sometimes": msc._PAIR_WORK}


@pytest.fixture
def updates(request, monkeypatch):
    """Choose when all sums are updated; return the numbers of picks at which they were."""
    at, update_all = [], msc.MSC._update_all
    monkeypatch.setattr(msc, "_PAIR_WORK", PAIR_WORK[request.param])
    monkeypatch.setattr(msc.MSC, "_update_all", lambda self: (at.append(self._n_picked), update_all(self)))
    yield at
    assert not (request.param == "never" and at)


def dense(n_frames, rng):
    """Return frames whose environments are all within reach of the kernel of each other."""
    return [rng.normal(scale=0.6 * BANDWIDTH, size=(rng.integers(3, 9), 12)) for _ in range(n_frames)]


@combined("updates, name, precision", PAIR_WORK, SETS, PROMISES, indirect=["updates"])
def test_every_pick_has_the_highest_score(name, precision, updates):
    frames = [frame for frame in SETS[name] if len(frame)] * 2
    order = select(grouped(frames), "msc", bandwidth=BANDWIDTH, precision=precision).order
    assert sorted(order) == list(range(len(frames)))
    assert_greedy(order, slow_scores("msc", frames), 0, PROMISES[precision][0])


@pytest.mark.parametrize("updates", PAIR_WORK, indirect=True)
@pytest.mark.parametrize("precision", PROMISES)
def test_a_dense_set_with_a_reference_and_locked_frames(rng, precision, updates):
    frames, reference = dense(30, rng), rng.normal(scale=BANDWIDTH, size=(5, 12))
    chosen = {"locked": [7, 3], "excluded": [0, 11], "reference": grouped([reference])}
    order = select(grouped(frames), "msc", bandwidth=BANDWIDTH, precision=precision, **chosen).order
    assert updates or np.isinf(msc._PAIR_WORK)
    assert len(order) == 28
    assert order[:2].tolist() == [7, 3]
    kept = np.setdiff1d(np.arange(30), [0, 11])
    order = np.searchsorted(kept, order)
    scores = slow_scores("msc", [frames[i] for i in kept], reference)
    assert_greedy(order, scores, 2, PROMISES[precision][0])


@pytest.mark.jit
def test_all_sums_are_updated_often_in_dense_sets_and_rarely_in_sparse_ones(rng, monkeypatch):
    at, update_all = [], msc.MSC._update_all
    monkeypatch.setattr(msc.MSC, "_update_all", lambda self: (at.append(self._n_picked), update_all(self)))
    select(grouped(dense(200, rng)), "msc", bandwidth=BANDWIDTH)
    assert len(at) > 5
    at.clear()
    sparse = Environments(rng.uniform(0, 3e4 * BANDWIDTH, (6000, 1)), np.arange(0, 6001, 30))
    select(sparse, "msc", bandwidth=BANDWIDTH)
    assert len(at) < 3
