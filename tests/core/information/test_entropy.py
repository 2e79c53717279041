"""Tests of entropy, diversity, δH and overlap."""

import itertools

import numpy as np
import pytest

from quests_core import (
    Environments,
    delta_entropy,
    diversity,
    entropy,
    overlap,
)
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS, combined

both_precisions = pytest.mark.parametrize("precision", PROMISES)


@combined("h, name, precision", [BANDWIDTH, 1e-3, 40.0], SETS, PROMISES)
def test_naive_agrees(name, h, precision):
    frames = SETS[name]
    X = np.concatenate(frames)
    of_each, of_sets = PROMISES[precision]
    for ours, slow in ((entropy, naive.entropy), (diversity, naive.diversity)):
        np.testing.assert_allclose(ours(X, h, precision=precision), slow(X, h), rtol=1e-11, atol=of_sets)
    subset = np.concatenate(frames[::2])
    novel = delta_entropy(X, subset, h, precision=precision)
    np.testing.assert_allclose(novel, naive.delta_entropy(X, subset, h), rtol=1e-11, atol=of_each)
    for threshold in (1e-5, 1.0, 1e4):
        expected = naive.overlap(X, subset, h, threshold)
        assert overlap(X, subset, h, threshold, precision=precision) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("scale", "H", "D"), [(0.8, 3.6638, 3.8370), (1.0, 3.9118, 4.0369), (1.2, 4.0809, 4.1731)]
)
def test_published_values_of_normal_points(scale, H, D):
    X = scale * np.random.default_rng(1).multivariate_normal([0, 0], np.eye(2), 100)
    assert entropy(X, bandwidth=0.15) == pytest.approx(H, abs=5e-5)
    assert diversity(X, bandwidth=0.15) == pytest.approx(D, abs=5e-5)


def test_published_value_of_a_grid():
    axis = np.linspace(-1.75, 1.75, 10)
    X = np.array(list(itertools.product(axis, axis)))
    assert entropy(X, bandwidth=0.15) == pytest.approx(4.4841, abs=5e-5)


@pytest.mark.parametrize("name", SETS)
def test_bounds(name):
    X = np.concatenate(SETS[name])
    for h in (1e-6, BANDWIDTH, 1e6):
        H, D = entropy(X, h), diversity(X, h)
        assert -1e-6 <= H <= np.log(len(X)) + 1e-6
        # exp is convex: the mean of ln(1 / K) is at most the logarithm of its mean.
        assert H <= D + 2e-6 <= np.log(len(X)) + 4e-6


@both_precisions
def test_extremes(precision):
    error = PROMISES[precision][1]
    for n in (1, 2, 50):
        alike, apart = np.full((n, 4), 3.3), np.arange(4.0 * n).reshape(n, 4)
        for function in (entropy, diversity):
            assert function(alike, precision=precision) == pytest.approx(0, abs=error)
            assert function(apart, precision=precision) == pytest.approx(np.log(n), abs=error)


def test_diversity_ignores_copies_and_entropy_falls(rng):
    X = rng.normal(size=(20, 3))
    with_copies = np.concatenate([X, *[X[:1]] * 30])
    assert diversity(with_copies, 0.01) == pytest.approx(diversity(X, 0.01), abs=2e-6)
    assert entropy(with_copies, 0.01) < entropy(X, 0.01) - 0.5


def test_sign_of_delta_entropy():
    reference = np.array([[0.0], [0.0], [1.0]])
    novel = delta_entropy([[0.0], [1.0], [0.5], [9.0]], reference, 0.1, precision="double")
    np.testing.assert_allclose(novel, [-np.log(2), 0, 12.5 - np.log(3), 3200], rtol=1e-11, atol=1e-11)
    assert not np.signbit(delta_entropy([[1.0]], [[1.0]])).any()


def test_query_comes_before_reference():
    few, many = np.array([[0.0]]), np.array([[0.0], [5.0], [6.0], [7.0]])
    assert delta_entropy(many, few).shape == (4,)
    assert overlap(many, few) == 0.25
    assert overlap(few, many) == 1.0


def test_delta_entropy_equal_to_the_threshold_is_not_covered():
    # dH = (d / h)^2 / 2 is 2 exactly.
    assert overlap([[2.0]], [[0.0]], bandwidth=1.0, threshold=2.0, precision="double") == 0.0
    assert overlap([[2.0]], [[0.0]], bandwidth=1.0, threshold=2.0 + 1e-9, precision="double") == 1.0


def test_outliers_keep_their_order():
    X = np.zeros((5, 2))
    novel = delta_entropy([[0.6, 0], [1.2, 0], [30, 0], [31, 0]], X)
    assert np.isfinite(novel).all()
    assert (np.diff(novel) > 0).all()


def test_input_of_any_kind(rng):
    X = rng.normal(size=(12, 2)).astype(np.float32)
    expected = entropy(X.astype(float), 0.5)
    for one in (X, X.tolist(), np.asfortranarray(X), Environments(X, [0, 5, 5, 12]), np.repeat(X, 2, 0)[::2]):
        assert entropy(one, 0.5) == expected
        assert entropy(one, bandwidth=np.float64(0.5)) == expected


def test_results_are_plain_numbers():
    for value in (entropy([[1.0]]), diversity([[1.0]]), overlap([[1.0]], [[1.0]])):
        assert type(value) is float
