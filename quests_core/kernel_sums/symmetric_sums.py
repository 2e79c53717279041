"""Kernel sums of a set against itself, or of two of its parts, of which each pair is computed once."""

import threading
from collections.abc import Iterable

import numpy as np

from ..utils.threads import parallel_blocks
from . import tile_loops
from .incremental import query_arrays, reference_arrays, thread_workspace
from .tile_states import Accuracy, new_states
from .tiles import TILE_ROWS, Tiles

# Number of blocks, each with partial sums of all references.
_BLOCKS = 128


def reduce_in_order(totals: tuple[np.ndarray, ...], combine, work, n: int, size: int, step: str, progress):
    """Run ``work(first, last, *partial)`` in blocks; combine the partial arrays in the order of the blocks.

    The partial arrays are initialised like `totals`, which hold neutral elements. The result does not depend
    on the order in which threads finish, nor the memory on the number of blocks.
    """
    pending: dict[int, tuple[np.ndarray, ...]] = {}
    next_first, lock = 0, threading.Lock()
    neutral = tuple(total.copy() for total in totals)

    def block(first: int, last: int) -> None:
        nonlocal next_first
        partial = tuple(array.copy() for array in neutral)
        work(first, last, *partial)
        with lock:
            pending[first] = partial
            while next_first in pending:
                add_partial(totals, combine, pending.pop(next_first))
                next_first += size

    parallel_blocks(block, n, size, step, progress)


def add_partial(totals: Iterable[np.ndarray], combine, partial: Iterable[np.ndarray]) -> None:
    """Combine the arrays of one block with those of all blocks before, in place."""
    for total, reduce, part in zip(totals, combine, partial, strict=True):
        reduce(total, part, out=total)


def symmetric_sums(
    tiles: Tiles, others: Tiles | None, accuracy: Accuracy, step: str = "", progress=None
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``Σ_j K`` of the rows of two parts of a set against the other, each in tile order.

    Parameters
    ----------
    tiles, others : Tiles
        The parts, in the same axes. Without the second one, the first is compared with itself, and both
        results are its sums.
    accuracy : Accuracy
        For the number of rows of the whole set: terms are left out that are negligible beside the kernel of
        a row with itself.
    step, progress
        See `quests_core.progress`.

    Returns
    -------
    tuple of ndarray
        Shapes ``(n_rows,)`` and ``(n_others,)``.
    """
    is_own = others is None
    others = tiles if others is None else others
    states, queries = new_states(np.diff(tiles.starts)), query_arrays(tiles)
    references, sums = reference_arrays(others), np.zeros(len(others.rows))

    def work(first: int, last: int, partial: np.ndarray) -> None:
        workspace = thread_workspace()
        tile_loops.add_symmetric(
            queries, references, first, last, is_own, accuracy, states, workspace, partial
        )

    size = -(-len(tiles) // _BLOCKS)
    reduce_in_order((sums,), (np.add,), work, len(tiles), size, step, progress)
    totals = states.total[np.arange(TILE_ROWS) < np.diff(tiles.starts)[:, None]]
    return (totals + sums,) * 2 if is_own else (totals, sums)
