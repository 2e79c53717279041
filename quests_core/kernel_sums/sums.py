r"""The kernel sums that entropy, diversity, δH, overlap and selection are made of.

``K(x, y) = exp(-e)`` with the exponent ``e = ‖x - y‖² / 2h²``. A sum is kept as a logarithm in two
parts, ``ln Σ exp(-e) = ln(total) - nearest``, so that it stays finite and ordered however far a point
is from all others.

**Tiles.** Queries are worked on tile by tile (see `quests_core.kernel_sums.tiles`), `GROUP` references at a
time against all queries of a tile. A reference that lies farther from a tile's box than the reach of its
neediest query is dropped before anything is multiplied; the reach of a query is its nearest exponent so far
plus ``ln(n / tolerance)``, so that all that is ever dropped changes the sum by less than `tolerance`,
relatively. Squared distances are added up `CHUNK` principal axes at a time, and given up as soon as they are
beyond the reach of every query. The sums of a set against itself are symmetric: each pair of tiles is
computed once. A curve takes each tile through all sizes at once.

**Laziness.** A kernel sum only grows as frames are picked, so one that is behind is a lower bound, and
the score of its frame an upper one. A selection takes down the highest bound until that is a score
(see `quests_core.kernel_sums.picked_sums`); most pairs are never computed.

**Error.** Differences of coordinates relative to the tile's centre are exact to 2⁻²⁴ of the tile's
radius, and the exponent to a few 2⁻²⁴ of itself: small exponents, which make up the sum, are precise
(an environment has exponent 0 to itself, exactly). Where that is not enough — the nearest exponent is
above 10, or the query is farther than 8 h√2 from the tile's centre — the largest terms, down to e⁻¹⁰ of
the very largest, are computed again in double precision. Together: an error of at most 1e-5 nats in
each δH, and far less in their means; with ``precision="double"`` every exponent that matters is
computed in double precision and the error is at most 1e-12, relatively.

No result depends on the number of threads: a tile is one thread's work, from the first reference to
the last, and partial sums are added in a fixed order.
"""

import math
import threading
from copy import copy

import numpy as np

from ..progress import ProgressCallback
from ..utils.threads import parallel_blocks
from ..utils.validation import check_choice, check_pair, check_sane
from . import tile_loops
from .tile_states import Accuracy, TileWorkspace, new_states, work_space
from .tile_sums import FADE_EXPONENT
from .tiles import TILE_ROWS, References, TileArrays, Tiles

PRECISIONS = ("single", "double")
# Nats by which the logarithm of a sum in single precision is wrong, at most.
SINGLE_ERROR = 1e-5
# Pairs of one block: some hundredths of a second, so that progress is told often.
_BLOCK_PAIRS = 8_000_000
# Otherwise, where pairs are few: enough blocks for many threads, but none with fewer pairs than this.
_ENOUGH_BLOCKS, _FEWEST_PAIRS = 16, 200_000
# Within frames they are fewer still, and none is left out unseen.
_PAIRS_IN_FRAMES = 50_000
# Blocks of the symmetric sums; each holds partial sums for all queries.
_SYMMETRIC_BLOCKS = 128
# Blocks of a curve, where there are as many tiles.
_FEWEST_BLOCKS = 32

_of_thread = threading.local()


def truncation_limits(bandwidth: float, n_references: int, precision: str) -> Accuracy:
    """Return what the compiled kernels know of accuracy."""
    tolerance, fade = (1e-6, FADE_EXPONENT) if precision == "single" else (1e-14, np.inf)
    return Accuracy(0.5 / bandwidth**2, math.log(max(1, n_references) / tolerance), fade)


def query_arrays(tiles: Tiles) -> TileArrays:
    """Return the arrays of tiles whose rows are queries."""
    positions = tiles.starts[:-1, None] + np.arange(TILE_ROWS)
    return TileArrays(
        tiles.rows, tiles.order, positions, tiles.centers, tiles.low, tiles.high, *tiles.columns
    )


def reference_arrays(tiles: Tiles) -> References:
    """Return the rows of tiles as references, with tiles as blocks."""
    return References(tiles.rows, tiles.leading_axes, tiles.starts, tiles.low, tiles.high)


class IncrementalKernelSums:
    """Kernel sums of a fixed set of queries against references that are added bit by bit.

    Parameters
    ----------
    tiles : Tiles
        The queries.
    bandwidth : float
        h, Å⁻¹.
    n_references : int
        References there will be in the end, at most: what may be dropped is measured by it.
    precision : {"single", "double"}
        See the module's docstring.

    Attributes
    ----------
    log_sums : ndarray of shape (n_queries,)
        ``ln Σ_j K`` of each query in its original place; -inf before a reference was added.
    """

    def __init__(self, tiles: Tiles, bandwidth: float, n_references: int, precision: str = "single"):
        self._tiles, self._queries = tiles, query_arrays(tiles)
        self._accuracy = truncation_limits(bandwidth, n_references, precision)
        self._states = new_states(np.diff(tiles.starts))
        self.log_sums = np.full(len(tiles.rows), -np.inf)

    def add(self, references: Tiles, step: str = "", progress: ProgressCallback | None = None) -> None:
        """Add references, which have the same axes as the queries."""
        added = reference_arrays(references)
        blocks = np.arange(len(references))
        # Work for all threads, but none so little that handing it out takes longer than doing it.
        pairs = len(references.rows) * len(self._tiles.rows)
        n_parts = max(-(-pairs // _BLOCK_PAIRS), min(_ENOUGH_BLOCKS, pairs // _FEWEST_PAIRS), 1)
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
        taken._tiles = tiles = Tiles.from_rotated(self._tiles.rows[rows], self._tiles.axes)
        taken._queries, taken._states = query_arrays(tiles), new_states(np.diff(tiles.starts))
        taken.log_sums = self.log_sums[queries]
        is_lane = np.arange(TILE_ROWS) < np.diff(self._tiles.starts)[:, None]
        nearest, total = (part[is_lane][rows][tiles.order] for part in self._states[:2])
        tile_loops.resume(
            taken._queries, nearest, total, self._accuracy, taken._states, work_space_of_thread()
        )
        return taken

    def _add(self, chosen: np.ndarray, references: References, blocks: np.ndarray) -> None:
        tile_loops.add_to_tiles(
            self._queries,
            chosen,
            references,
            blocks,
            self._accuracy,
            self._states,
            work_space_of_thread(),
            self.log_sums,
        )


def work_space_of_thread() -> TileWorkspace:
    """Return the buffers of this thread."""
    if not hasattr(_of_thread, "work_space"):
        _of_thread.work_space = work_space()
    return _of_thread.work_space


def _reduce_in_order(totals: tuple[np.ndarray, ...], combine, work, n: int, size: int, step: str, progress):
    """Run ``work(first, last, *partial)`` in blocks; combine the partial arrays in the order of the blocks.

    They start as `totals` do, which hold nothing yet. So the result does not depend on which thread
    comes first, nor memory on the number of blocks.
    """
    waiting: dict[int, tuple[np.ndarray, ...]] = {}
    turn, lock = 0, threading.Lock()

    def block(first: int, last: int) -> None:
        nonlocal turn
        partial = tuple(total.copy() for total in nothing)
        work(first, last, *partial)
        with lock:
            waiting[first] = partial
            while turn in waiting:
                for total, how, part in zip(totals, combine, waiting.pop(turn), strict=True):
                    how(total, part, out=total)
                turn += size

    nothing = tuple(total.copy() for total in totals)
    parallel_blocks(block, n, size, step, progress)


def self_log_kernel_sums(tiles: Tiles, bandwidth, precision, step, progress) -> np.ndarray:
    """Return ``ln Σ_j K`` of each row against all rows, itself among them, in their original places."""
    accuracy = truncation_limits(bandwidth, len(tiles.rows), precision)
    states, queries, references = (
        new_states(np.diff(tiles.starts)),
        query_arrays(tiles),
        reference_arrays(tiles),
    )
    sums = np.zeros(len(tiles.rows))

    def work(first: int, last: int, partial: np.ndarray) -> None:
        tile_loops.add_own_tiles(
            queries, references, first, last, accuracy, states, work_space_of_thread(), partial
        )

    size = -(-len(tiles) // _SYMMETRIC_BLOCKS)
    _reduce_in_order((sums,), (np.add,), work, len(tiles), size, step, progress)
    within = np.arange(TILE_ROWS) < np.diff(tiles.starts)[:, None]
    out = np.empty_like(sums)
    out[tiles.order] = np.log(sums + states.total[within])
    return out


def metrics_along_order(
    envs, order, sizes, threshold, path, bandwidth, precision, progress
) -> tuple[np.ndarray, ...]:
    """Return the sums of `tile_loops.metrics_along_order` for the subsets ``order[:size]``.

    Each tile goes through all sizes by itself, so that it is at hand all the time.
    """
    accuracy = truncation_limits(bandwidth, envs.n_envs, precision)
    tiles, queries, frames = envs.tiles, query_arrays(envs.tiles), envs.blocks
    step_of_frame = np.full(len(envs), len(sizes))
    step_of_frame[order] = np.searchsorted(sizes, np.arange(len(order)), side="right")
    member_from = step_of_frame[envs.frame_index]
    added, largest = np.zeros((len(sizes), 4)), np.full(len(sizes), -np.inf)

    def work(first: int, last: int, *partial: np.ndarray) -> None:
        tile_loops.metrics_along_order(
            queries,
            tiles.starts,
            first,
            last,
            frames,
            order,
            sizes,
            member_from,
            threshold,
            accuracy,
            new_states([TILE_ROWS]),
            work_space_of_thread(),
            *partial,
            path,
        )

    size = max(1, min(_BLOCK_PAIRS // (TILE_ROWS * envs.n_envs), len(tiles) // _FEWEST_BLOCKS))
    _reduce_in_order(
        (added, largest), (np.add, np.maximum), work, len(tiles), size, "compression curve", progress
    )
    return added, largest


def tiles_of(envs, X: np.ndarray) -> Tiles:
    """Return the tiles of environments that passed the gate as `X`; an `Environments` keeps its own."""
    return envs.tiles if hasattr(envs, "tiles") else Tiles.from_rows(X)


def frame_entropies(envs, bandwidth: float, precision: str = "single", progress=None) -> np.ndarray:
    """Return the entropy of each frame alone, -inf where it has no environment; shape (n_frames,)."""
    out, sizes, tiles = np.empty(len(envs)), envs.sizes, envs.tiles
    accuracy = truncation_limits(bandwidth, sizes.max(), precision)

    def work(first: int, last: int) -> None:
        room, sums = np.empty((sizes.max(), tiles.rows.shape[1])), np.empty(sizes.max())
        given = tiles.rows, tiles.positions, envs.offsets
        tile_loops.frame_entropies(*given, first, last, accuracy, room, sums, out)

    frames_per_block = max(1, int(_PAIRS_IN_FRAMES / (1 + np.mean(sizes.astype(float) ** 2) / 2)))
    parallel_blocks(work, len(envs), frames_per_block, "frame entropies", progress)
    return out


def log_kernel_sum(
    query,
    reference,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
) -> np.ndarray:
    r"""Return the logarithm of the sum of kernels of each query against a reference set.

    .. math:: \ln \sum_j K(y_i, x_j), \qquad K(y, x) = \exp\left(-\frac{‖y - x‖²}{2h²}\right)

    A log-sum-exp: finite for every input, with its true value even where each kernel underflows.

    Parameters
    ----------
    query : Environments or array_like of shape (n_query, d)
        Environments to evaluate, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d)
        Environments that are summed over, Å⁻¹; at least one.
    bandwidth : float
        h, Å⁻¹.
    precision : {"single", "double"}
        "single": an error of at most 1e-5 nats in each value, mostly far less; "double": 1e-12,
        relatively where the value is above 1. See the docstring of `quests_core.kernel_sums.sums`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    ndarray of shape (n_query,)
        Dimensionless; at least 0, within the error, where the query is itself in the reference.

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
    bandwidth = check_sane(bandwidth, "bandwidth")
    check_choice(precision, "precision", PRECISIONS)
    X, Y = check_pair(query, reference)
    tiles = tiles_of(reference, Y)
    if len(X) == 0:
        return np.empty(0)
    if query is reference:
        return self_log_kernel_sums(tiles, bandwidth, precision, "kernel sums", progress)
    sums = IncrementalKernelSums(Tiles.from_rows(X, tiles.axes), bandwidth, len(Y), precision)
    sums.add(tiles, "kernel sums", progress)
    return sums.log_sums
