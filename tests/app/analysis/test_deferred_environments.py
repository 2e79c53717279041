"""Environments whose descriptors are computed when they are needed."""

import copy
import threading

import numpy as np
import pytest

from quests_app.analysis.deferred_environments import DeferredEnvironments
from quests_core import Environments, entropy


@pytest.fixture
def known(rng):
    return Environments(rng.normal(0.0, 0.01, (6, 3)), [0, 2, 2, 6])


def test_sizes_are_known_before_the_descriptors(known):
    calls = []
    envs = DeferredEnvironments(known.offsets, lambda: calls.append(1) or known)
    assert (len(envs), envs.n_envs, envs.sizes.tolist()) == (3, 6, [2, 0, 4])
    assert envs.frame_index.tolist() == [0, 0, 2, 2, 2, 2]
    assert envs.rows([2]).tolist() == [2, 3, 4, 5]
    assert not calls
    assert not envs.is_known
    assert np.array_equal(envs.X, known.X)
    assert envs.is_known
    assert np.array_equal(envs.take([2]).X, known.X[2:])
    assert entropy(envs) == entropy(known)
    assert calls == [1], "computed once"
    assert np.array_equal(copy.deepcopy(envs).X, known.X)


def test_threads_wait_for_one_computation(known):
    begun, calls, seen = threading.Event(), [], []

    def compute():
        calls.append(1)
        begun.wait()
        return known

    envs = DeferredEnvironments(known.offsets, compute)
    threads = [threading.Thread(target=lambda: seen.append(envs.X)) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    assert calls == [1]
    assert all(X is known.X for X in seen)


def test_a_failed_computation_is_repeated(known):
    answers = [ValueError("frame 3 is damaged"), known]

    def compute():
        answer = answers.pop(0)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    envs = DeferredEnvironments(known.offsets, compute)
    with pytest.raises(ValueError, match="frame 3"):
        _ = envs.X
    assert np.array_equal(envs.X, known.X)
