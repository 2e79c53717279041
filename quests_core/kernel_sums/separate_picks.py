"""Picks that are no rows of the tiles: those of the whole set, of which the tiles contain a part.

They are stored on their own, in arrays that grow, and placed in the leaves (see
`quests_core.kernel_sums.picked_leaves`) where the most similar row of the tiles is. A place matters for the
speed only.
"""

from typing import Any

import numpy as np

from .picked_leaves import Picked, rounding_error
from .tiles import CHUNK_AXES, Tiles


class SeparatePicks:
    """Picks that are added to sums over the rows of tiles.

    Parameters
    ----------
    tiles : Tiles
        The environments whose sums are updated; at least one.
    bandwidth : float
        h, Å⁻¹.

    Attributes
    ----------
    picked : Picked
        Replaced whenever rows are appended.

    Examples
    --------
    >>> picks = SeparatePicks(Tiles.from_rows(np.array([[0.0], [1.0]])), 0.1)
    >>> rows = picks.append(np.array([[0.2], [0.9], [3.0]]))
    >>> rows.tolist(), len(picks)
    ([0, 1, 2], 3)
    """

    def __init__(self, tiles: Tiles, bandwidth: float):
        self._tiles, self._n = tiles, 0
        picked = Picked.empty(tiles, bandwidth)
        n_axes = tiles.rows.shape[1]
        self.picked = picked._replace(
            pick_rows=np.empty((0, n_axes)),
            pick_singles=np.empty((0, n_axes), np.float32),
            keys=np.empty(0, np.int64),
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._n

    def append(self, X: np.ndarray) -> np.ndarray:
        """Append rows, in the original axes; return their indices, for `add_rows`."""
        rows = self._tiles.axes.rotate(X)
        first, self._n = self._n, self._n + len(rows)
        picked = self.picked
        if self._n > len(picked.keys):
            picked = _with_capacity(picked, first, 2 * self._n).with_space(2 * self._n)
        added = slice(first, self._n)
        picked.pick_rows[added] = rows
        np.multiply(rows, picked.unit, out=picked.pick_singles[added], casting="same_kind")
        picked.keys[added] = nearest_rows(self._tiles, rows)
        error = max(picked.rounding_error, rounding_error(rows, picked.unit))
        self.picked = picked._replace(rounding_error=error)
        return np.arange(first, self._n)


def _with_capacity(picked: Picked, n: int, capacity: int) -> Picked:
    """Return the first n picks in longer arrays."""
    arrays: dict[str, Any] = {}
    for name in ("pick_rows", "pick_singles", "keys"):
        old = getattr(picked, name)
        arrays[name] = np.empty((capacity, *old.shape[1:]), old.dtype)
        arrays[name][:n] = old[:n]
    return picked._replace(**arrays)


def nearest_rows(tiles: Tiles, rows: np.ndarray) -> np.ndarray:
    """Return a near row of the tiles for each of some rows: by the first axes, in the tile of nearest centre.

    Examples
    --------
    >>> tiles = Tiles.from_rows(np.arange(5.0)[:, None])
    >>> nearest_rows(tiles, tiles.axes.rotate(np.array([[3.2]]))) == tiles.positions[3]
    array([ True])
    """
    leading = np.ascontiguousarray(rows[:, :CHUNK_AXES])
    centers = tiles.centers[:, :CHUNK_AXES]
    tile = np.argmin((centers**2).sum(axis=1) - 2.0 * leading @ centers.T, axis=1)
    found = np.empty(len(rows), np.int64)
    for t in np.unique(tile).tolist():
        of_tile = np.flatnonzero(tile == t)
        first, last = tiles.starts[t : t + 2].tolist()
        candidates = tiles.rows[first:last, :CHUNK_AXES]
        squares = (candidates**2).sum(axis=1) - 2.0 * leading[of_tile] @ candidates.T
        found[of_tile] = first + np.argmin(squares, axis=1)
    return found
