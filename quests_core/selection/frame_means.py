"""Reductions over the environments of each frame."""

import numpy as np

from ..environments import Environments


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


def scaled_means(envs: Environments) -> np.ndarray:
    """Return the mean descriptors, centred and with a total variance of 1; zero for an empty frame."""
    filled = envs.sizes > 0
    out = np.zeros((len(envs), envs.X.shape[1]))
    out[filled] = scaled(segment_means(envs.X, envs.offsets)[filled])
    return out


def scaled(rows: np.ndarray) -> np.ndarray:
    """Return centred rows, divided by one number so that the variances of the columns add up to 1.

    Columns that are constant up to rounding become zero.
    """
    if not len(rows):
        return rows
    centred = rows - rows.mean(axis=0)
    centred[:, np.abs(centred).max(axis=0) <= 1e-13 * np.abs(rows).max(axis=0)] = 0.0
    spread = np.sqrt((centred**2).sum(axis=1).mean())
    return centred / spread if spread > 0 else centred
