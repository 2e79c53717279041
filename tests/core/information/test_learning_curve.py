"""Tests of learning curves."""

import itertools

import numpy as np

from quests_core import (
    Environments,
    learning_curve,
)
from tests import naive
from tests.core.ugly import BANDWIDTH


def test_learning_curve_of_the_whole_set_is_its_entropy(rng):
    X = rng.normal(0, 0.3, (30, 3))
    curve = learning_curve(X, sizes=[1, 30], n_repeats=4, bandwidth=BANDWIDTH)
    assert list(curve.columns) == ["n_envs", "entropy", "entropy_std", "n_repeats"]
    assert curve.n_envs.tolist() == [1, 30]
    np.testing.assert_allclose(curve.entropy, [0, naive.entropy(X, BANDWIDTH)], atol=1e-6)
    np.testing.assert_allclose(curve.entropy_std, 0, atol=1e-6)


def test_learning_curve_draws_without_replacement_and_averages():
    X = np.array([[0.0], [0.1], [0.25]])
    pairs = [naive.entropy(X[list(pair)], 0.1) for pair in itertools.combinations(range(3), 2)]
    drawn = set()
    for seed in range(30):
        row = learning_curve(X, sizes=[2], n_repeats=1, bandwidth=0.1, random_state=seed).iloc[0]
        assert row.entropy_std == 0
        drawn.add(int(np.argmin(np.abs(np.array(pairs) - row.entropy))))
        assert np.abs(np.array(pairs) - row.entropy).min() < 1e-6
    assert drawn == {0, 1, 2}
    of_two = [((a + b) / 2, abs(a - b) / 2) for a in pairs for b in pairs]
    for seed in range(10):
        row = learning_curve(X, sizes=[2], n_repeats=2, bandwidth=0.1, random_state=seed).iloc[0]
        assert np.abs(np.array(of_two) - [row.entropy, row.entropy_std]).max(axis=1).min() < 1e-6


def test_learning_curve_follows_the_expectation(rng):
    X = rng.normal(0, 0.2, (200, 2))
    curve = learning_curve(X, sizes=[20], n_repeats=60, bandwidth=BANDWIDTH)
    samples = [naive.entropy(X[rng.choice(200, 20, replace=False)], BANDWIDTH) for _ in range(60)]
    error = np.hypot(np.std(samples), curve.entropy_std[0]) / np.sqrt(60)
    assert abs(curve.entropy[0] - np.mean(samples)) < 5 * error


def test_learning_curve_defaults_and_seed(rng):
    X = Environments(rng.normal(0, 0.2, (60, 2)), [0, 40, 60])
    curve = learning_curve(X, bandwidth=BANDWIDTH)
    assert curve.n_envs.iloc[-1] == 60
    assert (np.diff(curve.n_envs) > 0).all()
    assert curve.equals(learning_curve(X, bandwidth=BANDWIDTH))
    assert not curve.equals(learning_curve(X, bandwidth=BANDWIDTH, random_state=1))
    assert learning_curve(X.X[:1]).n_envs.tolist() == [1]
