"""Tests of the neighbour search."""

import numpy as np
import pytest
from ase import Atoms

from tests import invariance
from tests.core.structures import CUTOFF, STRUCTURES, describe, naive_descriptor

needs_speed = pytest.mark.jit


@needs_speed
@pytest.mark.parametrize("name", [n for n in STRUCTURES if n not in ("several bins an axis", "molecule")])
def test_all_pbc_combinations_against_explicit_images(name):
    invariance.assert_explicit_images(describe, STRUCTURES[name], CUTOFF)


@needs_speed
def test_frames_far_apart_and_dense_cells_fit_in_memory():
    far = Atoms("C3", [[0, 0, 0], [0, 0, 1.4], [1e6, -1e6, 1e6]])
    np.testing.assert_allclose(describe(far), naive_descriptor(far), rtol=1e-9)
    dense = Atoms("C", cell=np.diag([0.3, 0.3, 0.3]), pbc=True)
    np.testing.assert_allclose(describe(dense, 40, 1.5), naive_descriptor(dense, 40, 1.5), rtol=1e-9)


def test_atoms_on_the_edges_of_the_box():
    cell = np.diag([3.0, 3.5, 4.0])
    inside = Atoms("C2", [[0, 0, 0], [1.5, 1.0, 2.0]], cell=cell, pbc=True)
    expected = describe(inside)
    for f in (1.0, -1e-17, 1 - 1e-16, -1.0, 5.0):
        edge = inside.copy()
        edge.positions[0] = f * np.array([3.0, 3.5, 4.0])
        np.testing.assert_allclose(describe(edge), expected, rtol=1e-9, atol=1e-12)
