"""Tests of learning curves."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from quests_core import (
    Environments,
    information_gap,
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


def test_the_fit_recovers_the_parameters_of_a_curve(rng):
    n = np.geomspace(10, 5000, 9)
    for a, b, c in ((6.0, 6.0, 0.05), (8.5, 7.0, 0.02), (2.0, 2.0, 0.4)):
        curve = pd.DataFrame({"n_envs": n, "entropy": a - b * np.exp(-c * np.log(n) ** 2)})
        found = information_gap(curve)
        np.testing.assert_allclose([found.a, found.b, found.c], [a, b, c], rtol=1e-3)
        limit = a - b * math.exp(-c * math.log(1e12) ** 2)
        assert found.gap == pytest.approx(limit - curve.entropy.iloc[-1], abs=1e-4)
        assert found.limit == pytest.approx(found.entropy + found.gap)
        assert found.residual < 1e-4
        assert math.isnan(found.gap_std)


@pytest.mark.costly
def test_the_error_of_the_gap_is_the_scatter_of_gaps():
    n = np.geomspace(10, 5000, 9)
    true = 6 - 6 * np.exp(-0.05 * np.log(n) ** 2)
    rng, gaps, told = np.random.default_rng(0), [], []
    for seed in range(40):
        repeats = true + rng.normal(0, 0.05, (20, 9))
        curve = pd.DataFrame(
            {
                "n_envs": n,
                "entropy": repeats.mean(axis=0),
                "entropy_std": repeats.std(axis=0),
                "n_repeats": 20,
            }
        )
        found = information_gap(curve, n_resamples=20, random_state=seed)
        gaps.append(found.gap)
        told.append(found.gap_std)
    assert np.mean(told) == pytest.approx(np.std(gaps), rel=0.4)


@pytest.mark.jit
def test_a_complete_set_has_no_gap_and_a_poor_one_has(rng):
    centers = rng.normal(0, 5, (20, 2))
    complete = learning_curve(centers[rng.integers(0, 20, 800)], n_repeats=3, bandwidth=0.1)
    assert abs(information_gap(complete).gap) < 0.1
    poor = learning_curve(rng.normal(size=(200, 6)), n_repeats=3, bandwidth=0.1)
    assert information_gap(poor).gap > 1


def test_curves_that_cannot_be_fitted_are_refused():
    with pytest.raises(ValueError, match="curve: expected at least 4 sizes, got 3"):
        information_gap(pd.DataFrame({"n_envs": [1, 2, 3], "entropy": [0.0, 0.1, 0.2]}))
    with pytest.raises(ValueError, match="got no 'entropy'"):
        information_gap(pd.DataFrame({"n_envs": [1, 2, 3]}))
