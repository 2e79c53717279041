"""Columns of the distribution of δH given the subset."""

from collections.abc import Mapping, Sequence

import numpy as np

from quests_core.information.entropy import OVERLAP_THRESHOLD

TICKS = (-1000, -100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 100000)
_BINS_PER_UNIT = 16
# Share of the x axis that a word takes.
_ROOM = 0.16


def stretched(values):
    """Return asinh of values: linear near 0, logarithmic in the tails."""
    return np.arcsinh(values)


def histogram_data(delta_entropy: np.ndarray) -> dict[str, np.ndarray]:
    """Return the number of environments in each bin of the asinh axis, as steps.

    No bin contains values of both signs. Values that are not finite are ignored.

    Parameters
    ----------
    delta_entropy : ndarray of shape (n,)
        In nats.
    """
    places = stretched(delta_entropy[np.isfinite(delta_entropy)])
    if not places.size:
        return {"place": np.empty(0), "count": np.empty(0), "low": np.empty(0), "high": np.empty(0)}
    # An environment of the subset has δH = 0 up to rounding and counts as covered.
    bins = np.floor(_BINS_PER_UNIT * places).astype(np.int64)
    bins[(bins == 0) & (places < OVERLAP_THRESHOLD)] = -1
    first = int(bins.min()) - 1
    counts = np.append(np.bincount(bins - first), 0)
    edges = (first + np.arange(len(counts))) / _BINS_PER_UNIT
    ends = edges + 1 / _BINS_PER_UNIT
    # A logarithmic axis has no zero: draw empty bins below its lower end.
    return {"place": edges, "count": np.maximum(counts, 0.1), "low": np.sinh(edges), "high": np.sinh(ends)}


def histogram_ranges(
    columns: Sequence[Mapping[str, np.ndarray]],
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the ranges along x and y that show all histograms completely; None if all are empty.

    There is room on both sides of 0 for the words "covered" and "lost".
    """
    filled = [column for column in columns if len(column["place"])]
    if not filled:
        return None
    low, high = min(float(c["place"][0]) for c in filled), max(float(c["place"][-1]) for c in filled)
    room = _ROOM * max(high, 0.0, high - low, -low)
    return (min(low, -room), max(high, room)), (0.5, 2 * max(float(c["count"].max()) for c in filled))
