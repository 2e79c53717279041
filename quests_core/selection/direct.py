"""DIRECT: dimensionality reduction, clustering, and stratified sampling of frames."""

import numpy as np

from ..environments import Environments
from .frame_means import segment_means

# The radius of a subcluster at first, and how often it may shrink until there are enough of them.
_THRESHOLD, _MAX_FITS = 0.5, 50


def direct_order(envs: Environments, n_to_select: int, locked: np.ndarray) -> np.ndarray:
    """Return `locked`, then of each cluster of the other frames the one nearest to the centroid.

    Members of large clusters come first. If there are fewer distinct frames than clusters, the second
    nearest of each follow, and so on; frames without environments come last.
    """
    free = np.setdiff1d(np.arange(len(envs)), locked)
    filled = free[envs.sizes[free] > 0]
    empty = free[envs.sizes[free] == 0]
    n_clusters = min(n_to_select - len(locked), len(filled))
    if n_clusters > 0:
        points = weighted_components(segment_means(envs.X, envs.offsets)[filled])
        filled = filled[stratified(points, birch_labels(points, n_clusters))]
    return np.concatenate([locked, filled, empty])[:n_to_select]


def weighted_components(means: np.ndarray) -> np.ndarray:
    r"""Return the principal components of standardised columns, times their shares of the variance.

    Components with a variance above 1, more than that of one column, are kept (Kaiser's rule), and the first
    in any case.
    """
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    # Means of identical frames may differ by rounding, which is no variance.
    varies = np.ptp(means, axis=0) > 1e-12 * np.abs(means).max(axis=0, initial=0)
    if not varies.any():
        return np.zeros((len(means), 1))
    columns = StandardScaler().fit_transform(means[:, varies])
    pca = PCA().fit(columns)
    n_kept = max(1, int((pca.explained_variance_ > 1).sum()))
    return pca.transform(columns)[:, :n_kept] * pca.explained_variance_ratio_[:n_kept]


def birch_labels(points: np.ndarray, n_clusters: int) -> np.ndarray:
    """Return the BIRCH cluster of each point; fewer than `n_clusters` where points coincide.

    The threshold is multiplied by found / `n_clusters` until the tree has that many subclusters, which
    agglomerative clustering then merges.
    """
    from sklearn.cluster import Birch

    n_clusters = min(n_clusters, len(np.unique(points, axis=0)))
    threshold = _THRESHOLD
    for _ in range(_MAX_FITS):
        model = Birch(threshold=threshold, n_clusters=None, compute_labels=False).fit(points)
        found = len(model.subcluster_centers_)
        if found >= n_clusters:
            break
        threshold *= found / n_clusters
    if found > n_clusters:
        # Only the last, global step.
        model.set_params(n_clusters=n_clusters).partial_fit()
    return model.predict(points)


def stratified(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return all points, those nearest to the centroids of their clusters first, large clusters first.

    Ties go to the lowest index; the two points of a cluster always tie, up to rounding.
    """
    rank, size = np.empty(len(points)), np.empty(len(points))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        distances = np.linalg.norm(points[own] - points[own].mean(axis=0), axis=1)
        order = np.argsort(np.round(distances / max(distances.max(), 1e-300), 9), kind="stable")
        rank[own[order]] = np.arange(len(own))
        size[own] = len(own)
    return np.lexsort((-size, rank))
