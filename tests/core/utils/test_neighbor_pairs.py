"""Pairs of neighbours in cells of any shape."""

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from quests_core.utils import neighbor_pairs as module
from quests_core.utils.neighbor_pairs import neighbor_pairs


def sorted_pairs(pairs):
    by = np.lexsort((np.round(pairs[2], 6), pairs[1], pairs[0]))
    return [part[by] for part in pairs]


def test_they_are_those_of_the_unreduced_cell(rng):
    for _ in range(60):
        cell = rng.normal(size=(3, 3)) * [4, 4, 2] + np.diag([3, 3, 3])
        pbc = rng.random(3) < 0.6
        atoms = Atoms("CuH2", rng.normal(size=(3, 3)) * 4, cell=cell, pbc=pbc)
        expected, found = neighbor_list("ijd", atoms, 3.0), neighbor_pairs(atoms, 3.0)
        # By pair, and from the nearest image on.
        for expected_part, found_part in zip(sorted_pairs(expected), sorted_pairs(found), strict=True):
            assert found_part == pytest.approx(expected_part, abs=1e-9)


def test_the_cell_that_is_searched_is_not_flat(monkeypatch):
    seen = []
    monkeypatch.setattr(
        module, "neighbor_list", lambda *args: (seen.append(args[1]), neighbor_list(*args))[1]
    )
    cell = [[6, 0, 0], [0, 6, 0], [5, 5, 0.08]]
    flat = Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]], cell=cell, pbc=True)
    # Vectors of the lattice within 1.3 Å, and the pairs that are so near.
    assert len(neighbor_pairs(flat, 1.3)[0]) == 8
    (searched,) = seen
    assert searched.cell.volume == pytest.approx(flat.cell.volume)
    heights = searched.cell.volume / np.linalg.norm(
        np.cross(searched.cell[[1, 2, 0]], searched.cell[[2, 0, 1]]), axis=1
    )
    assert heights.min() > 0.4
    assert flat.cell[2, 2] == 0.08, "the frame stays as it is"


def test_axes_without_periodicity_need_no_vector():
    wire = Atoms("Cu", cell=[2.5, 0, 0], pbc=[True, False, False])
    first, second, distances = neighbor_pairs(wire, 3.0)
    assert (first.tolist(), second.tolist(), distances.tolist()) == ([0, 0], [0, 0], [2.5, 2.5])
