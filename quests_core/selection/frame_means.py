"""Reductions over the environments of each frame."""

import numpy as np


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
