"""Fit an embedding on a part of the environments and place all others by their neighbours.

UMAP of every environment of a large set takes too long, so it is fitted on a random sample and on the
environments farthest from it, as a random sample alone would miss the outliers. Every other environment
is placed among its nearest fitted ones.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial import KDTree

from quests_core.kernel_sums.principal_axes import Axes


def pca(X: np.ndarray) -> np.ndarray:
    """Return the first two principal components of the rows of `X`, shape (n, 2).

    The largest loading of each component is made positive, so equal data give equal maps.
    """
    principal = Axes.from_rows(X)
    axes = principal.rotation[:, :2]
    axes = axes * np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
    xy = (X - principal.mean) @ axes
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1])))


LIMIT = 15_000
# Share of the fitted environments that are outliers.
OUTLIER_SHARE = 1 / 3
NEIGHBORS = 5
SEED = 0
# Rows between two progress reports, at which a job can be cancelled.
_BLOCK = 10_000
STEP = "placing on the map"


def fitted_rows(X: np.ndarray, limit: int = LIMIT, progress=None) -> np.ndarray:
    """Return the rows of `X` that an embedding is fitted on, ascending: all, or `limit` of them.

    Two thirds are drawn at random with a fixed seed; the others are the rows farthest from those.
    """
    if len(X) <= limit:
        return np.arange(len(X))
    n_outliers = int(OUTLIER_SHARE * limit)
    random = np.sort(np.random.default_rng(SEED).choice(len(X), limit - n_outliers, replace=False))
    points = _principal_coordinates(X)
    distances, _ = _nearest(points, random, points, 1, progress)
    distance = distances[:, 0]
    # Below any distance, so that no row is drawn twice.
    distance[random] = -1.0
    outliers = np.argpartition(distance, -n_outliers)[-n_outliers:]
    return np.union1d(random, outliers)


def embed(X: np.ndarray, fit: Callable[..., np.ndarray], progress=None) -> np.ndarray:
    """Return the coordinates of all rows of `X` by the embedding `fit(X, progress)` of `fitted_rows`."""
    rows = fitted_rows(X, progress=progress)
    return place(X, rows, fit(X[rows], progress), progress)


def place(X: np.ndarray, rows: np.ndarray, xy: np.ndarray, progress=None) -> np.ndarray:
    """Return the coordinates of all rows of `X`, shape (n, 2), from those of the fitted `rows`, `xy`.

    A row is placed at the mean of its `NEIGHBORS` nearest fitted rows, weighted by 1/d². Neighbours far
    from the nearest one on the map are ignored, so that no row is placed between two clusters.
    """
    placed = np.empty((len(X), 2))
    placed[rows] = xy
    others = np.setdiff1d(np.arange(len(X)), rows)
    if len(others):
        points = _principal_coordinates(X)
        distances, neighbors = _nearest(points, rows, points[others], min(NEIGHBORS, len(rows)), progress)
        placed[others] = _weighted_mean(distances, xy[neighbors], _neighbor_spread(points[rows], xy))
    return placed


def _weighted_mean(distances: np.ndarray, targets: np.ndarray, reach: float) -> np.ndarray:
    """Return the mean of `targets`, shape (n, k, 2), ignoring those beyond `reach` of the nearest."""
    weights = (distances[:, :1] + 1e-12) ** 2 / (distances + 1e-12) ** 2
    weights[np.linalg.norm(targets - targets[:, :1], axis=2) > reach] = 0.0
    return (weights[:, :, None] * targets).sum(axis=1) / weights.sum(axis=1)[:, None]


def _neighbor_spread(points: np.ndarray, xy: np.ndarray) -> float:
    """Return the 90 % quantile of the distance on the map between nearest neighbours."""
    _, neighbors = KDTree(points).query(points[:: max(1, len(points) // 2000)], k=min(NEIGHBORS, len(points)))
    targets = xy[np.atleast_2d(neighbors)] if np.ndim(neighbors) > 1 else xy[neighbors][:, None]
    return float(np.quantile(np.linalg.norm(targets - targets[:, :1], axis=2), 0.9))


def _principal_coordinates(X: np.ndarray) -> np.ndarray:
    """Return `X` rotated to its principal axes, which lets a tree discard far points early."""
    axes = Axes.from_rows(X)
    return axes.rotate(X)


def _nearest(points, rows, query, k: int, progress) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances to the `k` nearest of ``points[rows]``, and their indices in `rows`."""
    # Duplicate environments are common, and building a balanced tree of them is very slow.
    tree = KDTree(points[rows], balanced_tree=False)
    distances = np.empty((len(query), k))
    neighbors = np.empty((len(query), k), dtype=np.int64)
    for start in range(0, len(query), _BLOCK):
        if progress is not None:
            progress(STEP, start, len(query))
        block = slice(start, start + _BLOCK)
        d, i = tree.query(query[block], k=k, workers=-1)
        distances[block], neighbors[block] = d.reshape(-1, k), i.reshape(-1, k)
    return distances, neighbors
