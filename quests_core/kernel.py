r"""The kernel sums that entropy, diversity, δH, overlap and selection are made of.

``K(x, y) = exp(-e)`` with the exponent ``e = ‖x - y‖² / 2h²``. A sum is kept as a logarithm in two
parts, ``ln Σ exp(-e) = ln(total) - nearest``, so that it stays finite and ordered however far a point
is from all others.

**Tiles.** Queries are worked on tile by tile (see `quests_core.tree`). A reference row that lies
farther from a tile's box than the reach of its neediest row is dropped before anything is multiplied;
the reach of a row is its nearest exponent so far plus ``ln(n / tolerance)``, so that all that is ever
dropped changes the sum by less than `tolerance`, relatively. What is left is copied, relative to the
tile's centre and in single precision, into columns; exponents of one row against 64 columns are added
up `CHUNK` axes at a time, and given up as soon as none of them can matter.

**Error.** Differences of coordinates relative to the tile's centre are exact to 2⁻²⁴ of the tile's
radius, and the exponent to a few 2⁻²⁴ of itself: small exponents, which make up the sum, are precise
(an environment has exponent 0 to itself, exactly). Where that is not enough — the nearest exponent
is above `_NEAR`, or the row is farther than `_WIDE` from the tile's centre — the exponents that matter
are computed again in double precision. Together: an error of at most 1e-5 nats in each δH, and far
less in their means; with ``precision="double"`` every exponent that matters is computed in double
precision and the error is at most 1e-12, relatively.

No result depends on the number of threads: a tile is one thread's work, from the first reference row
to the last.
"""

import math
from dataclasses import dataclass

import numpy as np

from ._numba import kernel, run_blocks
from ._validation import check_choice, check_pair, check_positive
from .progress import ProgressCallback
from .tree import CHUNK, TILE_ROWS, Tiles

PRECISIONS = ("single", "double")
_WIDTH = 64
# Exponents, and distances in units of h√2, up to which single precision is enough.
_NEAR, _WIDE = 2.0, 8.0
# Terms this much smaller than the largest may have a relative error of 1e-3.
_FADED = 14.0
_UNIT = 2.0**-24
# Pairs of one block: some hundredths of a second, so that progress is told often.
_BLOCK_PAIRS = 8_000_000


@kernel
def _exponentials(exponents, n, offset, scratch, bits, powers):
    """Return ``Σ_j exp(offset - exponents[j])``, j < n, in single precision: 2^-m · p(f), vectorised."""
    for j in range(n):
        x = min(exponents[j] - np.float32(offset), np.float32(80.0)) * np.float32(-1.44269504)
        whole = np.floor(x + np.float32(0.5))
        f = x - whole
        # 2^f on [-1/2, 1/2], near minimax; relative error below 1e-7.
        p = np.float32(1.5403530e-4) * f + np.float32(1.3333558e-3)
        p = p * f + np.float32(9.6181291e-3)
        p = p * f + np.float32(5.5504109e-2)
        p = p * f + np.float32(2.4022651e-1)
        p = p * f + np.float32(6.9314718e-1)
        scratch[j] = p * f + np.float32(1.0)
        bits[j] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    total = np.float32(0.0)
    for j in range(n):
        total += scratch[j] * powers[j]
    return total


@kernel
def _load_columns(references, picked, n, center, root, first, last, columns):
    """Copy the picked references, relative to the tile's centre, into single-precision columns."""
    for j in range(n):
        y = references[picked[j]]
        for c in range(first, last):
            columns[c, j] = (y[c] - center[c]) * root
    # Columns without a reference are so far that they count for nothing.
    for j in range(n, -(-n // 16) * 16):
        for c in range(first, last):
            columns[c, j] = np.float32(1e18)


@kernel
def _add_chunk(row, columns, first, n, exponents, limit):
    """Add `CHUNK` axes to the exponents; return how many are not beyond the limit."""
    for c in range(first, first + CHUNK, 8):
        x0, x1, x2, x3 = row[c], row[c + 1], row[c + 2], row[c + 3]
        x4, x5, x6, x7 = row[c + 4], row[c + 5], row[c + 6], row[c + 7]
        for j in range(n):
            d0, d1, d2, d3 = (
                x0 - columns[c, j],
                x1 - columns[c + 1, j],
                x2 - columns[c + 2, j],
                x3 - columns[c + 3, j],
            )
            d4, d5, d6, d7 = (
                x4 - columns[c + 4, j],
                x5 - columns[c + 5, j],
                x6 - columns[c + 6, j],
                x7 - columns[c + 7, j],
            )
            exponents[j] += (d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3) + (d4 * d4 + d5 * d5 + d6 * d6 + d7 * d7)
    alive = 0
    for j in range(n):
        alive += exponents[j] <= limit
    return alive


@kernel
def _exact_exponent(x, y, scale):
    total = 0.0
    for c in range(x.shape[0]):
        difference = x[c] - y[c]
        total += difference * difference
    return total * scale


@kernel
def _slack(exponent, radius):
    """Bound the error of an exponent in single precision, for a row this far from its tile's centre."""
    # The root is of a finite number, as 0 · inf is not one.
    return 1e-5 * exponent + 8.0 * _UNIT * radius * math.sqrt(min(exponent, 1e300))


@kernel
def _add_exactly(x, references, picked, n, exponents, scale, reach, radius, fade, nearest, total):
    """Add the terms of one row, with exponents in double precision where they matter.

    Returns ``(nearest, total)``.
    """
    smallest = np.inf
    for j in range(n):
        smallest = min(smallest, np.float64(exponents[j]))
    smallest = min(nearest, smallest + _slack(smallest, radius))
    limit = smallest + reach + _slack(smallest + reach, radius)
    faded = min(smallest + fade, limit)
    for j in range(n):
        exponent = np.float64(exponents[j])
        if exponent > limit:
            continue
        if exponent <= faded:
            exponent = _exact_exponent(x, references[picked[j]], scale)
        if exponent < nearest:
            total *= math.exp(exponent - nearest)
            nearest = exponent
        total += math.exp(nearest - exponent)
    return nearest, total


@kernel
def _within_reach(references, first, last, low, high, scale, limit, picked):
    """Pick the references whose distance to the box is within the limit; return their number."""
    n = 0
    for j in range(first, last):
        y = references[j]
        bound = 0.0
        for c in range(CHUNK):
            outside = max(max(low[c] - y[c], y[c] - high[c]), 0.0)
            bound += outside * outside
        if bound * scale <= limit:
            picked[n] = j
            n += 1
    return n


@kernel
def _add_columns(rows, active, references, picked, n, center, scale, reach, fade, nearest, total, work):
    """Add up to `_WIDTH` references to the sums of a tile's rows."""
    local, columns, exponents, scratch, bits, powers = work
    root = math.sqrt(scale)
    n_columns = -(-n // 16) * 16
    _load_columns(references, picked, n, center, root, 0, CHUNK, columns)
    loaded = CHUNK
    for i in range(rows.shape[0]):
        if not active[i]:
            continue
        radius = 0.0
        for c in range(rows.shape[1]):
            local[c] = (rows[i, c] - center[c]) * root
            radius += local[c] * local[c]
        radius = math.sqrt(radius)
        limit = nearest[i] + reach
        limit += _slack(limit, radius)
        exponents[:n_columns] = 0.0
        alive, c = 1, 0
        while alive > 0 and c < rows.shape[1]:
            if c == loaded:
                _load_columns(references, picked, n, center, root, CHUNK, rows.shape[1], columns)
                loaded = rows.shape[1]
            alive = _add_chunk(local, columns, c, n_columns, exponents, np.float32(limit))
            c += CHUNK
        if alive == 0:
            continue
        if nearest[i] <= _NEAR and radius <= _WIDE and fade < np.inf:
            total[i] += _exponentials(exponents, n_columns, nearest[i], scratch, bits, powers)
        else:
            nearest[i], total[i] = _add_exactly(
                rows[i], references, picked, n, exponents, scale, reach, radius, fade, nearest[i], total[i]
            )


@kernel
def _work_space(n_axes):
    """Return the buffers of one thread: a row, columns, exponents, and those of `_exponentials`."""
    bits = np.empty(_WIDTH, np.int32)
    return (
        np.empty(n_axes, np.float32),
        np.empty((n_axes, _WIDTH), np.float32),
        np.empty(_WIDTH, np.float32),
        np.empty(_WIDTH, np.float32),
        bits,
        bits.view(np.float32),
    )


@kernel
def _farthest(active, nearest):
    """Return the greatest `nearest` of the active rows, -inf if there is none."""
    greatest = -np.inf
    for i in range(nearest.shape[0]):
        if active[i]:
            greatest = max(greatest, nearest[i])
    return greatest


@kernel
def _add_to_tile(rows, active, box, references, scale, reach, fade, nearest, total, work):
    """Add all references to the sums of one tile's rows, nearest reference tiles first."""
    low, high, center = box
    reference_rows, starts, reference_low, reference_high = references
    n_tiles = starts.shape[0] - 1
    bounds = np.zeros(n_tiles)
    for r in range(n_tiles):
        for c in range(CHUNK):
            gap = max(max(low[c] - reference_high[r, c], reference_low[r, c] - high[c]), 0.0)
            bounds[r] += gap * gap * scale
    picked = np.empty(np.diff(starts).max(), np.int64)
    for r in np.argsort(bounds):
        limit = _farthest(active, nearest) + reach
        if bounds[r] > limit:
            break
        n = _within_reach(reference_rows, starts[r], starts[r + 1], low, high, scale, limit, picked)
        for first in range(0, n, _WIDTH):
            count = min(_WIDTH, n - first)
            _add_columns(
                rows,
                active,
                reference_rows,
                picked[first : first + count],
                count,
                center,
                scale,
                reach,
                fade,
                nearest,
                total,
                work,
            )


@kernel
def _add_to_tiles(tiles, first, last, active, references, scale, reach, fade, nearest, total, out):
    """Add all references to the sums of the tiles ``first:last`` and write their logarithms."""
    rows, order, starts, centers, low, high = tiles
    work = _work_space(rows.shape[1])
    for t in range(first, last):
        own = slice(starts[t], starts[t + 1])
        box = (low[t], high[t], centers[t])
        _add_to_tile(
            rows[own], active[own], box, references, scale, reach, fade, nearest[own], total[own], work
        )
        for i in range(starts[t], starts[t + 1]):
            if active[i]:
                out[order[i]] = math.log(total[i]) - nearest[i]


@kernel
def _frame_entropies(rotated, places, offsets, first, last, scale, reach, fade, out):
    """Write the entropy of each frame alone; -inf for a frame without environments."""
    work = _work_space(rotated.shape[1])
    for frame in range(first, last):
        n = offsets[frame + 1] - offsets[frame]
        if n == 0:
            out[frame] = -np.inf
            continue
        rows = rotated[places[offsets[frame] : offsets[frame + 1]]]
        low, high = rows[0].copy(), rows[0].copy()
        for row in rows:
            low, high = np.minimum(low, row), np.maximum(high, row)
        box = (low[:CHUNK], high[:CHUNK], 0.5 * (low + high))
        references = (rows, np.array([0, n]), low[:CHUNK].reshape(1, -1), high[:CHUNK].reshape(1, -1))
        nearest, total = np.full(n, np.inf), np.zeros(n)
        _add_to_tile(rows, np.ones(n, np.bool_), box, references, scale, reach, fade, nearest, total, work)
        out[frame] = math.log(n) - (np.log(total) - nearest).mean()


@dataclass(frozen=True)
class _Accuracy:
    """What the kernels need to know of bandwidth and precision."""

    scale: float
    reach: float
    fade: float

    @classmethod
    def of(cls, bandwidth: float, n_references: int, precision: str) -> "_Accuracy":
        tolerance, fade = (1e-6, _FADED) if precision == "single" else (1e-14, np.inf)
        return cls(0.5 / bandwidth**2, math.log(max(1, n_references) / tolerance), fade)


class RunningSums:
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
        n = len(tiles.rows)
        self._tiles = tiles
        self._arrays = (tiles.rows, tiles.order, tiles.starts, tiles.centers, tiles.low, tiles.high)
        self._accuracy = _Accuracy.of(bandwidth, n_references, precision)
        self._nearest, self._total = np.full(n, np.inf), np.zeros(n)
        self._active = np.ones(n, dtype=bool)
        self.log_sums = np.full(n, -np.inf)

    def add(self, references: Tiles, step: str = "", progress: ProgressCallback | None = None) -> None:
        """Add references, which have the same axes as the queries."""
        described = (references.rows, references.starts, references.low, references.high)
        accuracy = self._accuracy
        tiles_per_block = max(1, _BLOCK_PAIRS // (len(references.rows) * TILE_ROWS))

        def work(first: int, last: int) -> None:
            _add_to_tiles(
                self._arrays,
                first,
                last,
                self._active,
                described,
                accuracy.scale,
                accuracy.reach,
                accuracy.fade,
                self._nearest,
                self._total,
                self.log_sums,
            )

        run_blocks(work, len(self._tiles), tiles_per_block, step, progress)

    def retire(self, queries: slice) -> None:
        """Keep the sums of these queries as they are from now on."""
        self._active[self._tiles.places[queries]] = False


def tiles_of(envs, X: np.ndarray) -> Tiles:
    """Return the tiles of environments that passed the gate as `X`; an `Environments` keeps its own."""
    return envs.tiles if hasattr(envs, "tiles") else Tiles.of(X)


def log_kernel_sums(query: Tiles, reference: Tiles, bandwidth, precision, step, progress) -> np.ndarray:
    """Return `log_kernel_sum` for tiles with common axes."""
    sums = RunningSums(query, bandwidth, len(reference.rows), precision)
    sums.add(reference, step, progress)
    return sums.log_sums


def frame_entropies(envs, bandwidth: float, precision: str = "single", progress=None) -> np.ndarray:
    """Return the entropy of each frame alone, -inf where it has no environment; shape (n_frames,)."""
    out = np.empty(len(envs))
    sizes = envs.sizes
    accuracy = _Accuracy.of(bandwidth, sizes.max(), precision)
    tiles = envs.tiles

    def work(first: int, last: int) -> None:
        _frame_entropies(
            tiles.rows,
            tiles.places,
            envs.offsets,
            first,
            last,
            accuracy.scale,
            accuracy.reach,
            accuracy.fade,
            out,
        )

    frames_per_block = max(1, int(_BLOCK_PAIRS / (1 + np.mean(sizes.astype(float) ** 2))))
    run_blocks(work, len(envs), frames_per_block, "frame entropies", progress)
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
        relatively where the value is above 1. See the docstring of `quests_core.kernel`.
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
    bandwidth = check_positive(bandwidth, "bandwidth")
    check_choice(precision, "precision", PRECISIONS)
    X, Y = check_pair(query, reference)
    tiles = tiles_of(reference, Y)
    if len(X) == 0:
        return np.empty(0)
    queries = tiles if query is reference else Tiles.of(X, tiles.axes)
    return log_kernel_sums(queries, tiles, bandwidth, precision, "kernel sums", progress)
