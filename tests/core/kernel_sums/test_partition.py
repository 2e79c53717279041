"""Shards of rows that are compact in descriptor space."""

import pickle

import numpy as np
import pytest

from quests_core.kernel_sums.partition import Rows, SpatialShards, place, planes_of
from quests_core.kernel_sums.tiles import CHUNK_AXES
from tests.core.kernel_sums.test_shards import points


def shards_of(X, size, n_chunks=3):
    rows = Rows.of_matrix(X)
    planes = planes_of(rows, max(1, size // 2))
    chunks = np.array_split(np.arange(len(X)), n_chunks)
    placed = [place(pickle.loads(pickle.dumps(rows.part(chunk))), planes) for chunk in chunks if len(chunk)]
    return planes, SpatialShards.from_placed(planes.axes, placed, size)


@pytest.mark.parametrize(("n", "size"), [(1, 10), (2, 1), (730, 60), (730, 1000), (50, 7)])
def test_shards_contain_each_row_once_within_their_boxes(rng, n, size):
    X = points(rng, max(n, 40))[:n]
    planes, shards = shards_of(X, size)
    assert sorted(shards.order) == list(range(n))
    sizes = np.diff(shards.starts)
    assert 0 < sizes.min() <= sizes.max() <= size
    rotated = planes.axes.rotate(X)[:, :CHUNK_AXES]
    for i in range(len(shards)):
        rows = rotated[shards.rows(i)]
        assert (rows >= shards.low[i]).all()
        assert (rows <= shards.high[i]).all()


def test_distances_of_boxes_are_lower_bounds(rng):
    X = rng.normal(size=(400, 3))
    _, shards = shards_of(X, 30)
    for i in range(len(shards)):
        bounds = shards.distances_sq(i, shards)
        for j, bound in enumerate(bounds):
            squares = ((X[shards.rows(i)][:, None] - X[shards.rows(j)]) ** 2).sum(axis=2)
            assert bound <= squares.min() * (1 + 1e-12) + 1e-12
    assert any((shards.distances_sq(i, shards) > 0.5).any() for i in range(len(shards)))


def test_clusters_are_not_mixed(rng):
    """Of distant clusters of equal size, no shard has rows of two."""
    centers = 100.0 * rng.normal(size=(8, 5))
    labels = rng.permutation(np.repeat(np.arange(8), 64))
    _, shards = shards_of(centers[labels] + rng.normal(size=(512, 5)), 64)
    assert len(shards) == 8
    assert all(len(set(labels[shards.rows(i)])) == 1 for i in range(8))


def test_equal_rows_are_divided(rng):
    X = np.concatenate([np.ones((90, 3)), rng.normal(size=(10, 3))])
    _, shards = shards_of(X, 20)
    assert np.diff(shards.starts).max() <= 20
    assert sorted(shards.order) == list(range(100))


def test_shards_do_not_depend_on_the_chunks(rng):
    X = points(rng, 300)
    (_, one), (_, other) = shards_of(X, 40, 1), shards_of(X, 40, 7)
    np.testing.assert_array_equal(one.order, other.order)
    np.testing.assert_array_equal(one.starts, other.starts)


def test_a_sample_divides_a_large_set(rng):
    X = rng.normal(size=(20_000, 2))
    _, shards = shards_of(X, 2500)
    sizes = np.diff(shards.starts)
    # Leaves of 1,250 rows on average, of samples of at least 64 rows.
    assert 8 <= len(shards) <= 20
    assert sizes.min() > 500
