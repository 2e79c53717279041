"""The environments that UMAP is fitted on, and the placement of the others."""

import numpy as np
import pytest

from quests_app.analysis import map_placement
from quests_core import Cancelled, Progress


@pytest.fixture
def crowd(rng):
    """Return two dense groups, many copies of one point, and twelve outliers at the end."""
    groups = np.repeat([[0.0] * 6, [3.0] * 6, [6.0] * 6], 300, axis=0)
    groups[:600] += 0.05 * rng.normal(size=(600, 6))
    outliers = rng.normal(size=(12, 6))
    outliers *= 20 / np.linalg.norm(outliers, axis=1)[:, None]
    return np.vstack([groups, outliers])


def test_few_environments_are_all_fitted(crowd):
    np.testing.assert_array_equal(map_placement.fitted_rows(crowd, limit=len(crowd)), np.arange(len(crowd)))


def test_outliers_are_always_fitted(crowd):
    rows = map_placement.fitted_rows(crowd, limit=90)
    assert len(rows) == 90
    assert np.all(np.diff(rows) > 0)
    assert set(range(900, 912)) <= set(rows.tolist())
    # A random sample of this size misses most of them.
    random = np.random.default_rng(map_placement.SEED).choice(len(crowd), 90, replace=False)
    assert not set(range(900, 912)) <= set(random.tolist())
    np.testing.assert_array_equal(map_placement.fitted_rows(crowd, limit=90), rows)


def test_outliers_are_those_farthest_from_the_random_part(crowd):
    limit, n_outliers = 90, 30
    random = np.random.default_rng(map_placement.SEED).choice(len(crowd), limit - n_outliers, replace=False)
    distance = np.linalg.norm(crowd[:, None] - crowd[random], axis=2).min(axis=1)
    chosen = np.setdiff1d(map_placement.fitted_rows(crowd, limit=limit), random)
    others = np.setdiff1d(np.arange(len(crowd)), np.append(chosen, random))
    assert len(chosen) == n_outliers
    assert distance[chosen].min() >= distance[others].max() - 1e-12


def test_others_are_placed_among_their_nearest_fitted_neighbours(crowd, rng):
    rows = map_placement.fitted_rows(crowd, limit=120)
    # A map that keeps the groups apart.
    xy = np.column_stack([crowd[rows].sum(axis=1), rng.normal(size=len(rows))])
    placed = map_placement.place(crowd, rows, xy)
    np.testing.assert_array_equal(placed[rows], xy)
    for i in np.setdiff1d(np.arange(len(crowd)), rows)[::25]:
        distances = np.linalg.norm(crowd[rows] - crowd[i], axis=1)
        near = xy[distances <= np.sort(distances)[map_placement.NEIGHBORS - 1] + 1e-9]
        assert np.all(placed[i] >= near.min(axis=0) - 1e-9)
        assert np.all(placed[i] <= near.max(axis=0) + 1e-9)


def test_the_mean_is_weighted_and_ignores_other_clusters():
    distances = np.array([[1.0, 2.0, 2.0]])
    targets = np.array([[[0.0, 0.0], [1.0, 0.0], [50.0, 50.0]]])
    expected = (1 * 0.0 + 0.25 * 1.0) / 1.25
    np.testing.assert_allclose(map_placement._weighted_mean(distances, targets, reach=5.0), [[expected, 0.0]])


def test_duplicates_are_placed_together():
    distances = np.array([[0.0, 1e-3]])
    targets = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    np.testing.assert_allclose(map_placement._weighted_mean(distances, targets, reach=5.0), [[1.0, 2.0]])


def test_embedding_is_fitted_on_a_part_and_places_all(crowd, monkeypatch):
    monkeypatch.setattr(map_placement, "LIMIT", 100)
    seen = []

    def fit(X, progress):
        seen.append(X)
        return X[:, :2]

    monkeypatch.setattr(map_placement.fitted_rows, "__defaults__", (100, None))
    xy = map_placement.embed(crowd, fit)
    assert len(seen[0]) == 100
    assert xy.shape == (len(crowd), 2)
    assert np.isfinite(xy).all()
    np.testing.assert_allclose(xy[-12:], crowd[-12:, :2])


def test_placing_can_be_cancelled(crowd):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        map_placement.fitted_rows(crowd, limit=90, progress=progress)


def test_pca_agrees_with_the_singular_value_decomposition(rng):
    X = rng.normal(size=(50, 6)) * [5, 4, 3, 2, 1, 0.5]
    xy = map_placement.pca(X)
    centred = X - X.mean(axis=0)
    expected = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    np.testing.assert_allclose(np.abs(xy), np.abs(expected), atol=1e-9)


def test_pca_of_one_column_and_of_equal_rows_is_finite():
    assert map_placement.pca(np.arange(4.0)[:, None]).shape == (4, 2)
    assert np.isfinite(map_placement.pca(np.ones((3, 5)))).all()
