"""Compiled descriptors X1 and X2.

Ties at the k-th neighbour. If k divides a shell of equal distances, as in a perfect crystal, the choice of
neighbours would depend on the order of the atoms, and equivalent atoms would have different descriptors.
Instead, all ``t`` tied atoms share the remaining ``m`` positions: each has the weight ``m / t``, and each
pair of them the weight ``m (m - 1) / (t (t - 1))``, the probability that both are among ``m`` drawn at
random. Distances within `TIE_TOLERANCE` of the k-th are tied. A sorted row is treated as a step function in
which the width of a value is its weight; rank ``i`` is the mean over ``[i, i + 1]``. Without ties, all
weights are 1, and this is the published definition.
"""

import math
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit, jit_no_refcount
from .cell_list import COINCIDENT, CROWDED, MOST_NEIGHBORS, grid_of_frame, neighbors_of_atom
from .sorting_network import SORTED, sort_columns

# Å. Files often contain coordinates rounded to 1e-8 Å, so equal distances differ by a few times that.
TIE_TOLERANCE = 5e-8
_N_LISTS = 4


class DescriptorWorkspace(NamedTuple):
    """Buffers for the neighbours of one atom."""

    vectors: np.ndarray  # from the atom to each neighbour, Å, (3, capacity)
    squares: np.ndarray  # their squared lengths, (capacity,)
    picked: np.ndarray  # indices of the k nearest, (k,)
    picked_squares: np.ndarray  # their squared distances, (k,)
    shared: np.ndarray  # indices of all closer than a tie and of all tied, (capacity,)
    root_weights: np.ndarray  # √w of the chosen neighbours
    chosen_vectors: np.ndarray  # vectors of the chosen neighbours, (3, max(capacity, k))
    matrix: np.ndarray  # M, (k, k)
    tied_matrix: np.ndarray  # M including all tied atoms, flat
    tied_bits: np.ndarray  # the same memory as integers
    keys: np.ndarray  # sort keys, see `_nearest`, (SORTED, 4)
    key_bits: np.ndarray  # the same memory as integers
    next_keys: np.ndarray  # index of the next key to merge of each list


@jit_no_refcount
def _smallest(values, n, k, picked, kept_values):
    """Write the k smallest of n values and their indices in ascending order; return their number."""
    for i in range(n):
        value = values[i]
        rank = min(i, k - 1)
        if i >= k and value >= kept_values[rank]:
            continue
        while rank > 0 and kept_values[rank - 1] > value:
            kept_values[rank], picked[rank] = kept_values[rank - 1], picked[rank - 1]
            rank -= 1
        kept_values[rank], picked[rank] = value, i
    return min(n, k)


@jit_no_refcount
def _nearest(squares, n, values, bits, next_keys, picked):
    """Write the indices of the `SORTED` smallest of at most ``4 SORTED`` values in ascending order.

    The last seven bits of a value, a relative change of 1e-14, are replaced by its index. Four lists of such
    keys are sorted at once, and merged. Returns the number of indices.
    """
    for i in range(values.size):
        # Negated for sorting in descending order; as integers, negative floats are in reverse order.
        values[i >> 2, i & 3] = -squares[i] if i < n else -1e300
        bits[i >> 2, i & 3] = (bits[i >> 2, i & 3] & ~127) | i
    sort_columns(values)
    next_keys[:] = 0
    for rank in range(min(n, SORTED)):
        best = min(
            min(bits[next_keys[0], 0], bits[next_keys[1], 1]),
            min(bits[next_keys[2], 2], bits[next_keys[3], 3]),
        )
        picked[rank] = best & 127
        next_keys[best & 3] += 1
    return min(n, SORTED)


@jit_no_refcount
def _share_tie(squares, n, k, picked, shared):
    """Find the atoms tied with the k-th neighbour.

    Writes the closer neighbours, followed by the tied ones, to `shared`, and returns their numbers ``(near,
    tied)``; ``tied`` is 0 if k divides no shell.
    """
    last = math.sqrt(squares[picked[k - 1]])
    inner, outer = max(last - TIE_TOLERANCE, 0.0) ** 2, (last + TIE_TOLERANCE) ** 2
    near = 0
    while squares[picked[near]] < inner:
        shared[near] = picked[near]
        near += 1
    tied = 0
    for i in range(n):
        if inner <= squares[i] <= outer:
            shared[near + tied] = i
            tied += 1
    return near, (0 if near + tied == k else tied)


@jit_no_refcount
def _tied_x2(near, tied, k, space, out):
    """Write X2 with tied neighbours, with the weights of the module's docstring, to zero-initialised `out`.

    The last bit of a value in the matrix, which is insignificant, encodes whether its width is 1, so that the
    values can be sorted without their columns.
    """
    n = near + tied
    share, pair_share = (k - near) / tied, (k - near - 1) / max(tied - 1, 1)
    values = space.tied_matrix[: n * n].reshape(n, n)
    bits = space.tied_bits[: n * n].reshape(n, n)
    _fill_matrix(space.chosen_vectors, space.root_weights, n, values)
    for i in range(n):
        for j in range(n):
            is_whole = i < near or i == j
            bits[i, j] = (bits[i, j] & ~1) | is_whole
    _sort_by_network(values, n)
    for j in range(n):
        row_weight = (1.0 if j < near else share) / k
        other = share if j < near else pair_share
        position = 0.0
        for i in range(n):
            # No step is wider than 1, so it ends in this rank or in the next.
            rank = int(position)
            if rank >= k - 1:
                break
            width = 1.0 if bits[i, j] & 1 else other
            value = values[i, j] * row_weight
            within = min(width, rank + 1 - position)
            out[rank] += within * value
            if rank + 1 < k - 1:
                out[rank + 1] += (width - within) * value
            position += width


@jit_no_refcount
def _fill_matrix(vectors, root_weights, n, matrix):
    """Write M of the first n neighbours in `vectors`."""
    x, y, z = vectors[0], vectors[1], vectors[2]
    for i in range(n):
        row, x0, y0, z0, root_weight = matrix[i], x[i], y[i], z[i], root_weights[i]
        for j in range(n):
            dx, dy, dz = x[j] - x0, y[j] - y0, z[j] - z0
            # 1 / r in single precision, refined to 1e-16 by two steps of Newton's method.
            square = max(dx * dx + dy * dy + dz * dz, 1e-30)
            inverse = np.float64(np.float32(1.0) / np.sqrt(np.float32(square)))
            inverse *= 1.5 - 0.5 * square * inverse * inverse
            inverse *= 1.5 - 0.5 * square * inverse * inverse
            # Coincident neighbours have no finite value; the frame is refused when one of them is described.
            row[j] = root_weight * root_weights[j] * inverse if square > 1e-30 else 0.0


@jit_no_refcount
def _sort_by_network(matrix, n):
    """Sort the first n values of each of the first n columns of a matrix in descending order.

    Performs each comparison of `sorting_network` for all columns.
    """
    run = 1
    while run < n:
        step = run
        while step >= 1:
            for start in range(step % run, n - step, 2 * step):
                for i in range(start, min(start + step, n - step)):
                    if i // (2 * run) == (i + step) // (2 * run):
                        _order_rows(matrix[i], matrix[i + step], n)
            step //= 2
        run *= 2


@jit_no_refcount
def _order_rows(upper, lower, n):
    for j in range(n):
        first, second = upper[j], lower[j]
        # In this form, each is compiled to one instruction.
        upper[j] = first if first > second else second
        lower[j] = first if first < second else second


@jit_no_refcount
def _plain_x2(n, vectors, root_weights, k, matrix, out):
    """Write X2 without ties: the rows of M, which is symmetric, are sorted as columns."""
    _fill_matrix(vectors, root_weights, n, matrix)
    if k == SORTED:
        # Missing neighbours have the lowest ranks.
        matrix[n:, :n] = 0.0
        sort_columns(matrix)
    else:
        _sort_by_network(matrix, n)
    for rank in range(min(n, k - 1)):
        total, row = 0.0, matrix[rank]
        for j in range(n):
            total += row[j]
        out[rank] = total / k


@jit_no_refcount
def _describe_atom(n, k, cutoff, space, out):
    """Write X1 and X2 of an atom with n neighbours within the cutoff."""
    squares, picked = space.squares, space.picked
    if k == SORTED and n <= 4 * SORTED:
        kept = _nearest(squares, n, space.keys, space.key_bits, space.next_keys, picked)
    else:
        kept = _smallest(squares, n, k, picked, space.picked_squares)
    near, tied = kept, 0
    if kept == k and n > k:
        near, tied = _share_tie(squares, n, k, picked, space.shared)
        if tied == 0:
            near = k
    chosen = space.shared if tied else picked
    for i in range(near + tied):
        space.root_weights[i] = max(1.0 - squares[chosen[i]] / (cutoff * cutoff), 0.0)
        for c in range(3):
            space.chosen_vectors[c, i] = space.vectors[c, chosen[i]]
    for rank in range(kept):
        square = squares[picked[rank]]
        out[rank] = max(1.0 - square / (cutoff * cutoff), 0.0) ** 2 / math.sqrt(square)
    if tied:
        _tied_x2(near, tied, k, space, out[k:])
    else:
        _plain_x2(near, space.chosen_vectors, space.root_weights, k, space.matrix, out[k:])


@jit_no_refcount
def _describe_atoms(first, grid, pbc, k, cutoff, space, out):
    """Write the descriptors of the atoms from `first` on.

    Returns the first atom that was not described, and its number of neighbours, which exceeds the capacity of
    the buffers, or -1 - j if atom j coincides with it.
    """
    for i in range(first, out.shape[0]):
        n = neighbors_of_atom(i, grid, pbc, cutoff, space.vectors, space.squares)
        if n < 0 or n > space.squares.shape[0]:
            return i, n
        if n > 0:
            _describe_atom(n, k, cutoff, space, out[i])
    return out.shape[0], 0


@jit
def _workspace(capacity, k):
    """Return buffers for up to `capacity` neighbours of an atom."""
    tied_matrix, keys = np.empty(capacity * capacity), np.empty((SORTED, _N_LISTS))
    return DescriptorWorkspace(
        np.empty((3, capacity)),
        np.empty(capacity),
        np.empty(k, np.int64),
        np.empty(k),
        np.empty(capacity, np.int64),
        np.empty(max(capacity, k)),
        np.empty((3, max(capacity, k))),
        np.empty((k, k)),
        tied_matrix,
        tied_matrix.view(np.int64),
        keys,
        keys.view(np.int64),
        np.empty(_N_LISTS, np.int64),
    )


@jit
def describe_in_grid(grid, pbc, k, cutoff, out):
    """Write the descriptors of all atoms in a grid; return ``(status, atom, other atom)``."""
    # Typed, as a literal argument compiles a function once more.
    capacity, i = np.int64(256), np.int64(0)
    while i < out.shape[0]:
        space = _workspace(capacity, k)
        i, n = _describe_atoms(i, grid, pbc, k, cutoff, space, out)
        if n < 0:
            return COINCIDENT, i, -1 - n
        if n > MOST_NEIGHBORS:
            return CROWDED, i, n
        capacity = np.int64(min(2 * n, MOST_NEIGHBORS))
    return 0, 0, 0


@jit
def describe_frames(positions, offsets, cells, pbcs, k, cutoff, first, last, out):
    """Write the descriptors of a range of frames; stop at the first that cannot be described."""
    for frame in range(first, last):
        start, stop, pbc = offsets[frame], offsets[frame + 1], pbcs[frame]
        if start == stop:
            continue
        grid = grid_of_frame(positions[start:stop], cells[frame], pbc, cutoff)
        if grid.status != 0:
            return grid.status, frame, 0, 0
        status, atom, other = describe_in_grid(grid, pbc, k, cutoff, out[start:stop])
        if status != 0:
            return status, frame, atom, other
    return 0, 0, 0, 0
