"""Random orders, and one member of each k-means cluster."""

import numpy as np
import pytest

from tests.core.selection.naive_scores import grouped
from tests.core.with_y import select


def test_random_is_uniform():
    X = np.zeros((5, 1))
    orders = np.array([select(X, "random", random_state=seed).order for seed in range(600)])
    for rank in range(5):
        counts = np.bincount(orders[:, rank], minlength=5)
        # 600 draws with five equal probabilities: mean 120, standard deviation 9.8.
        assert np.abs(counts - 120).max() < 50


def test_k_means_takes_one_of_each_clear_cluster(rng):
    centers = 10.0 * np.eye(4)
    sizes = [7, 2, 5, 1]
    frames = [c + rng.normal(0, 0.1, (3, 4)) for c, n in zip(centers, sizes, strict=True) for _ in range(n)]
    cluster = np.repeat(range(4), sizes)
    shuffle = rng.permutation(15)
    envs = grouped([frames[i] for i in shuffle])
    seen = set()
    for seed in range(8):
        order = select(envs, "k_means", 4, random_state=seed).order
        assert sorted(cluster[shuffle[order]]) == [0, 1, 2, 3]
        seen.update(order.tolist())
    assert len(seen) > 6, "members must be random, not always the same"


@pytest.mark.parametrize("n", [1, 2, 5, 9, 10])
def test_k_means_returns_n_even_with_duplicates(n):
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 5, axis=0)
    order = select(X, "k_means", n).order
    assert len(set(order.tolist())) == n
    if n >= 2:
        assert {0, 1} == set((order // 5).tolist())
