"""Which environments an embedding is fitted on, and where it puts all the others.

UMAP of every environment of a large set takes too long, so it is fitted on some: those farthest from a
random part, because a random part alone would miss the outliers, and that part. Any other environment
stands where those it is most like were put.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial import KDTree

from quests_core.kernel_sums.tiles import Axes


def pca(X: np.ndarray) -> np.ndarray:
    """Return the first two principal components of the rows of `X`, shape (n, 2).

    The sign of each component is fixed (its largest loading is positive), so equal data give equal maps.
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
# Between two reports, which are also the places to cancel.
_BLOCK = 10_000
STEP = "placing on the map"


def fitted_rows(X: np.ndarray, limit: int = LIMIT, progress=None) -> np.ndarray:
    """Return the rows of `X` that an embedding is fitted on, rising: all, or `limit` of them.

    Two thirds are drawn at random with a fixed seed; the others are those farthest from all of these.
    """
    if len(X) <= limit:
        return np.arange(len(X))
    n_outliers = int(OUTLIER_SHARE * limit)
    random = np.sort(np.random.default_rng(SEED).choice(len(X), limit - n_outliers, replace=False))
    points = _turned(X)
    distances, _ = _nearest(points, random, points, 1, progress)
    distance = distances[:, 0]
    # Those drawn already are at distance 0 of themselves.
    distance[random] = -1.0
    outliers = np.argpartition(distance, -n_outliers)[-n_outliers:]
    return np.union1d(random, outliers)


def embed(X: np.ndarray, fit: Callable[..., np.ndarray], progress=None) -> np.ndarray:
    """Return where the embedding `fit(X, progress)` puts all rows of `X`; of many it sees some only."""
    rows = fitted_rows(X, progress=progress)
    return place(X, rows, fit(X[rows], progress), progress)


def place(X: np.ndarray, rows: np.ndarray, xy: np.ndarray, progress=None) -> np.ndarray:
    """Return where all rows of `X` stand on a map, shape (n, 2), when `rows` of them stand at `xy`.

    A row stands at the mean of its `NEIGHBORS` nearest fitted rows, weighted by 1/d². Neighbours that the
    map has put far from the nearest one do not count, as between two islands there is nothing.
    """
    placed = np.empty((len(X), 2))
    placed[rows] = xy
    others = np.setdiff1d(np.arange(len(X)), rows)
    if len(others):
        points = _turned(X)
        distances, neighbors = _nearest(points, rows, points[others], min(NEIGHBORS, len(rows)), progress)
        placed[others] = _weighted(distances, xy[neighbors], _typical_step(points[rows], xy))
    return placed


def _weighted(distances: np.ndarray, targets: np.ndarray, reach: float) -> np.ndarray:
    """Return the mean of `targets`, shape (n, k, 2), without those out of reach of the first, the nearest."""
    weights = (distances[:, :1] + 1e-12) ** 2 / (distances + 1e-12) ** 2
    weights[np.linalg.norm(targets - targets[:, :1], axis=2) > reach] = 0.0
    return (weights[:, :, None] * targets).sum(axis=1) / weights.sum(axis=1)[:, None]


def _typical_step(points: np.ndarray, xy: np.ndarray) -> float:
    """Return how far apart on the map neighbours usually are at most."""
    _, neighbors = KDTree(points).query(points[:: max(1, len(points) // 2000)], k=min(NEIGHBORS, len(points)))
    targets = xy[np.atleast_2d(neighbors)] if np.ndim(neighbors) > 1 else xy[neighbors][:, None]
    return float(np.quantile(np.linalg.norm(targets - targets[:, :1], axis=2), 0.9))


def _turned(X: np.ndarray) -> np.ndarray:
    """Return `X` along its principal axes: the same distances, in which a tree sees early what is far."""
    axes = Axes.from_rows(X)
    return (X - axes.mean) @ axes.rotation


def _nearest(points, rows, query, k: int, progress) -> tuple[np.ndarray, np.ndarray]:
    """Return distances to the `k` nearest of ``points[rows]``, and which of `rows` these are, by place."""
    # Copies of one environment are common; a balanced tree of them takes for ever.
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
