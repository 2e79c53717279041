"""Reductions over the environments of each frame."""

import numpy as np


def segment_means(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the mean over each frame, shape ``(n_frames, ...)``; NaN for an empty frame."""
    sizes = np.diff(offsets)
    out = np.full((len(sizes), *values.shape[1:]), np.nan)
    filled = sizes > 0
    if filled.any():
        # Empty frames have no rows, so the rows of each other frame end where the next one starts.
        sums = np.add.reduceat(values, offsets[:-1][filled], axis=0)
        out[filled] = sums / sizes[filled].reshape(-1, *[1] * (values.ndim - 1))
    return out
