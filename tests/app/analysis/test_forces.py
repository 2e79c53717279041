"""Forces by element and label, and the distance of a subset's distribution from the full one."""

import time

import numpy as np
import pytest
from scipy.stats import ks_2samp

from quests_app.analysis.forces import Forces, forces_of, ks_distance, without
from quests_app.plots.forces import tail_data


@pytest.mark.parametrize("decimals", [1, 8])
def test_ks_distance_matches_scipy(rng, decimals):
    for n in (1, 2, 30, 2000):
        values = np.sort(rng.exponential(size=n).round(decimals))
        for share in (0.05, 0.5, 1.0):
            kept = rng.random(n) <= share
            kept[rng.integers(n)] = True
            assert ks_distance(values, kept) == pytest.approx(ks_2samp(values, values[kept]).statistic)


def test_empty_subset_has_no_distance():
    assert np.isnan(ks_distance(np.array([1.0, 2.0]), np.array([False, False])))


def test_a_subset_follows_the_slider_quickly_at_230000_environments(rng):
    n = 232_144
    forces = Forces(np.sort(rng.exponential(size=n)), rng.integers(3559, size=n))
    mask = rng.random(3559) < 0.25
    times = []
    for _ in range(5):
        start = time.thread_time()
        left = without(forces, (), 3559)
        kept = mask[left.frames]
        tail_data(left.values[kept])
        ks_distance(left.values, kept)
        times.append(time.thread_time() - start)
    assert min(times) < 0.03, times


def test_forces_of_all_environments_match_the_data_set(opened):
    data = opened.state.opened
    np.testing.assert_array_equal(
        forces_of(data.dataset, data.envs.frame_index).values, np.sort(data.dataset.forces)
    )
