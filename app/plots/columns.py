"""Columns of the histogram of any quantity."""

import numpy as np

# Fewer bins hide the shape, more are thinner than a finger.
_FEWEST, _MOST = 10, 120


def bin_edges(values: np.ndarray) -> np.ndarray | None:
    """Return the edges of the bins of a histogram, None without a finite value.

    Their width is by the rule of Freedman and Diaconis (10.1007/BF01025868), for 10 to 120 bins. Of at most
    120 whole numbers in a row, each has a bin of its own.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if high - low < _MOST and np.array_equal(values, np.round(values)):
        return np.arange(low - 0.5, high + 1.0)
    # Of values that differ by rounding only, all bins would have the same edges.
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = 0.5 * max(abs(low), 1e-9)
        return np.linspace(low - half, low + half, _FEWEST + 1)
    quartiles = np.percentile(values, [25, 75])
    width = 2 * float(quartiles[1] - quartiles[0]) / len(values) ** (1 / 3)
    n_bins = _MOST if width <= (high - low) / _MOST else int(np.ceil((high - low) / width))
    return np.linspace(low, high, max(_FEWEST, n_bins) + 1)


def histogram_data(values: np.ndarray, edges: np.ndarray) -> dict[str, np.ndarray]:
    """Return the number of values in each bin as ``top``, between the columns ``left`` and ``right``."""
    values = np.asarray(values, dtype=float)
    counts = np.histogram(values[np.isfinite(values)], edges)[0]
    return {"left": edges[:-1], "right": edges[1:], "top": counts}
