"""Compiled kernel sums of single environments against the frames picked so far.

A selection asks for the sum of one environment here and of another there, against frames that were
picked since it last asked. An environment visits the nearest tiles of picks first (see
`quests_core.picked`), as they set its limit, and then whatever is within that.

A sum that leaves out what is far from its nearest term, or stops early, is a lower bound; what it costs
is mostly these visits. Error and limits are those of `quests_core.kernel`.
"""

import math
from typing import NamedTuple

import numpy as np

from ._numba import inlined_kernel
from .picked import LEAVES, Picked
from .tile_squares import FAR
from .tile_sums import NEAR, UNIT, VERY_WIDE, WIDE, exact_square, exponential
from .tree import CHUNK, LEAF_ROWS
from .vectors import add_axes_of_one, box_gap

# Tiles that are visited in the order of their distance; from then on the limit hardly falls.
_IN_ORDER = 8
# What is not `FAR`.
_BEFORE_FAR = np.float32(2e38)
_FAR_BITS = int(np.array(FAR).view(np.int32))


class Room(NamedTuple):
    """The buffers of one thread."""

    chunk: np.ndarray  # the environment relative to the centre of a tile, (D,)
    head: np.ndarray  # its first axes, (CHUNK,)
    squares: np.ndarray  # squared distances to the lanes of a leaf, (LEAF_ROWS,)
    terms: np.ndarray  # likewise
    bits: np.ndarray  # powers of two, as bits
    powers: np.ndarray  # and as numbers
    gaps: np.ndarray  # squared distances to the tiles in use
    gap_bits: np.ndarray  # and as bits, which are ordered as the numbers are

    @classmethod
    def of(cls, picked: Picked) -> "Room":
        """Return room for sums against `picked`."""
        singles = [np.empty(n, np.float32) for n in (picked.rows.shape[1], CHUNK, LEAF_ROWS, LEAF_ROWS)]
        bits, gaps = np.empty(LEAF_ROWS, np.int32), np.empty(len(picked.last), np.float32)
        return cls(*singles, bits, bits.view(np.float32), gaps, gaps.view(np.int32))


@inlined_kernel
def _farthest(nearest, total, reach):
    """Return the exponent beyond which nothing matters."""
    return max(reach + nearest - math.log(total), 0.0) if total > 0.0 else np.inf


@inlined_kernel
def _limit(far, width, scale):
    """Return the square of single precision that belongs to an exponent, with its error in it."""
    if far == np.inf:
        return np.float32(np.inf)
    limit = (far + 1e-5 * far + 8.0 * UNIT * width * math.sqrt(far)) / scale
    return np.float32(limit if limit < 1e38 else np.inf)


@inlined_kernel
def _logarithm(nearest, total, is_bound):
    """Return the logarithm of a sum; of one in single precision less by its error, see `_limit`.

    Terms smaller than the largest by 30, an exponent, do not count in that, nor do those of wider tiles.
    """
    farthest = nearest + 30.0
    error = 1e-5 * farthest + 8.0 * UNIT * VERY_WIDE * math.sqrt(farthest) if is_bound else 0.0
    return math.log(total) - nearest - error


@inlined_kernel
def _kernels(squares, scale, nearest, room):
    """Return ``Σ exp(nearest - scale · square)`` in single precision, as 2^whole · p(f); vectorised."""
    terms, bits, powers = room.terms, room.bits, room.powers
    factor, offset, most = np.float32(scale), np.float32(nearest), np.float32(1e30 / max(scale, 1.0))
    for j in range(squares.shape[0]):
        terms[j], bits[j] = exponential(min(squares[j], most) * factor - offset)
    total = np.float32(0.0)
    for j in range(squares.shape[0]):
        total += terms[j] * powers[j]
    return total


@inlined_kernel
def _add_squares(picked, row, leaf, since, width, accuracy, is_bound, nearest, total, room):
    """Add the kernels of the lanes of a leaf that were picked at `since` or later; squares are known."""
    scale, _, faded = accuracy
    squares, ranks, since = room.squares, picked.ranks[leaf], np.int32(since)
    count, least = picked.counts[leaf], FAR
    for j in range(count):
        squares[j] = squares[j] if ranks[j] >= since else FAR
        least = min(least, squares[j])
    exponent = least * scale
    if width > (VERY_WIDE if is_bound else WIDE) or (
        not is_bound and (min(nearest, exponent) > NEAR or faded == np.inf)
    ):
        near = min(nearest, exponent) + (faded if width <= VERY_WIDE else 2.0 * faded)
        near_square = min(_limit(near, width, scale), _BEFORE_FAR)
        for j in range(count):
            if squares[j] <= near_square:
                exact = scale * exact_square(picked.rows[row], picked.rows[picked.row_at[leaf, j]])
                if exact < nearest:
                    total *= math.exp(exact - nearest)
                    nearest = exact
                total += math.exp(nearest - exact)
                squares[j] = FAR
    elif exponent < nearest:
        exponent = np.float64(np.float32(exponent))
        total *= math.exp(exponent - nearest)
        nearest = exponent
    squares[count:] = FAR
    return nearest, total + _kernels(squares, scale, nearest, room)


@inlined_kernel
def _visit(picked, tile, row, since, far, accuracy, is_bound, nearest, total, room):
    """Add the lanes of a tile that were picked at `since` or later and have no exponent above `far`."""
    query, center, chunk, squares = picked.rows[row], picked.centers[tile], room.chunk, room.squares
    width, loaded = picked.widths[tile], 0
    limit = _limit(far, width, accuracy[0])
    for leaf in range(LEAVES * tile, LEAVES * tile + LEAVES):
        if picked.last_of_leaf[leaf] < since:
            continue
        if box_gap(picked.leaf_low[leaf], picked.leaf_high[leaf], room.head) > limit:
            continue
        squares[:] = np.float32(0.0)
        axis, within = 0, True
        while within and axis < query.shape[0]:
            last = axis + CHUNK
            if loaded == axis:
                for c in range(axis, last):
                    chunk[c] = query[c] - center[c]
                loaded = last
            within = add_axes_of_one(chunk[axis:last], picked.columns[leaf, axis:last], squares, limit)
            axis = last
        if within:
            nearest, total = _add_squares(
                picked, row, leaf, since, width, accuracy, is_bound, nearest, total, room
            )
    return nearest, total


@inlined_kernel
def _find_gaps(picked, row, since, room):
    """Write the squared distances of a row to the tiles in use, `FAR` to those without a new pick."""
    n, gaps, head = picked.n_tiles[0], room.gaps, room.head
    for k in range(n):
        gaps[k] = np.float32(0.0)
    for c in range(CHUNK):
        x = np.float32(picked.rows[row, c])
        head[c] = x
        low, high = picked.low[c], picked.high[c]
        for k in range(n):
            beyond = max(max(low[k] - x, x - high[k]), np.float32(0.0))
            gaps[k] += beyond * beyond
    for k in range(n):
        gaps[k] = gaps[k] if picked.last[k] >= since else FAR


@inlined_kernel
def _nearest_tile(gap_bits, n):
    """Return the place of the smallest gap; as whole numbers, since these are compared as vectors."""
    least = np.int32(_FAR_BITS)
    for k in range(n):
        least = min(least, gap_bits[k])
    for start in range(0, n, 64):
        found = np.int32(0)
        for k in range(start, min(start + 64, n)):
            found |= np.int32(gap_bits[k] == least)
        if found:
            while gap_bits[start] != least:
                start += 1
            return start
    return 0


@inlined_kernel
def bring_up_to_date(picked, row, n_picked, need, reach, accuracy, is_bound, sums, room):
    """Add to the sum of a row what was picked since it was last asked for; return its logarithm.

    `sums` are ``(known, nearest, total)`` of all rows: the sum over the first ``known`` picks is ``total
    · exp(-nearest)``. Terms are left out that are smaller than the sum by `reach`, an exponent. If
    `is_bound` is enough, single precision does for all terms, and what is returned is less by its error.
    Once the logarithm is above `need` it is returned at once, and the sum stays what it was.
    """
    known, nearest_of, total_of = sums
    since, nearest, total = known[row], nearest_of[row], total_of[row]
    gaps, n, scale = room.gaps, picked.n_tiles[0], accuracy[0]
    _find_gaps(picked, row, since, room)
    far = _farthest(nearest, total, reach)
    limit = min(_limit(far, 0.0, scale), _BEFORE_FAR)
    in_order = min(_IN_ORDER, n)
    for visit in range(in_order + n):
        # The nearest first; then the others as they come.
        place = _nearest_tile(room.gap_bits, n) if visit < in_order else visit - in_order
        if gaps[place] > limit:
            if visit < in_order:
                break
            continue
        gaps[place] = FAR
        before = total
        nearest, total = _visit(picked, place, row, since, far, accuracy, is_bound, nearest, total, room)
        if total != before:
            log_sum = _logarithm(nearest, total, is_bound)
            if log_sum > need:
                return log_sum
            far = _farthest(nearest, total, reach)
            limit = min(_limit(far, 0.0, scale), _BEFORE_FAR)
    known[row], nearest_of[row], total_of[row] = n_picked, nearest, total
    return _logarithm(nearest, total, is_bound) if total > 0.0 else -np.inf
