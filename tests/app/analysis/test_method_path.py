"""Loaded files, paths of methods, their sizes, and principal components."""

import numpy as np
import pytest
from ase.io import read as ase_read
from ase.io import write

from quests_app.analysis import analysed_dataset, map_placement, method_path, methods, parameters
from quests_app.analysis.analysed_dataset import AnalysedDataset
from quests_app.analysis.parameters import Parameters
from quests_core import delta_entropy, diversity, entropy, overlap


@pytest.fixture
def described(file):
    dataset = parameters.load(file)
    envs = analysed_dataset.environments(dataset, Parameters())
    return AnalysedDataset(dataset, Parameters(), envs)


def test_a_loaded_file_has_its_content(file, frames):
    dataset = parameters.load(file)
    assert dataset.name == "copper.xyz"
    assert dataset.elements == ("Cu",)
    assert dataset.labels == tuple(atoms.info["config_type"] for atoms in frames)
    assert dataset.locked == (0,)
    assert dataset.without_forces == ()
    expected = np.concatenate([np.linalg.norm(atoms.get_forces(), axis=1) for atoms in frames])
    np.testing.assert_allclose(dataset.forces, expected, rtol=1e-6)


def test_frames_without_forces_are_listed_and_ignored(frames, tmp_path):
    frames[3].calc = frames[7].calc = None
    path = tmp_path / "some.xyz"
    write(path, frames, format="extxyz")
    dataset = parameters.load(path)
    assert dataset.without_forces == (3, 7)
    assert dataset.has_forces
    assert np.isnan(dataset.forces).sum() == len(frames[3]) + len(frames[7])


def test_a_file_without_any_forces(frames, tmp_path):
    for atoms in frames:
        atoms.calc = None
    path = tmp_path / "none.xyz"
    write(path, frames, format="extxyz")
    assert not parameters.load(path).has_forces


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


def test_a_frame_has_one_mark_at_most():
    marks = parameters.Marks().lock([4, 1]).exclude([1, 2])
    assert marks == parameters.Marks(locked=(4,), excluded=(1, 2))
    assert marks.lock([2]) == parameters.Marks(locked=(2, 4), excluded=(1,))
    assert marks.clear([1, 4]) == parameters.Marks(excluded=(2,))


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


def test_pca_agrees_with_the_singular_value_decomposition(rng):
    X = rng.normal(size=(50, 6)) * [5, 4, 3, 2, 1, 0.5]
    xy = map_placement.pca(X)
    centred = X - X.mean(axis=0)
    expected = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    np.testing.assert_allclose(np.abs(xy), np.abs(expected), atol=1e-9)


def test_pca_of_one_column_and_of_equal_rows_is_finite():
    assert map_placement.pca(np.arange(4.0)[:, None]).shape == (4, 2)
    assert np.isfinite(map_placement.pca(np.ones((3, 5)))).all()


def test_the_demo_is_usable():
    from quests_app.session.controller import DEMO

    frames = ase_read(DEMO, index=":")
    dataset = parameters.load(DEMO)
    assert len(dataset.frames) == len(frames) >= 100
    assert dataset.without_forces == ()
    assert len(set(dataset.labels)) > 3
    assert len(dataset.locked) == dataset.labels.count("IsolatedAtom")


def test_isolated_atoms_are_locked_whatever_their_label(tmp_path):
    from ase import Atoms
    from ase.build import bulk

    frames = [bulk("Cu"), Atoms("Cu", cell=[12] * 3, pbc=True), Atoms("Cu"), bulk("Cu", cubic=True)]
    path = tmp_path / "alone.xyz"
    write(path, frames, format="extxyz")
    assert parameters.load(path).locked == (1, 2)
