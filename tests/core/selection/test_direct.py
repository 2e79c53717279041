"""DIRECT: compare with a naive implementation; clear clusters, and sets without clusters."""

import warnings

import numpy as np
import pytest

from quests_core import Environments, select


def by_hand(means, n):
    """Return the picks: scale, rotate, weight, cluster, and take the frame nearest to each centroid."""
    from sklearn.cluster import Birch

    spread = means.std(axis=0)
    columns = (means - means.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    variances, axes = np.linalg.eigh(np.cov(columns.T))
    components = columns @ axes[:, variances > 1] * (variances / variances.sum())[variances > 1]
    threshold = 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while len((birch := Birch(threshold=threshold, n_clusters=n).fit(components)).subcluster_labels_) < n:
            threshold *= len(birch.subcluster_labels_) / n
    picks = set()
    for label in set(birch.labels_):
        own = np.flatnonzero(birch.labels_ == label)
        away = np.linalg.norm(components[own] - components[own].mean(axis=0), axis=1)
        # The two frames of a cluster are equally near.
        picks.add(int(own[np.argmax(away <= away.min() * (1 + 1e-9))]))
    return picks


@pytest.mark.parametrize("n", [1, 2, 5, 11, 23, 47])
def test_frames_agree_with_the_naive_implementation(n, rng):
    frames = [rng.normal(rng.integers(3), 0.3, (rng.integers(1, 6), 6)) for _ in range(60)]
    means = np.array([X.mean(axis=0) for X in frames])
    expected = by_hand(means, n)
    assert len(expected) == n
    assert set(select(Environments.from_frames(frames), "direct", n).order.tolist()) == expected


def test_one_frame_per_clear_cluster_and_large_clusters_first(rng):
    centers = 10.0 * np.eye(4)
    sizes = [7, 2, 5, 1]
    X = np.concatenate([c + rng.normal(0, 0.01, (n, 4)) for c, n in zip(centers, sizes, strict=True)])
    cluster = np.repeat(range(4), sizes)
    order = select(X, "direct", 4).order
    assert cluster[order].tolist() == [0, 2, 1, 3]


def test_subsets_are_not_nested():
    selection = select(np.random.default_rng(1).normal(size=(30, 3)), "direct", 8)
    assert not selection.nested
    with pytest.raises(ValueError, match="until: expected None with method 'direct'"):
        select(np.eye(4), "direct", until="knee")


@pytest.mark.parametrize("n", [1, 2, 3, 9, 10])
def test_fewer_distinct_frames_than_clusters(n):
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 5, axis=0)
    order = select(X, "direct", n).order
    assert len(set(order.tolist())) == n
    if n >= 2:
        assert (order[:2] // 5).tolist() == [0, 1]


def test_identical_frames_come_in_file_order():
    assert select(np.full((5, 3), 0.3), "direct").order.tolist() == [0, 1, 2, 3, 4]
    assert select(np.full((1, 3), 0.3), "direct").order.tolist() == [0]


def test_constant_columns_and_units_do_not_matter(rng):
    X = rng.normal(size=(25, 3)) @ rng.normal(size=(3, 3))
    order = select(X, "direct", 7).order.tolist()
    wider = np.concatenate([np.full((25, 1), 0.1), X, np.zeros((25, 2))], axis=1)
    assert select(wider, "direct", 7).order.tolist() == order
    assert select(X * [1e-3, 1e3, 2.0] + 7.0, "direct", 7).order.tolist() == order


def test_columns_without_correlation(rng):
    """All principal components of a few orthogonal columns may have variances of at most 1."""
    X = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert sorted(select(X, "direct").order.tolist()) == [0, 1, 2, 3]
    assert len(select(rng.normal(size=(30, 1)), "direct", 12)) == 12


def test_locked_frames_are_in_no_cluster(rng):
    X = rng.normal(size=(20, 4))
    order = select(X, "direct", 9, locked=[5, 1]).order.tolist()
    others = [i for i in range(20) if i not in (5, 1)]
    assert order == [5, 1, *(others[i] for i in select(X[others], "direct", 7).order)]


def test_the_seed_does_not_matter(rng):
    X = rng.normal(size=(40, 5))
    orders = {tuple(select(X, "direct", 9, random_state=seed).order) for seed in range(3)}
    assert len(orders) == 1
