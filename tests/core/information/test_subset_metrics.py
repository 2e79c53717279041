"""Metrics of a subset on a cluster are those of one process."""

import numpy as np
import pytest

from quests_core import compression_curve
from quests_core.information.subset_metrics import subset_metrics
from quests_core.kernel_sums import cluster_sums
from tests.core.selection.naive_scores import grouped
from tests.core.selection.test_cluster_msc import stored

pytestmark = pytest.mark.jit
H = 0.3


def test_metrics_are_those_of_the_curve(client, rng, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_sums, "_FEWEST_ROWS", 50)
    envs = grouped([rng.normal(0, 0.4, (rng.integers(0, 9), 5)) for _ in range(60)])
    order, kept = np.array([50, 3, 17, 41, 0]), np.setdiff1d(np.arange(60), [7, 8, 20])
    for frames in (np.arange(60), kept):
        rest = envs.take(frames)
        curve = compression_curve(rest, np.searchsorted(frames, order), [5], H)
        (expected,) = curve.drop(columns="n_frames").to_dict("records")
        for one in (envs, stored(tmp_path / str(len(frames)), envs)):
            found = subset_metrics(one, frames, order, H, client)
            assert list(found) == list(expected)
            assert found == pytest.approx(expected, abs=1e-5)


def test_a_subset_without_environments(client):
    envs = grouped([np.empty((0, 2)), np.ones((3, 2))])
    found = subset_metrics(envs, np.arange(2), np.array([0]), H, client)
    (expected,) = compression_curve(envs, [0], [1], H).drop(columns="n_frames").to_dict("records")
    assert found == pytest.approx(expected, nan_ok=True)
