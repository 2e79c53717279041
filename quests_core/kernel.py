"""The kernel sums that entropy, diversity, δH, overlap and selection are made of.

``K(x, y) = exp(-‖x - y‖² / 2h²)``. Distances are taken from differences, not from a matrix product,
so that an environment has distance 0 to itself exactly; the sums are kept as logarithms, so that
they stay finite and ordered however far a point is from all others.
"""

import math

import numpy as np

from ._numba import kernel, run_blocks
from ._validation import check_pair, check_positive
from .progress import ProgressCallback

# A term below e^-60 of the largest one changes no digit of a double, not even 10⁹ of them.
_NEGLIGIBLE = 60.0
_TILE = 128
# Pairs of one block: some hundredths of a second, so that progress is told often.
_BLOCK_PAIRS = 2_000_000


@kernel
def _squared_distances(x, reference, first, count, scale, out):
    """Write ``scale · ‖x - reference[first + j]‖²`` for j < count; return the smallest."""
    smallest = np.inf
    for j in range(count):
        y = reference[first + j]
        total = 0.0
        for c in range(x.shape[0]):
            difference = x[c] - y[c]
            total += difference * difference
        total *= scale
        out[j] = total
        smallest = min(smallest, total)
    return smallest


@kernel
def _log_kernel_sums(query, reference, scale, out):
    """Write ``ln Σ_j exp(-scale · ‖query_i - reference_j‖²)``: streaming log-sum-exp by tiles."""
    exponents = np.empty(_TILE)
    for i in range(query.shape[0]):
        nearest, total = np.inf, 0.0
        for first in range(0, reference.shape[0], _TILE):
            count = min(_TILE, reference.shape[0] - first)
            smallest = _squared_distances(query[i], reference, first, count, scale, exponents)
            if smallest < nearest:
                total *= math.exp(smallest - nearest)
                nearest = smallest
            elif smallest > nearest + _NEGLIGIBLE:
                continue
            for j in range(count):
                if exponents[j] < nearest + _NEGLIGIBLE:
                    total += math.exp(nearest - exponents[j])
        out[i] = math.log(total) - nearest


@kernel
def _distance_sums(query, reference, out):
    """Write ``Σ_j ‖query_i - reference_j‖``."""
    squares = np.empty(_TILE)
    for i in range(query.shape[0]):
        total = 0.0
        for first in range(0, reference.shape[0], _TILE):
            count = min(_TILE, reference.shape[0] - first)
            _squared_distances(query[i], reference, first, count, 1.0, squares)
            for j in range(count):
                total += math.sqrt(squares[j])
        out[i] = total


@kernel
def _frame_entropies(X, offsets, scale, first, last, out):
    """Write the entropy of each frame alone; -inf for a frame without environments."""
    sums = np.empty(0)
    for frame in range(first, last):
        rows = X[offsets[frame] : offsets[frame + 1]]
        n = rows.shape[0]
        if n == 0:
            out[frame] = -np.inf
            continue
        if sums.shape[0] < n:
            sums = np.empty(n)
        _log_kernel_sums(rows, rows, scale, sums)
        out[frame] = math.log(n) - sums[:n].mean()


def _kernel_scale(bandwidth: float) -> float:
    return 0.5 / bandwidth**2


def _by_rows(work, query, reference, step, progress) -> np.ndarray:
    out = np.empty(len(query))
    size = max(1, _BLOCK_PAIRS // max(1, len(reference)))
    run_blocks(lambda i, j: work(query[i:j], reference, out[i:j]), len(query), size, step, progress)
    return out


def log_kernel_sums(query, reference, bandwidth, step="kernel sums", progress=None) -> np.ndarray:
    """`log_kernel_sum` for matrices that passed the gate."""
    scale = _kernel_scale(bandwidth)
    return _by_rows(lambda q, r, out: _log_kernel_sums(q, r, scale, out), query, reference, step, progress)


def distance_sums(query, reference) -> np.ndarray:
    """Return ``Σ_j ‖query_i - reference_j‖`` for matrices that passed the gate."""
    return _by_rows(_distance_sums, query, reference, "distances", None)


def frame_entropies(envs, bandwidth, progress=None) -> np.ndarray:
    """Return the entropy of each frame alone, -inf where it has no environment; shape (n_frames,)."""
    out = np.empty(len(envs))
    pairs_per_frame = 1 + int((envs.sizes.astype(float) ** 2).mean()) if len(envs) else 1
    scale = _kernel_scale(bandwidth)
    run_blocks(
        lambda first, last: _frame_entropies(envs.X, envs.offsets, scale, first, last, out),
        len(envs),
        max(1, _BLOCK_PAIRS // pairs_per_frame),
        "frame entropies",
        progress,
    )
    return out


def log_kernel_sum(
    query, reference, bandwidth: float = 0.015, progress: ProgressCallback | None = None
) -> np.ndarray:
    r"""Return the logarithm of the sum of kernels of each query against a reference set.

    .. math:: \ln \sum_j K(y_i, x_j), \qquad K(y, x) = \exp\left(-\frac{‖y - x‖²}{2h²}\right)

    Computed as a log-sum-exp in float64, so it is finite for every finite input: an environment so
    far from all others that each kernel underflows still has its true value.

    Parameters
    ----------
    query : Environments or array_like of shape (n_query, d)
        Environments to evaluate, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d)
        Environments that are summed over, Å⁻¹; at least one.
    bandwidth : float
        h, Å⁻¹.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    ndarray of shape (n_query,)
        Dimensionless; at least 0 where the query is itself in the reference.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> log_kernel_sum([[0.0], [10.0]], [[0.0], [0.0]], bandwidth=1.0).round(4).tolist()
    [0.6931, -49.3069]
    """
    query, reference = check_pair(query, reference)
    return log_kernel_sums(query, reference, check_positive(bandwidth, "bandwidth"), progress=progress)
