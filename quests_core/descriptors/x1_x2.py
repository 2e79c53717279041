"""Compiled X1 and X2 of all atoms of some frames.

Ties at the k-th neighbour. Where k cuts a shell of equal distances, as in a perfect crystal, which of
its atoms are taken would be an accident of their order, and equivalent atoms would differ. Here all
``t`` tied atoms share the ``m`` places left: each counts with weight ``m / t``, and each pair of them
with the chance ``m (m - 1) / (t (t - 1))`` that both are among ``m`` drawn. Distances within
`TIE_TOLERANCE` of the k-th are tied. A sorted row becomes a step function in which a column is as
wide as its weight; rank ``i`` is its mean over ``[i, i + 1]``. Without a tie, all weights are 1 and
this is the published definition.
"""

import math
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit, jit_no_refcount
from .cell_list import COINCIDENT, CROWDED, MOST_NEIGHBORS, grid_of_frame, neighbors_of_atom
from .sorting_network import SORTED, sort_columns

# Å. Files hold coordinates to 1e-8 Å, so equal distances agree to a few of these.
TIE_TOLERANCE = 5e-8
_N_LISTS = 4


class DescriptorWorkspace(NamedTuple):
    """Buffers for the neighbours of one atom."""

    vectors: np.ndarray  # from the atom to each neighbour, Å, (3, room)
    squares: np.ndarray  # their squared lengths, (room,)
    picked: np.ndarray  # indices of the k nearest, (k,)
    picked_squares: np.ndarray  # their squared distances, (k,)
    shared: np.ndarray  # indices of all nearer than a tie and of all in it, (room,)
    root_weights: np.ndarray  # √w of the chosen neighbours
    chosen_vectors: np.ndarray  # vectors of the chosen neighbours, (3, max(room, k))
    matrix: np.ndarray  # M, (k, k)
    tied_matrix: np.ndarray  # M with all atoms of a tie, flat
    tied_bits: np.ndarray  # its bits
    keys: np.ndarray  # sort keys, see `_nearest`, (SORTED, 4)
    key_bits: np.ndarray  # their bits
    key_heads: np.ndarray  # first key of each list that is not merged yet


@jit_no_refcount
def _smallest(values, n, k, picked, kept_values):
    """Write the k smallest of n values and their indices, smallest first; return how many there are."""
    for i in range(n):
        value = values[i]
        place = min(i, k - 1)
        if i >= k and value >= kept_values[place]:
            continue
        while place > 0 and kept_values[place - 1] > value:
            kept_values[place], picked[place] = kept_values[place - 1], picked[place - 1]
            place -= 1
        kept_values[place], picked[place] = value, i
    return min(n, k)


@jit_no_refcount
def _nearest(squares, n, values, bits, heads, picked):
    """Write the indices of the `SORTED` smallest of at most ``4 SORTED`` values, smallest first.

    The last seven bits of a value, which are worth 1e-14 of it, give way to its index; four lists of
    such keys are sorted at once, and merged. Returns how many there are.
    """
    for i in range(values.size):
        # Largest first, so with a minus; as integers, negative numbers are in opposite order.
        values[i >> 2, i & 3] = -squares[i] if i < n else -1e300
        bits[i >> 2, i & 3] = (bits[i >> 2, i & 3] & ~127) | i
    sort_columns(values)
    heads[:] = 0
    for rank in range(min(n, SORTED)):
        best = min(
            min(bits[heads[0], 0], bits[heads[1], 1]),
            min(bits[heads[2], 2], bits[heads[3], 3]),
        )
        picked[rank] = best & 127
        heads[best & 3] += 1
    return min(n, SORTED)


@jit_no_refcount
def _share_tie(squares, n, k, picked, shared):
    """Let all atoms tied with the k-th neighbour share its shell's places.

    Returns ``(near, tied)``: the nearer neighbours, then the tied ones, stand in `shared`; with
    ``tied == 0`` k cuts no shell.
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
    """Add X2 where k cuts a shell, by the weights of the module's docstring.

    The last bit of a value in the matrix, which is worth nothing, says whether its width is 1; so the
    values can be sorted without their columns.
    """
    n = near + tied
    share, pair_share = (k - near) / tied, (k - near - 1) / max(tied - 1, 1)
    values = space.tied_matrix[: n * n].reshape(n, n)
    bits = space.tied_bits[: n * n].reshape(n, n)
    _fill_matrix(space.chosen_vectors, space.root_weights, n, values)
    for place in range(n):
        for j in range(n):
            is_whole = place < near or place == j
            bits[place, j] = (bits[place, j] & ~1) | is_whole
    _sort_by_network(values, n)
    for j in range(n):
        row_weight = (1.0 if j < near else share) / k
        other = share if j < near else pair_share
        position = 0.0
        for place in range(n):
            # No step is wider than a rank, so it ends in this rank or in the next.
            rank = int(position)
            if rank >= k - 1:
                break
            width = 1.0 if bits[place, j] & 1 else other
            value = values[place, j] * row_weight
            here = min(width, rank + 1 - position)
            out[rank] += here * value
            if rank + 1 < k - 1:
                out[rank + 1] += (width - here) * value
            position += width


@jit_no_refcount
def _fill_matrix(vectors, root_weights, n, matrix):
    """Write M of the n neighbours whose vectors stand first in `vectors`."""
    x, y, z = vectors[0], vectors[1], vectors[2]
    for place in range(n):
        row, x0, y0, z0, root_weight = matrix[place], x[place], y[place], z[place], root_weights[place]
        for j in range(n):
            dx, dy, dz = x[j] - x0, y[j] - y0, z[j] - z0
            # 1 / r: in single precision, and two of Newton's steps to 1e-16.
            square = max(dx * dx + dy * dy + dz * dz, 1e-30)
            inverse = np.float64(np.float32(1.0) / np.sqrt(np.float32(square)))
            inverse *= 1.5 - 0.5 * square * inverse * inverse
            inverse *= 1.5 - 0.5 * square * inverse * inverse
            # Coincident neighbours have no value here; the search from one of the two refuses the frame.
            row[j] = root_weight * root_weights[j] * inverse if square > 1e-30 else 0.0


@jit_no_refcount
def _sort_by_network(matrix, n):
    """Sort each of the first n columns of a matrix by its first n rows, largest first.

    By the comparisons of `sorting_network`, each for all columns.
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
        # Written like this, it is one instruction each.
        upper[j] = first if first > second else second
        lower[j] = first if first < second else second


@jit_no_refcount
def _plain_x2(n, vectors, root_weights, k, matrix, out):
    """Write X2: all rows of M, which is symmetric, are sorted at once as columns."""
    _fill_matrix(vectors, root_weights, n, matrix)
    if k == SORTED:
        # The ranks that have no neighbour are the last.
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
    """Write X1 and X2 of an atom with n neighbours in its cutoff."""
    squares, picked = space.squares, space.picked
    if k == SORTED and n <= 4 * SORTED:
        kept = _nearest(squares, n, space.keys, space.key_bits, space.key_heads, picked)
    else:
        kept = _smallest(squares, n, k, picked, space.picked_squares)
    near, tied = kept, 0
    if kept == k and n > k:
        near, tied = _share_tie(squares, n, k, picked, space.shared)
        if tied == 0:
            near = k
    chosen = space.shared if tied else picked
    for place in range(near + tied):
        space.root_weights[place] = max(1.0 - squares[chosen[place]] / (cutoff * cutoff), 0.0)
        for c in range(3):
            space.chosen_vectors[c, place] = space.vectors[c, chosen[place]]
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

    Returns the first atom that was not described, and its number of neighbours: more than there is
    room for, or -1 - j where atom j stands on it.
    """
    for i in range(first, out.shape[0]):
        n = neighbors_of_atom(i, grid, pbc, cutoff, space.vectors, space.squares)
        if n < 0 or n > space.squares.shape[0]:
            return i, n
        if n > 0:
            _describe_atom(n, k, cutoff, space, out[i])
    return out.shape[0], 0


@jit
def _work_space(room, k):
    """Return buffers for up to this many neighbours of an atom."""
    tied_matrix, keys = np.empty(room * room), np.empty((SORTED, _N_LISTS))
    return DescriptorWorkspace(
        np.empty((3, room)),
        np.empty(room),
        np.empty(k, np.int64),
        np.empty(k),
        np.empty(room, np.int64),
        np.empty(max(room, k)),
        np.empty((3, max(room, k))),
        np.empty((k, k)),
        tied_matrix,
        tied_matrix.view(np.int64),
        keys,
        keys.view(np.int64),
        np.empty(_N_LISTS, np.int64),
    )


@jit
def describe_in_grid(grid, pbc, k, cutoff, out):
    """Write the descriptors of all atoms whose bins are known; return ``(status, atom, other atom)``."""
    room = 256
    space = _work_space(room, k)
    i, n = _describe_atoms(0, grid, pbc, k, cutoff, space, out)
    while i < out.shape[0]:
        if n < 0:
            return COINCIDENT, i, -1 - n
        if n > MOST_NEIGHBORS:
            return CROWDED, i, n
        room = min(2 * n, MOST_NEIGHBORS)
        space = _work_space(room, k)
        i, n = _describe_atoms(i, grid, pbc, k, cutoff, space, out)
    return 0, 0, 0


@jit
def _describe_frame(positions, cell, pbc, k, cutoff, out):
    """Write the descriptors of all atoms of one frame; return ``(status, atom, other atom)``."""
    if positions.shape[0] == 0:
        return 0, 0, 0
    grid = grid_of_frame(positions, cell, pbc, cutoff)
    if grid.status != 0:
        return grid.status, 0, 0
    return describe_in_grid(grid, pbc, k, cutoff, out)


@jit
def describe_frames(positions, offsets, cells, pbcs, k, cutoff, first, last, out):
    """`_describe_frame` for a range of frames; stops at the first that cannot be described."""
    for frame in range(first, last):
        rows = slice(offsets[frame], offsets[frame + 1])
        status, atom, other = _describe_frame(
            positions[rows], cells[frame], pbcs[frame], k, cutoff, out[rows]
        )
        if status != 0:
            return status, frame, atom, other
    return 0, 0, 0, 0
