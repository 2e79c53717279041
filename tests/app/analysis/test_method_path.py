"""Loaded files, paths of methods, their sizes, and principal components."""

import numpy as np
import pytest

from quests_app.analysis import analysed_dataset, method_path, methods, parameters
from quests_app.analysis.analysed_dataset import AnalysedDataset
from quests_app.analysis.parameters import Parameters
from quests_core import delta_entropy, diversity, entropy, overlap


@pytest.fixture
def described(file):
    dataset = parameters.load(file)
    envs = analysed_dataset.environments(dataset, Parameters())
    return AnalysedDataset(dataset, Parameters(), envs)


@pytest.mark.parametrize("method", methods.NESTED_METHODS)
def test_metrics_of_a_path_match_those_of_its_subsets(described, method):
    path = method_path.method_path(described, method, parameters.Marks(locked=(0,)))
    envs = described.envs
    assert sorted(path.order) == list(range(len(envs)))
    assert path.order[0] == 0, "the isolated atom is locked"
    for n_frames in (2, 6, 18, 24):
        row = path.curve.iloc[path.position(n_frames)]
        subset = envs.take(path.frames(n_frames))
        assert row["n_frames"] == n_frames
        assert row["n_envs"] == subset.n_envs
        assert row["entropy"] == pytest.approx(entropy(subset), abs=1e-6)
        assert row["diversity"] == pytest.approx(diversity(subset), abs=1e-6)
        assert row["overlap"] == pytest.approx(overlap(envs, subset))
        np.testing.assert_allclose(
            path.delta_entropy[path.position(n_frames)], delta_entropy(envs, subset), rtol=1e-5, atol=1e-5
        )


def test_excluded_frames_are_in_no_subset_and_no_metric(described):
    marks = parameters.Marks(locked=(5,), excluded=(3, 9))
    path = method_path.method_path(described, "msc", marks)
    left = [i for i in range(24) if i not in marks.excluded]
    envs = described.envs.take(left)
    assert path.order[0] == 5
    assert sorted(path.order) == left
    assert path.curve["n_frames"].iloc[-1] == 22
    assert path.curve["entropy"].iloc[-1] == pytest.approx(entropy(envs), abs=1e-6)
    out = np.isin(described.envs.frame_index, marks.excluded)
    assert np.isnan(path.delta_entropy[:, out]).all()
    subset = described.envs.take(path.frames(6))
    np.testing.assert_allclose(
        path.delta_entropy[path.position(6), ~out], delta_entropy(envs, subset), rtol=1e-5, atol=1e-5
    )


def test_small_sets_offer_all_sizes():
    assert method_path.curve_sizes(30, 500).tolist() == list(range(1, 31))


def test_sizes_of_a_large_set_include_the_marked_fractions_within_memory():
    sizes = method_path.curve_sizes(3559, 232_144)
    assert {1, 356, 890, 1780, 2669, 3559} <= set(sizes.tolist())
    assert 4 * len(sizes) * 232_144 < 70_000_000


def test_sizes_never_drop_a_locked_frame():
    sizes = method_path.curve_sizes(100, 500, n_locked=30)
    assert sizes.min() == 30
    assert sizes.max() == 100


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (2, 1), (8, 2), (100, 25)])
def test_the_slider_starts_at_a_quarter(n, expected):
    assert method_path.default_size(method_path.curve_sizes(n, n)) == expected


def test_position_is_the_largest_size_that_fits(described):
    path = method_path.method_path(described, "random", parameters.Marks())
    assert path.sizes[path.position(10)] == 10
    assert path.position(0) == 0
    assert path.sizes[path.position(10_000)] == 24
