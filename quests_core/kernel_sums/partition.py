"""Divide the rows of large sets into shards that are compact in descriptor space.

Planes perpendicular to the principal axes, at the medians of a sample, divide space as the nodes of a
complete binary tree, and each row belongs to one leaf. A shard consists of the leaves below the highest node
whose rows are few enough, or of a part of a leaf, such as one of many equal rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from .principal_axes import CHUNK_AXES, Axes
from .tiles import boxes

# Rows of the sample: for the axes, and for each leaf.
_SAMPLE, _SAMPLE_PER_LEAF = 2048, 64


class Rows(NamedTuple):
    """Rows that other processes can read."""

    part: Callable[[np.ndarray], Callable[[], np.ndarray]]  # a picklable reader of the rows of some indices
    n_rows: int
    n_columns: int
    memory_limit: int | None  # bytes
    weights: np.ndarray | None = None  # number of environments that each row stands for, by default 1

    @classmethod
    def of_matrix(cls, X: np.ndarray, weights: np.ndarray | None = None) -> "Rows":
        """Return the rows of a matrix, which are sent to the process that reads them."""
        return cls(lambda indices: partial(np.asarray, X[indices]), len(X), X.shape[1], None, weights)

    def take(self, indices: np.ndarray) -> "Rows":
        """Return some of the rows, in this order."""
        weights = None if self.weights is None else self.weights[indices]
        part = self.part
        return Rows(
            lambda some: part(indices[some]), len(indices), self.n_columns, self.memory_limit, weights
        )

    @property
    def n_environments(self) -> int:
        """Number of environments that all rows stand for."""
        return self.n_rows if self.weights is None else int(self.weights.sum())


class Planes(NamedTuple):
    """Planes that divide space; the children of node i are nodes ``2 i + 1`` and ``2 i + 2``."""

    axes: Axes
    axis: np.ndarray  # index of the axis to which the plane of each node is perpendicular
    position: np.ndarray  # along this axis; rows at larger positions belong to the second child

    @property
    def n_leaves(self) -> int:
        """Number of parts of space."""
        return len(self.axis) + 1


class Placed(NamedTuple):
    """The leaves of some rows, and the boxes of these rows in each leaf."""

    leaves: np.ndarray  # (n,)
    low: np.ndarray  # (n_leaves, CHUNK_AXES), inf for a leaf without rows
    high: np.ndarray  # -inf for a leaf without rows


def planes_of(rows: Rows, rows_per_leaf: int) -> Planes:
    """Return planes between leaves of about `rows_per_leaf` rows, or up to half of these."""
    depth = max(0, int(np.ceil(np.log2(rows.n_rows / rows_per_leaf))))
    n_sample = max(_SAMPLE, _SAMPLE_PER_LEAF << depth)
    if n_sample < rows.n_rows:
        chosen = np.unique(np.random.default_rng(0).integers(rows.n_rows, size=n_sample))
    else:
        chosen = np.arange(rows.n_rows)
    sample = rows.part(chosen)()
    axes = Axes.from_rows(sample)
    groups = [axes.rotate(sample)[:, :CHUNK_AXES]]
    axis, position = np.zeros((1 << depth) - 1, np.int64), np.zeros((1 << depth) - 1)
    for node in range(len(axis)):
        group = groups[node]
        if len(group):
            axis[node] = np.argmax(np.ptp(group, axis=0))
            position[node] = np.median(group[:, axis[node]])
        is_second = group[:, axis[node]] > position[node]
        groups += [group[~is_second], group[is_second]]
    return Planes(axes, axis, position)


def place(read: Callable[[], np.ndarray], planes: Planes) -> Placed:
    """Return the leaves of the rows that `read` returns, and their boxes."""
    rows = planes.axes.rotate(read())[:, :CHUNK_AXES]
    nodes = np.zeros(len(rows), np.int64)
    for _ in range(planes.n_leaves.bit_length() - 1):
        is_second = rows[np.arange(len(rows)), planes.axis[nodes]] > planes.position[nodes]
        nodes = 2 * nodes + 1 + is_second
    leaves = (nodes - len(planes.axis)).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(leaves, minlength=planes.n_leaves))])
    low, high = boxes(rows[np.argsort(leaves, kind="stable")], starts)
    return Placed(leaves, low, high)


@dataclass(frozen=True, eq=False)
class SpatialShards:
    """Rows in shards that are compact in descriptor space.

    Attributes
    ----------
    axes : Axes
        The axes of tiles and boxes.
    order : ndarray of shape (n,)
        Indices of the rows, shard by shard, in ascending order within a leaf.
    starts : ndarray of shape (n_shards + 1,)
        First element of `order` of each shard, and n at the end.
    low, high : ndarray of shape (n_shards, CHUNK_AXES)
        A box that contains the rows of each shard.
    """

    axes: Axes
    order: np.ndarray
    starts: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def from_placed(cls, axes: Axes, placed: Iterable[Placed], rows_per_shard: int) -> "SpatialShards":
        """Combine the leaves of consecutive rows into shards of at most `rows_per_shard` rows."""
        leaves, low, high = [], np.array(np.inf), np.array(-np.inf)
        for part in placed:
            leaves.append(part.leaves)
            low, high = np.minimum(low, part.low), np.maximum(high, part.high)
        joined = np.concatenate(leaves)
        sizes = np.bincount(joined, minlength=len(low))
        order = np.argsort(joined, kind="stable")
        spans = _spans(sizes.tolist(), rows_per_shard)
        starts = np.cumsum([0, *(size for size, _, _ in spans)])
        lows = np.array([low[first:last].min(axis=0) for _, first, last in spans])
        highs = np.array([high[first:last].max(axis=0) for _, first, last in spans])
        return cls(axes, order, starts, lows, highs)

    def __len__(self) -> int:
        """Return the number of shards."""
        return len(self.starts) - 1

    def rows(self, shard: int) -> np.ndarray:
        """Return the indices of the rows of a shard."""
        return self.order[self.slice(shard)]

    def slice(self, shard: int) -> slice:
        """Return the place of a shard in `order`."""
        return slice(*self.starts[shard : shard + 2].tolist())

    def distances_sq(self, shard: int, others: "SpatialShards") -> np.ndarray:
        """Return lower bounds of the squared distances of a shard's rows from those of each other shard."""
        gaps = np.maximum(others.low - self.high[shard], self.low[shard] - others.high)
        return (np.maximum(gaps, 0.0) ** 2).sum(axis=1)


def _spans(sizes: list[int], most: int, first: int = 0) -> list[tuple[int, int, int]]:
    """Return the number of rows, the first leaf, and that after the last, of each shard.

    A shard consists of the leaves of the highest node with at most `most` rows, or of a part of a leaf.

    Examples
    --------
    >>> _spans([2, 3, 1, 9], 5)
    [(5, 0, 2), (1, 2, 3), (4, 3, 4), (5, 3, 4)]
    """
    total, n = sum(sizes), len(sizes)
    if total <= most:
        return [(total, first, first + n)] if total else []
    if n == 1:
        n_parts = -(-total // most)
        return [((i + 1) * total // n_parts - i * total // n_parts, first, first + 1) for i in range(n_parts)]
    return [*_spans(sizes[: n // 2], most, first), *_spans(sizes[n // 2 :], most, first + n // 2)]
