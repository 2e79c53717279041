"""Estimates from samples: check their errors on normal points and on real sets."""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from quests_core import (
    Environments,
    approx_delta_entropy,
    bandwidth_curve,
    bandwidth_from_entropy,
    bandwidth_from_frames,
    bandwidth_from_volume,
    delta_entropy,
    descriptors,
    entropy,
    estimate_entropy,
    information_gap,
    learning_curve,
    read,
)
from tests import naive
from tests.core.ugly import BANDWIDTH, SETS

# The entropy of some environments


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


# Learning curves and the gap


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


# Approximate δH


class Forgetful:
    """A stand-in for pynndescent that misses the nearest neighbour of every tenth query."""

    def __init__(self, reference, n_neighbors, **_):
        self.reference = reference

    def prepare(self):
        pass

    def query(self, X, k):
        found = np.argsort(cdist(X, self.reference), axis=1)[:, : k + 1]
        found[::10, 0] = found[::10, k]
        return found[:, :k], None


@pytest.mark.jit
@pytest.mark.parametrize(
    # Compiling pynndescent itself takes one to two minutes in every process.
    "graph",
    [Forgetful, pytest.param("pynndescent", marks=pytest.mark.slow)],
)
def test_too_few_neighbours_give_too_high_a_delta_entropy(rng, graph, monkeypatch):
    pytest.importorskip("pynndescent")
    if graph is Forgetful:
        monkeypatch.setitem(sys.modules, "pynndescent", SimpleNamespace(NNDescent=graph))
    reference, query = rng.normal(0, 0.3, (300, 3)), rng.normal(0, 0.4, (80, 3))
    found = approx_delta_entropy(query, reference, BANDWIDTH, n_neighbors=5, n_checked=80)
    exact = naive.delta_entropy(query, reference, BANDWIDTH)
    errors = found.delta_entropy - exact
    assert errors.min() > -1e-9
    assert found.max_error == pytest.approx(errors.max(), abs=1e-9)
    assert found.mean_error == pytest.approx(errors.mean(), abs=1e-9)
    assert found.misjudged == np.mean((found.delta_entropy > 0) & (exact <= 0))
    nearest = np.sort(((query[:, None] - reference) ** 2).sum(axis=2), axis=1)[:, :5]
    best = -np.log(np.exp(-nearest / (2 * BANDWIDTH**2)).sum(axis=1))
    # All true neighbours give the tightest bound; it is reached as often as the recall states.
    hit = np.isclose(found.delta_entropy, best, atol=1e-6).mean()
    assert found.recall > 0.9
    assert hit >= 1 - 5 * (1 - found.recall) - 1e-9


def test_small_references_and_nothing_to_check(rng):
    pytest.importorskip("pynndescent")
    reference, query = rng.normal(size=(4, 2)), rng.normal(size=(7, 2))
    found = approx_delta_entropy(query, reference, 0.5, n_neighbors=10)
    assert found.recall == 1
    np.testing.assert_allclose(found.delta_entropy, delta_entropy(query, reference, 0.5), atol=1e-4)
    assert math.isnan(approx_delta_entropy(query, reference, 0.5, n_checked=0).recall)
    assert len(approx_delta_entropy(np.empty((0, 2)), reference).delta_entropy) == 0
    with pytest.raises(ValueError, match="reference: expected at least 2 environments, got 1"):
        approx_delta_entropy(query, reference[:1])


def test_without_pynndescent_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", None)
    with pytest.raises(ImportError, match=r'pip install "quests-explorer\[approximate\]"'):
        approx_delta_entropy(np.eye(3), np.eye(3))


# Bandwidths


def test_entropy_against_bandwidth(rng):
    X = rng.normal(size=(40, 2))
    curve = bandwidth_curve(X, [0.01, 0.3, 9.0])
    expected = [naive.entropy(X, h) for h in (0.01, 0.3, 9.0)]
    np.testing.assert_allclose(curve.entropy, expected, atol=1e-6)
    np.testing.assert_allclose(curve.share, np.array(expected) / math.log(40), atol=1e-6)
    assert bandwidth_curve(X).bandwidth.iloc[[0, -1]].tolist() == pytest.approx([5e-4, 0.5])
    sampled = bandwidth_curve(X, [0.3], n_samples=10, random_state=2)
    rows = np.random.default_rng(2).choice(40, 10, replace=False)
    assert sampled.entropy[0] == pytest.approx(naive.entropy(X[rows], 0.3), abs=1e-6)
    assert math.isnan(bandwidth_curve([[1.0]], [0.1]).share[0])


@pytest.mark.parametrize("h", [0.02, 0.2, 1.5])
def test_bandwidth_from_entropy_inverts_entropy(rng, h):
    X = rng.normal(size=(80, 3))
    assert bandwidth_from_entropy(X, naive.entropy(X, h)) == pytest.approx(h, rel=1e-3 if h > 0.1 else 0.6)
    stretched = bandwidth_from_entropy(7 * X, naive.entropy(X, 0.2))
    assert stretched == pytest.approx(7 * 0.2, rel=1e-3)


def test_entropies_that_no_bandwidth_gives_are_refused(rng):
    X = rng.normal(size=(50, 2))
    for wanted in (5.0, math.log(50) + 0.01):
        with pytest.raises(ValueError, match=r"entropy_wanted: expected between .* and 3\.912 nats"):
            bandwidth_from_entropy(X, wanted)
    with pytest.raises(
        ValueError, match="envs: expected environments that are not all equal, got copies of one"
    ):
        bandwidth_from_entropy(np.ones((4, 2)), 0.5)


def test_the_bandwidth_of_frames_is_that_of_their_mean_volume():
    from ase.build import bulk, molecule

    frames = [bulk("Cu", a=3.6), bulk("Cu", a=3.9).repeat(2), molecule("H2O")]
    volume = (3.6**3 / 4 + 8 * 3.9**3 / 4) / 9
    assert bandwidth_from_frames(frames) == pytest.approx(naive.bandwidth_from_volume(volume))
    assert bandwidth_from_frames(frames[:1]) == pytest.approx(bandwidth_from_volume(3.6**3 / 4))
    with pytest.raises(ValueError, match="frames: expected at least 1 that is periodic in three directions"):
        bandwidth_from_frames(frames[2:])
