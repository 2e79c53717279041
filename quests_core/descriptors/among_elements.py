"""Compiled functions that describe atoms among the atoms of one element.

In a module of its own, as kernels are compiled again when a module changes that theirs imports.
"""

import numpy as np

from ..utils.jit import jit
from .cell_list import Grid, grid_of_frame
from .x1_x2 import describe_in_grid


@jit
def _only(grid, is_member):
    """Return a grid of the same atoms with only some of them as possible neighbours."""
    starts, members = grid.starts, grid.members
    new_starts, n = np.zeros(starts.shape[0], np.int64), 0
    for b in range(starts.shape[0] - 1):
        for i in range(starts[b], starts[b + 1]):
            n += is_member[members[i]]
        new_starts[b + 1] = n
    new_members, new_positions = np.empty(n, np.int64), np.empty((3, n))
    index = 0
    for i in range(members.shape[0]):
        if is_member[members[i]]:
            new_members[index] = members[i]
            for c in range(3):
                new_positions[c, index] = grid.member_positions[c, i]
            index += 1
    return Grid(
        grid.status,
        grid.cell,
        grid.positions,
        grid.counts,
        grid.reach,
        grid.bins,
        new_starts,
        new_members,
        new_positions,
    )


@jit
def describe_among(positions, cell, pbc, numbers, elements, k, cutoff, blocks):
    """Write the descriptors of all atoms among those of each element to zero-initialised `blocks`."""
    if positions.shape[0] == 0:
        return
    grid = grid_of_frame(positions, cell, pbc, cutoff)
    is_member = np.empty(numbers.shape[0], np.bool_)
    for e in range(elements.shape[0]):
        n_members = 0
        for i in range(numbers.shape[0]):
            is_member[i] = numbers[i] == elements[e]
            n_members += is_member[i]
        if n_members > 0:
            describe_in_grid(_only(grid, is_member), pbc, k, cutoff, blocks[e])
