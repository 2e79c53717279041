"""Exchanges: compare with a naive search; no metric gets worse."""

import numpy as np
import pytest

from quests_core import Environments, compression_curve, exchange, select
from tests import naive

BANDWIDTH = 0.1
BETTER = {"overlap": 1, "information_loss": -1, "diversity": 1, "entropy": 1}


def clustered(rng, n_frames=14, most=4):
    """Return frames with many similar and some equal environments."""
    centers = rng.normal(0, 0.25, (8, 2))
    frames = [
        centers[rng.integers(8, size=rng.integers(1, most + 1))] + rng.normal(0, 0.04, 2)
        for _ in range(n_frames)
    ]
    frames[3] = frames[0].copy()
    return frames


def slow_qualities(frames, chosen):
    """Return overlap, -loss, diversity and entropy of a subset."""
    full, own = np.concatenate(frames), np.concatenate([frames[s] for s in chosen])
    K, inner = naive.plain_kernel_sums(full, own, BANDWIDTH), naive.plain_kernel_sums(own, own, BANDWIDTH)
    loss = -np.mean(naive.information(K))
    entropy = np.log(len(own)) - np.mean(np.log(inner))
    return np.array([np.mean(np.log(K) > -1e-5), -loss, np.log(np.sum(1 / inner)), entropy])


def slow_exchange(frames, chosen, room, locked=(), excluded=()):
    chosen, floors = list(chosen), slow_qualities(frames, chosen) - 1e-9
    for place in range(len(chosen))[::-1]:
        if chosen[place] in locked:
            continue
        best, worth = chosen[place], naive.exchange_worth(frames, chosen, BANDWIDTH) + 1e-9
        for frame in np.setdiff1d(np.arange(len(frames)), [*chosen, *excluded]):
            tried = [*chosen[:place], frame, *chosen[place + 1 :]]
            if sum(len(frames[s]) for s in tried) > room:
                continue
            value = naive.exchange_worth(frames, tried, BANDWIDTH)
            if value > worth and (slow_qualities(frames, tried) >= floors).all():
                best, worth = frame, value
        chosen[place] = int(best)
    return chosen


@pytest.mark.parametrize("seed", range(6))
def test_a_sweep_agrees_with_the_naive_search(seed):
    rng = np.random.default_rng(seed)
    frames = clustered(rng)
    envs, start = Environments.from_frames(frames), rng.permutation(14)[:5]
    room = int(envs.sizes[start].sum())
    assert exchange(envs, start, bandwidth=BANDWIDTH).tolist() == slow_exchange(frames, start, room)
    given = {"locked": [start[1]], "excluded": [f for f in (0, 7, 9) if f not in start]}
    found = exchange(envs, start, room + 3, **given, bandwidth=BANDWIDTH).tolist()
    assert found == slow_exchange(frames, start, room + 3, **given)
    assert found[1] == start[1]


@pytest.mark.jit
@pytest.mark.parametrize("method", ["msc", "balanced", "random"])
def test_no_metric_gets_worse_and_random_subsets_improve(method, rng):
    envs = Environments.from_frames(clustered(rng, 150, 9))
    order = select(envs, method, bandwidth=BANDWIDTH).order
    for n in (8, 30, 75):
        better = exchange(envs, order[:n], bandwidth=BANDWIDTH, sweeps=2)
        assert len(set(better.tolist())) == n
        assert envs.sizes[better].sum() <= envs.sizes[order[:n]].sum()
        before, after = (
            compression_curve(envs, part, [n], BANDWIDTH, "double").iloc[0] for part in (order, better)
        )
        gains = {name: sign * (after[name] - before[name]) for name, sign in BETTER.items()}
        assert min(gains.values()) > -1e-6, gains
        if method == "random":
            assert gains["diversity"] > 0.05


@pytest.mark.jit
def test_the_result_does_not_depend_on_the_number_of_threads(rng):
    from quests_core import get_num_threads, set_num_threads

    envs = Environments.from_frames(clustered(rng, 60))
    before, found = get_num_threads(), []
    try:
        for n in (1, 3):
            set_num_threads(n)
            found.append(exchange(envs, range(20), bandwidth=BANDWIDTH).tolist())
    finally:
        set_num_threads(before)
    assert found[0] == found[1]


def test_empty_frames_stay_and_the_full_set_and_the_empty_one_are_allowed():
    envs = Environments([[0.0], [1.0]], [0, 1, 1, 2])
    assert exchange(envs, [1, 0]).tolist() == [1, 0]
    assert exchange(envs, [2, 1, 0]).tolist() == [2, 1, 0]
    assert exchange(envs, []).tolist() == []


def test_invalid_arguments_are_refused():
    envs = Environments(np.arange(8.0)[:, None], [0, 2, 4, 8])
    with pytest.raises(ValueError, match="max_envs: expected at least the 6 environments of frames, got 5"):
        exchange(envs, [0, 2], max_envs=5)
    with pytest.raises(ValueError, match="frames"):
        exchange(envs, [0, 0])
    with pytest.raises(ValueError, match="sweeps"):
        exchange(envs, [0], sweeps=0)
    with pytest.raises(ValueError, match="bandwidth"):
        exchange(envs, [0], bandwidth=0)
