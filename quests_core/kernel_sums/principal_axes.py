"""Principal axes of a set of rows, to which rows are rotated without a change of distances.

With more than `_WIDE` columns, as of the descriptors of 31 elements or more, only the first `_LEADING` axes
are principal ones, since all of them would take minutes. The others complete them to an orthonormal basis by
Householder reflections, of which no square matrix is made.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from ..utils.mapped_arrays import Empty

# Number of axes that are summed before distances are compared with the limits.
CHUNK_AXES = 16
# Number of rows to rotate at once, which fit in the cache.
_BATCH_ROWS = 4096
# Number of columns above which only the leading axes are principal ones, and number of these: more of them
# make no sum faster.
_WIDE, _LEADING = 2000, 64
_ITERATIONS = 4
# Number of rows up to which the eigenvectors of their Gram matrix take less time.
_FEW_ROWS = 256


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes of a set of rows: `rotate` preserves distances.

    Attributes
    ----------
    mean : ndarray of shape (d,)
    rotation : ndarray of shape (d, n_axes)
        Orthonormal columns, in descending order of variance; `n_axes` is d, or less of many columns.
    reflections : tuple of ndarray, optional
        What completes fewer than d axes, as computed by LAPACK's ``geqrf``.
    """

    mean: np.ndarray
    rotation: np.ndarray
    reflections: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def from_rows(cls, X: np.ndarray) -> "Axes":
        """Compute the principal axes of the rows of `X`."""
        mean = X.sum(axis=0) / max(1, len(X))
        centered = X - mean
        if X.shape[1] > _WIDE:
            reflected, tau, _, _ = lapack.dgeqrf(_leading_axes(centered))
            # The first axes that the reflections lead to are these, each with some sign.
            axes = _reflect(reflected, tau, np.eye(X.shape[1], _LEADING))
            return cls(mean, axes, (reflected, tau))
        _, vectors = np.linalg.eigh(centered.T @ centered)
        return cls(mean, np.ascontiguousarray(vectors[:, ::-1]))

    def rotate(self, X: np.ndarray, empty: Empty = np.empty) -> np.ndarray:
        """Return `X` in these axes, padded with zeros to a multiple of `CHUNK_AXES` columns."""
        d = X.shape[1]
        n_columns = -(-d // CHUNK_AXES) * CHUNK_AXES
        if self.reflections is None:
            rotation = np.zeros((d, n_columns))
            rotation[:, :d] = self.rotation
        out = empty((len(X), n_columns))
        out[:, d:] = 0.0
        for first in range(0, len(X), _BATCH_ROWS):
            rows = slice(first, first + _BATCH_ROWS)
            centered = X[rows] - self.mean
            if self.reflections is None:
                np.matmul(centered, rotation, out=out[rows])
            else:
                out[rows, :d] = _reflect(*self.reflections, centered.T, transposed=True).T
        return out


def _leading_axes(centered: np.ndarray) -> np.ndarray:
    """Return columns that span the first principal axes of centred rows, one more with each column.

    They come from the Gram matrix of few rows, and from subspace iteration otherwise.
    """
    if len(centered) <= _FEW_ROWS:
        _, vectors = np.linalg.eigh(centered @ centered.T)
        axes = np.zeros((centered.shape[1], _LEADING))
        axes[:, : len(centered)] = centered.T @ vectors[:, : -_LEADING - 1 : -1]
        return axes
    axes = np.random.default_rng(0).normal(size=(centered.shape[1], _LEADING))
    for _ in range(_ITERATIONS):
        axes, _ = np.linalg.qr(centered.T @ (centered @ axes))
    # Within their span, in descending order of variance.
    projected = centered @ axes
    _, vectors = np.linalg.eigh(projected.T @ projected)
    return axes @ vectors[:, ::-1]


def _reflect(reflected: np.ndarray, tau: np.ndarray, C: np.ndarray, transposed: bool = False) -> np.ndarray:
    """Return ``Q @ C``, or ``Q.T @ C``, with the product Q of Householder reflections."""
    size = max(1, C.shape[1]) * 64
    product, _, info = lapack.dormqr("L", "T" if transposed else "N", reflected, tau, C, size)
    if info:
        raise RuntimeError(f"dormqr: expected 0, got {info}")
    return product
