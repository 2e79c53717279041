"""MaxVol: the frames of D-optimal active sets of environments."""

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.jit import jit
from ..utils.threads import parallel_blocks
from .quotas import Quotas, Strata, order_by_rank

# A swap of two rows must enlarge the volume by this factor at least.
TOLERANCE = 1.01
# Relative to the first, the least singular value and the least residual norm that count.
_RANK_TOLERANCE, _PIVOT_TOLERANCE = 1e-8, 1e-6
_ROWS_PER_BLOCK = 8192


@jit
def _exchange(C, column, swap, first, last, largest):
    """Subtract ``C[:, column] × swap`` from a range of rows; write the largest entry, its row and column."""
    highest, at_row, at_column = -1.0, 0, 0
    for i in range(first, last):
        factor = C[i, column]
        for j in range(C.shape[1]):
            C[i, j] -= factor * swap[j]
            size = abs(C[i, j])
            if size > highest:
                highest, at_row, at_column = size, i, j
    largest[0], largest[1], largest[2] = highest, at_row, at_column


def maxvol(A: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    r"""Return rows of a matrix of rank r whose r × r submatrix has a locally maximal volume.

    Replacing any one of them by any other row multiplies the absolute value of the determinant by at most
    `tolerance`. The start is the row of largest norm, then repeatedly that of largest residual. If r is
    less than the number of columns, the volume is that of the submatrix's rows, :math:`\sqrt{\det M M^T}`.

    References
    ----------
    S. Goreinov et al., "How to find a good submatrix", in Matrix Methods, 247 (2010), doi
    10.1142/9789812836021_0015.
    """
    # Rounding must not swap two equal rows for ever.
    tolerance = max(tolerance, 1 + 1e-6)
    rows, basis = _pivots(A)
    if len(rows) < A.shape[1]:
        A = A @ basis.T
    while len(rows):
        C = np.ascontiguousarray(np.linalg.solve(A[rows].T, A.T).T)
        if not _swap(C, rows, tolerance):
            break
    return rows


def _pivots(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of largest residual, one after the other, and the orthonormal basis that they span."""
    squares = np.einsum("ij,ij->i", A, A)
    least = _PIVOT_TOLERANCE**2 * squares.max(initial=0.0)
    rows: list[int] = []
    basis = np.empty((0, A.shape[1]))
    while len(rows) < min(A.shape):
        highest = squares.max()
        if highest <= least:
            break
        # The first of equal ones.
        rows.append(int(np.argmax(squares >= highest * (1 - 1e-9))))
        direction = A[rows[-1]]
        for _ in range(2):  # A second time for what rounding left.
            direction = direction - basis.T @ (basis @ direction)
        basis = np.vstack([basis, direction / np.linalg.norm(direction)])
        squares = squares - (A @ basis[-1]) ** 2
        squares[rows] = 0.0
    return np.array(rows, dtype=np.int64), basis


def _swap(C: np.ndarray, rows: np.ndarray, tolerance: float) -> bool:
    """Swap rows while that enlarges the volume enough; return whether any was swapped."""
    n_blocks = -(-len(C) // _ROWS_PER_BLOCK)
    largest, column, swap = np.zeros((n_blocks, 3)), 0, np.zeros(C.shape[1])
    n_swaps = 0

    def exchange_block(first: int, last: int) -> None:
        _exchange(C, column, swap, first, last, largest[first // _ROWS_PER_BLOCK])

    while True:
        parallel_blocks(exchange_block, len(C), _ROWS_PER_BLOCK)
        highest, row, column = largest[np.argmax(largest[:, 0])]
        row, column = int(row), int(column)
        if highest <= tolerance:
            return n_swaps > 0
        swap = C[row].copy()
        swap[column] -= 1.0
        swap /= C[row, column]
        rows[column] = row
        n_swaps += 1


def maxvol_order(
    envs: Environments,
    n_to_select: int,
    locked: np.ndarray,
    reference: Environments | None,
    strata: Strata | None,
    progress: ProgressCallback | None,
) -> np.ndarray:
    """Return `locked`, then the frames of one active set after the other."""
    if strata is None:
        return _ranked(envs, n_to_select, locked, reference, progress)[:n_to_select]
    ranks = np.argsort(_ranked(envs, len(envs), locked, reference, progress))
    return order_by_rank(ranks, Quotas(strata), locked, n_to_select)


def _ranked(envs: Environments, n_to_select: int, locked: np.ndarray, reference, progress) -> np.ndarray:
    """Return all frames, of which the first `n_to_select` are in the order of `maxvol`.

    An active set holds the environments that `maxvol` picks from those of all frames not selected yet, the
    first one also from locked frames and the reference.
    """
    known = np.empty((0, envs.X.shape[1])) if reference is None else reference.X
    rows = _whitened(np.concatenate([known, envs.X]))
    owner = np.concatenate([np.full(len(known), -1), envs.frame_index])
    order, left = locked.tolist(), envs.sizes > 0
    left[locked] = False
    pool = np.arange(len(rows))
    while len(order) < n_to_select and left.any():
        active = owner[pool[maxvol(rows[pool])]].tolist()
        if not active:
            break
        # A frame's first environment in the active set decides its place.
        frames = [frame for frame in dict.fromkeys(active) if frame >= 0 and left[frame]]
        order += frames
        left[frames] = False
        pool = np.flatnonzero((owner >= 0) & left[owner])
        if progress is not None:
            progress("maxvol order", min(len(order), n_to_select), n_to_select)
    rest = np.setdiff1d(np.arange(len(envs)), order)
    rest = rest[np.argsort(envs.sizes[rest] == 0, kind="stable")]
    return np.concatenate([np.array(order, dtype=np.int64), rest])


def _whitened(rows: np.ndarray) -> np.ndarray:
    """Return the rows in an orthonormal basis of the columns, which leaves ratios of volumes as they are."""
    if not len(rows):
        return rows
    _, sizes, axes = np.linalg.svd(np.linalg.qr(rows, mode="r"), full_matrices=False)
    kept = sizes > _RANK_TOLERANCE * sizes[0]
    return rows @ (axes[kept].T / sizes[kept])
