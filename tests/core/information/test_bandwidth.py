"""Tests of bandwidths."""

import math

import numpy as np
import pytest

from quests_core import (
    bandwidth_curve,
    bandwidth_from_entropy,
    bandwidth_from_frames,
    bandwidth_from_volume,
)
from tests import naive


def test_bandwidth_rule():
    for volume in (1e-3, 5.0, 10.896, 11.5, 100.0, 1e6):
        assert bandwidth_from_volume(volume) == pytest.approx(naive.bandwidth_from_volume(volume), rel=1e-14)
    assert bandwidth_from_volume(1e-9) == pytest.approx(0.0897141 + 0.0119417)
    assert bandwidth_from_volume(1e4) == pytest.approx(0.0119417)


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


@pytest.mark.parametrize(
    "h", [pytest.param(0.02, marks=pytest.mark.jit), 0.2, pytest.param(1.5, marks=pytest.mark.jit)]
)
def test_bandwidth_from_entropy_inverts_entropy(rng, h):
    X = rng.normal(size=(80, 3))
    assert bandwidth_from_entropy(X, naive.entropy(X, h)) == pytest.approx(h, rel=1e-3 if h > 0.1 else 0.6)
    stretched = bandwidth_from_entropy(7 * X, naive.entropy(X, 0.2))
    assert stretched == pytest.approx(7 * 0.2, rel=1e-3)


def test_unattainable_entropies_are_refused(rng):
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
