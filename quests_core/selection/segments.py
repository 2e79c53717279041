"""Reductions over the environments of each frame."""

import numpy as np

from .._numba import kernel


@kernel
def _segment_minima(values, offsets, out):
    for frame in range(out.shape[0]):
        smallest = np.inf
        for row in range(offsets[frame], offsets[frame + 1]):
            smallest = min(smallest, values[row])
        out[frame] = smallest


def segment_minima(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the least value of each frame, +inf for one without environments; shape (n_frames,)."""
    out = np.empty(len(offsets) - 1)
    _segment_minima(values, offsets, out)
    return out


def segment_means(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the mean of each frame, NaN for one without environments; ``(n_frames, ...)``."""
    sizes = np.diff(offsets)
    out = np.full((len(sizes), *values.shape[1:]), np.nan)
    filled = sizes > 0
    if filled.any():
        # Empty frames own no row, so the starts of the others bound the rows of each.
        sums = np.add.reduceat(values, offsets[:-1][filled], axis=0)
        out[filled] = sums / sizes[filled].reshape(-1, *[1] * (values.ndim - 1))
    return out
