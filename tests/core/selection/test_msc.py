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


def test_a_whole_order_is_computed_once_for_the_methods_that_need_it(rng, monkeypatch):
    frames = dense(30, rng)
    fresh = {
        method: select(grouped(frames), method, bandwidth=BANDWIDTH).order for method in ("msc", "balanced")
    }
    envs, made, parts, scorer = grouped(frames), [], [], msc.MSC
    monkeypatch.setattr(msc, "MSC", lambda *given: made.append(given) or scorer(*given))
    select(envs, "msc", 5, bandwidth=BANDWIDTH)
    select(envs, "msc", bandwidth=BANDWIDTH)
    # A part is not kept, but the whole order.
    assert len(made) == 2
    assert np.array_equal(select(envs, "balanced", bandwidth=BANDWIDTH).order, fresh["balanced"])
    order = select(
        envs, "msc", 7, bandwidth=BANDWIDTH, callback=lambda part: parts.append(part.tolist())
    ).order
    assert np.array_equal(order, fresh["msc"][:7])
    assert parts == [fresh["msc"][:n].tolist() for n in range(1, 8)]
    assert len(made) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"bandwidth": 2 * BANDWIDTH},
        {"precision": "double"},
        {"locked": [3]},
        {"reference": np.zeros((1, 12))},
        {"excluded": [0]},
    ],
    ids=lambda other: next(iter(other)),
)
def test_an_order_that_is_kept_serves_the_same_parameters_only(rng, other):
    frames = dense(20, rng)
    envs, given = grouped(frames), {"bandwidth": BANDWIDTH} | other
    select(envs, "msc", bandwidth=BANDWIDTH)
    for method in ("msc", "balanced"):
        expected = select(grouped(frames), method, **given).order
        assert np.array_equal(select(envs, method, **given).order, expected)
