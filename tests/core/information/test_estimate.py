"""Tests of entropies estimated from samples."""

import math

import numpy as np
import pytest

from quests_core import (
    Environments,
    descriptors,
    diversity,
    entropy,
    estimate_diversity,
    estimate_entropy,
    read,
)
from quests_core.information.estimate import estimate_both
from tests import naive
from tests.core.ugly import BANDWIDTH, SETS


def test_the_estimate_is_the_mean_over_a_sample_against_all(rng):
    X = rng.normal(0, 0.3, (60, 3))
    found = estimate_entropy(X, 7, bandwidth=BANDWIDTH, random_state=3)
    rows = np.random.default_rng(3).choice(60, 7, replace=False)
    values = np.log(60) - naive.log_kernel_sum(X[rows], X, BANDWIDTH)
    assert found.entropy == pytest.approx(values.mean(), abs=1e-5)
    error = np.sqrt(values.var(ddof=1) / 7 * (1 - 7 / 60))
    assert found.standard_error == pytest.approx(error, rel=1e-4)
    # Student's t with 6 degrees of freedom, from a table.
    assert found.high - found.entropy == pytest.approx(2.4469 * error, rel=1e-4)
    assert found.entropy - found.low == pytest.approx(2.4469 * error, rel=1e-4)
    assert (found.n_samples, found.n_envs) == (7, 60)


@pytest.mark.parametrize("name", SETS)
def test_all_environments_give_the_entropy_itself(name):
    X = np.concatenate(SETS[name])
    found = estimate_entropy(X, 1000, bandwidth=BANDWIDTH)
    assert found.entropy == found.low == found.high == pytest.approx(naive.entropy(X, BANDWIDTH), abs=1e-6)
    assert found.standard_error == 0


def coverage(envs, H, n_samples, n_draws, bandwidth, confidence=0.95):
    found = [estimate_entropy(envs, n_samples, confidence, bandwidth, seed) for seed in range(n_draws)]
    inside = np.mean([one.low <= H <= one.high for one in found])
    means = np.array([one.entropy for one in found])
    return inside, (means.mean() - H) / (means.std() / math.sqrt(n_draws))


@pytest.mark.jit
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_interval_covers_the_entropy_at_its_confidence(rng, confidence):
    envs = Environments(rng.normal(size=(1500, 2)), [0, 1500])
    inside, deviations = coverage(envs, entropy(envs, 0.1), 100, 150, 0.1, confidence)
    # Binomial with n = 150: standard deviation 0.041 at 50 %, 0.018 at 95 %.
    assert abs(inside - confidence) < (0.15 if confidence == 0.5 else 0.06)
    assert abs(deviations) < 4, "there is no bias"


@pytest.mark.jit
@pytest.mark.parametrize("name", ["gap20_Graphite", "agpd_msg"])
def test_the_interval_covers_the_entropy_of_real_sets(data_file, name):
    envs = descriptors(read(data_file(f"{name}.xyz.gz")))
    inside, deviations = coverage(envs, entropy(envs), 200, 100, 0.015)
    assert inside > 0.87
    assert abs(deviations) < 4


def test_invalid_samples_are_refused():
    for arguments, text in (
        ({"n_samples": 1}, "n_samples: expected an integer of at least 2, got 1"),
        ({"confidence": 1.0}, r"confidence: expected a number in \(0, 1\), got 1.0"),
        ({"confidence": 0}, "confidence: expected a positive number, got 0"),
    ):
        with pytest.raises(ValueError, match=text):
            estimate_entropy(np.eye(3), **arguments)
    one = estimate_entropy([[1.0, 2.0]])
    assert (one.entropy, one.n_samples) == (0.0, 1)


def test_the_diversity_is_estimated_from_a_sample_against_all(rng):
    X = rng.normal(0, 0.3, (60, 3))
    found = estimate_diversity(X, 7, bandwidth=BANDWIDTH, random_state=3)
    rows = np.random.default_rng(3).choice(60, 7, replace=False)
    values = np.exp(-naive.log_kernel_sum(X[rows], X, BANDWIDTH))
    assert found.diversity == pytest.approx(np.log(60 * values.mean()), abs=1e-5)
    error = np.sqrt(values.var(ddof=1) / 7 * (1 - 7 / 60)) / values.mean()
    assert found.standard_error == pytest.approx(error, rel=1e-4)
    assert found.high - found.diversity == pytest.approx(2.4469 * error, rel=1e-4)
    assert found.diversity - found.low == pytest.approx(2.4469 * error, rel=1e-4)
    whole = estimate_diversity(X, 60, bandwidth=BANDWIDTH)
    assert whole.diversity == whole.low == whole.high == diversity(X, BANDWIDTH)
    for wrong in ({"n_samples": 1}, {"confidence": 1}, {"confidence": 0}, {"random_state": -1}):
        with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected"):
            estimate_diversity(X, bandwidth=BANDWIDTH, **wrong)


@pytest.mark.jit
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_interval_covers_the_diversity_at_its_confidence(rng, confidence):
    """Of a skewed set: dense clusters, and points of their own."""
    X = np.concatenate([rng.normal(0, 0.05, (1000, 2)), rng.normal(0, 3, (500, 2))])
    envs = Environments(X, [0, 1500])
    D = diversity(envs, 0.1)
    found = [estimate_diversity(envs, 100, confidence, 0.1, seed) for seed in range(150)]
    inside = np.mean([one.low <= D <= one.high for one in found])
    # Binomial with n = 150, as for the entropy.
    assert abs(inside - confidence) < (0.15 if confidence == 0.5 else 0.06)


def test_both_are_those_of_one_each(rng):
    X = rng.normal(size=(300, 2))
    for n_samples in (50, 300):
        entropy_found, diversity_found = estimate_both(X, n_samples, 0.1)
        assert entropy_found == estimate_entropy(X, n_samples, bandwidth=0.1)
        assert diversity_found == estimate_diversity(X, n_samples, bandwidth=0.1)
