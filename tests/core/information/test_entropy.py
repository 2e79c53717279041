"""Entropy, diversity, δH, overlap, bandwidth and learning curve."""

import itertools

import numpy as np
import pytest

from quests_core import (
    Environments,
    bandwidth_from_volume,
    delta_entropy,
    diversity,
    entropy,
    learning_curve,
    overlap,
)
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS

both_precisions = pytest.mark.parametrize("precision", PROMISES)


@both_precisions
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("h", [BANDWIDTH, 1e-3, 40.0])
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


# Bandwidth


def test_bandwidth_rule():
    for volume in (1e-3, 5.0, 10.896, 11.5, 100.0, 1e6):
        assert bandwidth_from_volume(volume) == pytest.approx(naive.bandwidth_from_volume(volume), rel=1e-14)
    assert bandwidth_from_volume(1e-9) == pytest.approx(0.0897141 + 0.0119417)
    assert bandwidth_from_volume(1e4) == pytest.approx(0.0119417)


# Learning curve


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
