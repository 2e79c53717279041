"""Kernel sums of fixed queries against references that are added step by step.

`quests_core.kernel_sums.sums` explains the method, its limits and errors.
"""

import math
import threading
from copy import copy

import numpy as np

from ..progress import ProgressCallback
from ..utils.threads import parallel_blocks
from . import tile_loops
from .tile_states import Accuracy, TileWorkspace, new_states, new_workspace
from .tile_sums import FADE_EXPONENT
from .tiles import TILE_ROWS, References, TileArrays, Tiles

# Pairs in a block: some hundredths of a second, so that progress is reported often.
BLOCK_PAIRS = 8_000_000
# For fewer pairs: enough blocks for many threads, but none with fewer pairs than this.
_ENOUGH_BLOCKS, _FEWEST_PAIRS = 16, 200_000

_thread_local = threading.local()


def truncation_limits(bandwidth: float, n_references: int, precision: str) -> Accuracy:
    """Return the truncation parameters for a precision."""
    tolerance, fade = (1e-6, FADE_EXPONENT) if precision == "single" else (1e-14, np.inf)
    return Accuracy(0.5 / bandwidth**2, math.log(max(1, n_references) / tolerance), fade)


def query_arrays(tiles: Tiles) -> TileArrays:
    """Return tiles as arrays of queries."""
    positions = tiles.starts[:-1, None] + np.arange(TILE_ROWS)
    lane_weights = np.zeros(positions.shape, np.float32)
    lane_weights[positions < tiles.starts[1:, None]] = tiles.weights
    lanes = positions, lane_weights
    boxes = tiles.centers, tiles.low, tiles.high
    return TileArrays(tiles.rows, tiles.order, tiles.weights, *lanes, *boxes, *tiles.columns)


def reference_arrays(tiles: Tiles) -> References:
    """Return tiles as blocks of references."""
    return References(tiles.rows, tiles.leading_axes, tiles.starts, tiles.low, tiles.high, tiles.weights)


class IncrementalKernelSums:
    """Kernel sums of a fixed set of queries against references that are added incrementally.

    Parameters
    ----------
    tiles : Tiles
        The queries.
    bandwidth : float
        h, Å⁻¹.
    n_references : int
        Maximum final number of environments that the references stand for, which determines the truncation.
    precision : {"single", "double"}
        See `quests_core.kernel_sums.sums`.

    Attributes
    ----------
    log_sums : ndarray of shape (n_queries,)
        ``ln Σ_j K`` of each query in the original order; -inf before references are added.
    """

    def __init__(self, tiles: Tiles, bandwidth: float, n_references: int, precision: str = "single"):
        self._tiles, self._queries = tiles, query_arrays(tiles)
        self._accuracy = truncation_limits(bandwidth, n_references, precision)
        self._states = new_states(np.diff(tiles.starts))
        self.log_sums = np.full(len(tiles.rows), -np.inf)

    def start(self, log_sums: np.ndarray) -> None:
        """Set the sums to those of references that were added elsewhere; their logarithms are finite."""
        nearest = -log_sums[self._tiles.order]
        sums, workspace = (nearest, np.ones_like(nearest)), thread_workspace()
        tile_loops.resume(self._queries, *sums, self._accuracy, self._states, workspace)
        self.log_sums = log_sums.copy()

    def add(self, references: Tiles, step: str = "", progress: ProgressCallback | None = None) -> None:
        """Add references, which must have the same axes as the queries."""
        added = reference_arrays(references)
        blocks = np.arange(len(references))
        # Enough parts for all threads, but not so small that distributing them takes longer than the work.
        pairs = len(references.rows) * len(self._tiles.rows)
        n_parts = max(-(-pairs // BLOCK_PAIRS), min(_ENOUGH_BLOCKS, pairs // _FEWEST_PAIRS), 1)
        n_parts = min(n_parts, len(self._tiles))

        def work(part: int, _: int) -> None:
            self._add(np.arange(part, len(self._tiles), n_parts), added, blocks)

        parallel_blocks(work, n_parts, 1, step, progress)

    def take(self, queries: np.ndarray) -> "IncrementalKernelSums":
        """Return the sums of some of the queries, to which other references can be added.

        Parameters
        ----------
        queries : ndarray of shape (n,)
            Indices into `log_sums`.
        """
        rows = self._tiles.positions[queries]
        taken = copy(self)
        taken._tiles = tiles = Tiles.from_rotated(
            self._tiles.rows[rows], self._tiles.axes, weights=self._tiles.weights[rows]
        )
        taken._queries, taken._states = query_arrays(tiles), new_states(np.diff(tiles.starts))
        taken.log_sums = self.log_sums[queries]
        is_lane = np.arange(TILE_ROWS) < np.diff(self._tiles.starts)[:, None]
        nearest, total = (
            part[is_lane][rows][tiles.order] for part in (self._states.nearest, self._states.total)
        )
        tile_loops.resume(taken._queries, nearest, total, self._accuracy, taken._states, thread_workspace())
        return taken

    def _add(self, chosen: np.ndarray, references: References, blocks: np.ndarray) -> None:
        tile_loops.add_to_tiles(
            self._queries,
            chosen,
            references,
            blocks,
            self._accuracy,
            self._states,
            thread_workspace(),
            self.log_sums,
        )


def thread_workspace() -> TileWorkspace:
    """Return the buffers of the current thread."""
    if not hasattr(_thread_local, "workspace"):
        _thread_local.workspace = new_workspace()
    return _thread_local.workspace
