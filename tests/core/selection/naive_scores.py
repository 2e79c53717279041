"""Naive scores of the greedy methods, and orders compared with them."""

import numpy as np

from quests_core import Environments
from tests import naive
from tests.core.ugly import BANDWIDTH
from tests.core.with_y import select

WORTH = {"information_loss": naive.information, "coverage": naive.covered}


def grouped(frames):
    return Environments.from_frames(frames)


def clusters_and_outliers(rng, d, spread, noise):
    """Return 64 frames in d dimensions: of clusters, far outliers, and copies of others."""
    centers = rng.normal(0, spread, (30, d))
    made = [centers[rng.integers(30, size=5)] + rng.normal(0, noise, (5, d)) for _ in range(60)]
    made += [made[3] + 1e-3, made[5], made[5] + 80.0, made[9]]
    return [made[i] for i in rng.permutation(len(made))]


def slow_scores(method, frames, reference=None, costs=None, locked=()):
    if method == "msc":
        return lambda picked: naive.msc_scores(frames, picked, BANDWIDTH, reference)
    if method == "fps":
        return lambda picked: naive.fps_scores(frames, picked, BANDWIDTH)
    if method in WORTH:
        return lambda picked: naive.cover_scores(frames, picked, WORTH[method], BANDWIDTH, costs, reference)
    if method == "balanced":
        msc = select(grouped(frames), "msc", bandwidth=BANDWIDTH, reference=reference, locked=locked).order
        return lambda picked: naive.balanced_scores(frames, picked, msc, BANDWIDTH, costs, reference)
    return lambda picked: naive.mean_fps_scores(frames, picked)


def assert_greedy(order, scores, n_given, error=1e-5):
    """Assert that each pick after the given ones has the highest score of the remaining frames.

    Scores that agree to rounding may be picked either way: equal scores are tested apart.
    """
    order = list(order)
    for rank in range(n_given, len(order)):
        now = scores(order[:rank])
        left = np.setdiff1d(np.arange(len(now)), order[:rank])
        best = left[np.argmax(now[left])]
        tolerance = max(error, 1e-11 * abs(now[best])) if np.isfinite(now[best]) else 0
        assert now[order[rank]] >= now[best] - tolerance, f"pick {rank}: {order[rank]}, not {best}"
