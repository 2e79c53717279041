"""Baseline methods: a random order, and one random member of each k-means cluster."""

import warnings
from collections.abc import Callable

import numpy as np

from ..environments import Environments
from .frame_means import segment_means
from .quotas import Quotas, Strata, order_by_rank


def random_order(n_frames: int, n_to_select: int, locked: np.ndarray, random_state: int) -> np.ndarray:
    """Return `locked`, then the other frames uniformly without replacement."""
    free = np.setdiff1d(np.arange(n_frames), locked)
    rng = np.random.default_rng(random_state)
    return np.concatenate([locked, rng.permutation(free)])[:n_to_select]


def k_means_order(envs: Environments, n_to_select: int, locked: np.ndarray, random_state: int) -> np.ndarray:
    """Return `locked`, then a random member of each k-means cluster of the other frames' means.

    Members of large clusters come first. If there are fewer distinct frames than clusters, random frames
    follow; frames without environments come last.
    """
    # A lazy import: it takes longer than all other imports of a command.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    rng = np.random.default_rng(random_state)
    free = np.setdiff1d(np.arange(len(envs)), locked)
    filled = free[envs.sizes[free] > 0]
    n_clusters = min(n_to_select - len(locked), len(filled))
    members = np.empty(0, dtype=np.int64)
    if n_clusters > 0:
        means = segment_means(envs.X, envs.offsets)[filled]
        with warnings.catch_warnings():
            # Fewer distinct points than clusters: random frames are added below.
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = KMeans(n_clusters, n_init=1, random_state=random_state).fit_predict(means)
        found, counts = np.unique(labels, return_counts=True)
        by_size = found[np.argsort(-counts, kind="stable")]
        members = np.array([rng.choice(filled[labels == label]) for label in by_size], dtype=np.int64)
    rest = rng.permutation(np.setdiff1d(filled, members))
    empty = free[envs.sizes[free] == 0]
    return np.concatenate([locked, members, rest, empty])[:n_to_select]


def stratified_random_order(
    strata: Strata, n_to_select: int, locked: np.ndarray, random_state: int
) -> np.ndarray:
    """Return a random order that meets the quotas at every size."""
    quotas = Quotas(strata)
    n_frames = len(quotas.label_of)
    ranks = np.argsort(random_order(n_frames, n_frames, np.empty(0, np.int64), random_state))
    return order_by_rank(ranks, quotas, locked, n_to_select)


def stratified_cluster_order(
    cluster_order: Callable[[Environments, int, np.ndarray], np.ndarray],
    envs: Environments,
    strata: Strata,
    n_to_select: int,
    locked: np.ndarray,
) -> np.ndarray:
    """Return an order that meets the quotas, with `cluster_order` applied to each label separately."""
    label_of = Quotas(strata).label_of
    ranks = np.arange(len(envs))
    counted = label_of[order_by_rank(ranks, Quotas(strata), locked, n_to_select)]
    for label, count in zip(*np.unique(counted, return_counts=True), strict=True):
        own = np.flatnonzero(label_of == label)
        own_locked = np.searchsorted(own, [frame for frame in locked if label_of[frame] == label])
        chosen = cluster_order(envs.take(own), count, own_locked.astype(np.int64))
        ranks[own] = len(envs)
        ranks[own[chosen]] = np.arange(count)
    return order_by_rank(ranks, Quotas(strata), locked, n_to_select)
