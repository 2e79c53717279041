"""Neighbours within a cutoff, for any cell and any combination of periodic axes.

Linked cells in fractional coordinates. Non-periodic axes are replaced by unit vectors perpendicular to the
periodic ones, so that slabs, wires and molecules need no special treatment. In a cell smaller than the
cutoff, bins are visited in several periodic images. Only the heights and the inverse of the cell are used, so
its handedness does not matter.
"""

import math
from typing import NamedTuple

import numpy as np

from ..utils.jit import jit, jit_no_refcount

# Reasons why a frame cannot be described; 0 is success.
COINCIDENT, THIN_CELL, CROWDED = 1, 2, 3
# Atoms closer than this, in Å, are coincident.
COINCIDENCE = 1e-6
# Maximum number of periodic images of a bin to visit along an axis.
_MOST_IMAGES = 500
# Maximum number of atoms to visit in periodic images, for cells much smaller than the cutoff.
_MOST_VISITS = 5e6
# Maximum number of neighbours of an atom: ten times the number within 12 Å in any material.
MOST_NEIGHBORS = 10_000


class Grid(NamedTuple):
    """The atoms of a frame, sorted into bins."""

    status: int  # 0, or the reason why the frame cannot be described
    cell: np.ndarray  # the completed cell, (3, 3)
    positions: np.ndarray  # wrapped along periodic axes, (n_atoms, 3)
    counts: np.ndarray  # number of bins along each axis
    reach: np.ndarray  # number of bins to search on each side
    bins: np.ndarray  # bin of each atom, (n_atoms, 3)
    starts: np.ndarray  # bin b holds the atoms ``members[starts[b]:starts[b + 1]]``
    members: np.ndarray
    member_positions: np.ndarray  # positions of all members as columns, (3, n_members)


@jit_no_refcount
def _cross(a, b, out):
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


@jit_no_refcount
def _normalize(a):
    length = math.sqrt(a[0] ** 2 + a[1] ** 2 + a[2] ** 2)
    for c in range(3):
        a[c] /= length


@jit
def _complete_cell(cell, pbc):
    """Return the cell with every non-periodic vector replaced by a perpendicular unit vector."""
    full = cell.copy()
    n_periodic = 0
    for axis in range(3):
        n_periodic += pbc[axis]
    if n_periodic == 0:
        full[:] = 0.0
        for axis in range(3):
            full[axis, axis] = 1.0
    elif n_periodic == 1:
        a = 0
        while not pbc[a]:
            a += 1
        b, c = (a + 1) % 3, (a + 2) % 3
        # Any direction that is not parallel: the Cartesian axis with the smallest component.
        helper, smallest = np.zeros(3), 0
        for axis in range(1, 3):
            smallest = axis if abs(full[a, axis]) < abs(full[a, smallest]) else smallest
        helper[smallest] = 1.0
        _cross(full[a], helper, full[b])
        _normalize(full[b])
        _cross(full[a], full[b], full[c])
        _normalize(full[c])
    elif n_periodic == 2:
        c = 0
        while pbc[c]:
            c += 1
        _cross(full[(c + 1) % 3], full[(c + 2) % 3], full[c])
        _normalize(full[c])
    return full


@jit
def _inverse(cell):
    """Return the inverse of a 3 × 3 matrix; its columns are the reciprocal vectors."""
    inverse = np.empty((3, 3))
    row = np.empty(3)
    for axis in range(3):
        _cross(cell[(axis + 1) % 3], cell[(axis + 2) % 3], row)
        for c in range(3):
            inverse[c, axis] = row[c]
    volume = 0.0
    for c in range(3):
        volume += cell[0, c] * inverse[c, 0]
    for axis in range(3):
        for c in range(3):
            inverse[c, axis] /= volume
    return inverse


@jit_no_refcount
def _bin_counts(spans, pbc, n_atoms, cutoff, counts, reach):
    """Choose bins about half a cutoff wide, and few more than atoms; return False for a cell too thin."""
    for axis in range(3):
        counts[axis] = max(1, int(min(2.0 * spans[axis] / cutoff, 1e6)))
    while counts[0] * counts[1] * counts[2] > 8 * n_atoms + 8:
        widest = 0
        for axis in range(1, 3):
            widest = axis if counts[axis] > counts[widest] else widest
        counts[widest] = (counts[widest] + 1) // 2
    for axis in range(3):
        images = cutoff * counts[axis] / max(spans[axis], 1e-300)
        if pbc[axis] and images > _MOST_IMAGES:
            return False
        reach[axis] = math.ceil(images) if pbc[axis] else min(counts[axis], math.ceil(min(images, 1e6)))
    visits = float(n_atoms)
    for axis in range(3):
        if pbc[axis]:
            visits *= 2.0 * math.floor(cutoff / spans[axis]) + 1.0
    return visits <= max(_MOST_VISITS, 27.0 * n_atoms)


@jit
def _sort_into_bins(fractions, low, width, counts, bins, starts, members):
    """Sort the atoms by bin, by counting."""
    n = fractions.shape[0]
    starts[:] = 0
    for i in range(n):
        index = 0
        for axis in range(3):
            b = min(int((fractions[i, axis] - low[axis]) / width[axis]), counts[axis] - 1)
            bins[i, axis] = b
            index = index * counts[axis] + b
        starts[index + 1] += 1
    for b in range(starts.shape[0] - 1):
        starts[b + 1] += starts[b]
    cursor = starts.copy()
    for i in range(n):
        index = (bins[i, 0] * counts[1] + bins[i, 1]) * counts[2] + bins[i, 2]
        members[cursor[index]] = i
        cursor[index] += 1


@jit
def grid_of_frame(positions, cell, pbc, cutoff):
    """Sort the atoms of a frame into bins."""
    n = positions.shape[0]
    full = _complete_cell(cell, pbc)
    inverse = _inverse(full)
    fractions = np.empty((n, 3))
    low, width, spans = np.zeros(3), np.ones(3), np.empty(3)
    for axis in range(3):
        height = 1.0 / math.sqrt(inverse[0, axis] ** 2 + inverse[1, axis] ** 2 + inverse[2, axis] ** 2)
        lowest, highest = np.inf, -np.inf
        for i in range(n):
            f = 0.0
            for c in range(3):
                f += positions[i, c] * inverse[c, axis]
            if pbc[axis]:
                f -= math.floor(f)
                if f >= 1.0:
                    f = 0.0
            fractions[i, axis], lowest, highest = f, min(lowest, f), max(highest, f)
        if pbc[axis]:
            spans[axis] = height
        else:
            low[axis], spans[axis] = lowest, max(highest - lowest, 1e-9)
            width[axis] = spans[axis]
    counts, reach = np.ones(3, np.int64), np.ones(3, np.int64)
    status = 0 if _bin_counts(spans, pbc, n, cutoff, counts, reach) else THIN_CELL
    for axis in range(3):
        width[axis] /= counts[axis]
    bins, members = np.zeros((n, 3), np.int64), np.empty(n, np.int64)
    starts = np.zeros(counts[0] * counts[1] * counts[2] + 1, np.int64)
    if status == 0:
        _sort_into_bins(fractions, low, width, counts, bins, starts, members)
    wrapped = np.zeros((n, 3))
    for i in range(n):
        for axis in range(3):
            for c in range(3):
                wrapped[i, c] += fractions[i, axis] * full[axis, c]
    member_positions = np.empty((3, n))
    if status == 0:
        for index in range(n):
            for c in range(3):
                member_positions[c, index] = wrapped[members[index], c]
    return Grid(status, full, wrapped, counts, reach, bins, starts, members, member_positions)


@jit_no_refcount
def _visit(i, first, last, is_home, members, member_positions, seen, cutoff, found, vectors, squares):
    """Append the members ``first:last`` within the cutoff of atom i, shifted to the position `seen`.

    Returns the number of neighbours, or -1 - j if atom j coincides with atom i. The buffers must be large
    enough.
    """
    x, y, z = member_positions[0], member_positions[1], member_positions[2]
    x0, y0, z0 = seen
    for index in range(first, last):
        dx, dy, dz = x[index] - x0, y[index] - y0, z[index] - z0
        square = dx * dx + dy * dy + dz * dz
        if square < COINCIDENCE**2:
            if is_home and members[index] == i:
                continue
            return -1 - members[index]
        # Always written, and kept if within the cutoff, to avoid an unpredictable branch.
        vectors[0, found], vectors[1, found], vectors[2, found] = dx, dy, dz
        squares[found] = square
        found += square <= cutoff * cutoff
    return found


@jit_no_refcount
def neighbors_of_atom(i, grid, pbc, cutoff, vectors, squares):
    """Find all neighbours of atom i within the cutoff, in no particular order.

    Writes the vectors to the neighbours and their squared lengths to buffers of shapes ``(3, capacity)`` and
    ``(capacity,)``. Returns the number of neighbours, or -1 - j if atom j coincides with atom i, or a number
    above the capacity if the buffers may be too small.
    """
    full, wrapped, counts, reach, bins = grid.cell, grid.positions, grid.counts, grid.reach, grid.bins
    starts, members, member_positions = grid.starts, grid.members, grid.member_positions
    found = np.int64(0)
    low, high = bins[i, 2] - reach[2], bins[i, 2] + reach[2]
    for a in range(bins[i, 0] - reach[0], bins[i, 0] + reach[0] + 1):
        image_a = a // counts[0]
        if image_a != 0 and not pbc[0]:
            continue
        for b in range(bins[i, 1] - reach[1], bins[i, 1] + reach[1] + 1):
            image_b = b // counts[1]
            if image_b != 0 and not pbc[1]:
                continue
            row = ((a - image_a * counts[0]) * counts[1] + b - image_b * counts[1]) * counts[2]
            # Along the last axis, the members of adjacent bins are contiguous.
            c = low
            while c <= high:
                image_c = c // counts[2]
                end = min(high, (image_c + 1) * counts[2] - 1)
                in_cell = row - image_c * counts[2]
                first, last = starts[in_cell + c], starts[in_cell + end + 1]
                c = end + 1
                if first == last or (image_c != 0 and not pbc[2]):
                    continue
                if found + last - first > squares.shape[0]:
                    return found + last - first
                seen = (
                    wrapped[i, 0] - image_a * full[0, 0] - image_b * full[1, 0] - image_c * full[2, 0],
                    wrapped[i, 1] - image_a * full[0, 1] - image_b * full[1, 1] - image_c * full[2, 1],
                    wrapped[i, 2] - image_a * full[0, 2] - image_b * full[1, 2] - image_c * full[2, 2],
                )
                is_home = image_a == 0 and image_b == 0 and image_c == 0
                found = _visit(
                    i, first, last, is_home, members, member_positions, seen, cutoff, found, vectors, squares
                )
                if found < 0:
                    return found
    return found
