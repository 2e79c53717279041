"""Tests of sorting networks."""

import numpy as np
import pytest
from numba import njit

from quests_core.descriptors.sorting_network import SORTED, sort_columns, sorting_network


@pytest.mark.parametrize("n", [1, 2, 3, 7, 16])
def test_network_sorts_all_zeros_and_ones(n):
    values = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    for upper, lower in sorting_network(n):
        pair = values[:, [upper, lower]]
        values[:, upper], values[:, lower] = pair.max(axis=1), pair.min(axis=1)
    assert (np.diff(values, axis=1) <= 0).all()


@njit
def sort(matrix):
    sort_columns(matrix)


@pytest.mark.jit
@pytest.mark.parametrize("width", [4, 12, SORTED])
def test_compiled_sorting_equals_numpy(rng, width):
    for matrix in (rng.normal(size=(SORTED, width)), rng.integers(0, 5, size=(SORTED, width)) - 2.0):
        expected = matrix.copy()
        sort_columns(expected)
        assert (np.diff(expected, axis=0) <= 0).all()
        sort(matrix)
        np.testing.assert_array_equal(matrix, expected)
