"""What a subset adds to a reference."""

import numpy as np
import pytest

from quests_core import Environments, delta_entropy, overlap
from quests_core.information.addition import Addition, addition


def test_numbers_are_those_of_the_definitions(rng):
    h = 0.1
    known = Environments.from_frames([0.1 * rng.normal(size=(6, 3)) for _ in range(4)])
    envs = Environments.from_frames([0.15 * rng.normal(size=(5, 3)) for _ in range(7)])
    found = addition(envs, [5, 2], known, h)
    own = delta_entropy(envs.take([5, 2]), known, h)
    both = np.concatenate([known.X, envs.take([5, 2]).X])
    assert (found.n_envs, found.n_new) == (10, np.sum(own >= 1e-5))
    assert found.mean_delta_entropy == pytest.approx(own.mean(), abs=1e-6)
    assert found.max_delta_entropy == pytest.approx(own.max(), abs=1e-6)
    assert found.overlap_before == overlap(envs, known, h)
    assert found.overlap_after == overlap(envs, both, h)
    assert 0 < found.overlap_before < found.overlap_after < 1


def test_copies_of_the_reference_add_nothing(rng):
    known = Environments.from_frames([rng.normal(size=(3, 2)) for _ in range(3)])
    found = addition(known, [1], known)
    assert found.n_new == 0
    assert (found.overlap_before, found.overlap_after) == (1, 1)


def test_the_sentence_has_all_numbers():
    text = Addition(40, 10, 1.234, 7.5, 0.25, 0.875).sentence
    assert text == (
        "New to the reference: 10 of 40 selected environments (25.0 %), mean δH 1.23 nats, largest "
        "7.50 nats. The reference covers 25.0 % of the candidates alone, 87.5 % with the selected frames."
    )
