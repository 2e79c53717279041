"""Tests of X1 and X2, including ties at the k-th neighbour."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from quests_core import descriptors, entropy
from tests.core.structures import CRYSTALS, describe

needs_speed = pytest.mark.jit


@needs_speed
@pytest.mark.parametrize("name", CRYSTALS)
def test_equivalent_atoms_agree_if_k_divides_a_shell(name):
    atoms = CRYSTALS[name].repeat((2, 2, 1))
    rng = np.random.default_rng(3)
    atoms = atoms[rng.permutation(len(atoms))]
    for k in range(2, 40):
        X = describe(atoms, k, 5.0)
        n_kinds = len(np.unique(X.round(8), axis=0))
        # A slab of four layers has outer and inner atoms.
        assert n_kinds <= (2 if name == "fcc slab" else 1), f"k = {k}"


@needs_speed
@pytest.mark.parametrize("name", [name for name in CRYSTALS if name != "fcc slab"])
def test_entropy_of_a_perfect_crystal_is_zero(name):
    envs = descriptors([CRYSTALS[name].repeat((3, 2, 1)), CRYSTALS[name]])
    assert entropy(envs, precision="double") == pytest.approx(0.0, abs=1e-12)


@needs_speed
def test_rounded_coordinates_are_still_tied():
    for name, atoms in CRYSTALS.items():
        rounded = atoms.repeat((2, 2, 1))
        rounded.positions = rounded.positions.round(8)
        expected = np.tile(describe(atoms, 32, 5.0), (4, 1))
        np.testing.assert_allclose(describe(rounded, 32, 5.0), expected, atol=1e-6, err_msg=name)


def test_first_shells_of_copper():
    X = descriptors([bulk("Cu", a=3.58)]).X
    shells, counts = np.unique(X[0, :32].round(5), return_counts=True)
    assert shells.tolist() == [0.01217, 0.06634, 0.21847]
    assert counts.tolist() == [14, 6, 12]


def test_descriptor_without_neighbours_is_zero():
    assert not descriptors([Atoms("H")]).X.any()
    assert not descriptors([Atoms("H2", [[0, 0, 0], [0, 0, 5.0 + 1e-9]])]).X.any()
    assert not descriptors([Atoms("H", cell=[9, 9, 9], pbc=True)]).X.any()


def test_a_pair_has_one_distance():
    r, cutoff = 1.3, 5.0
    weight = (1 - (r / cutoff) ** 2) ** 2
    expected = np.zeros((2, 63))
    expected[:, 0] = weight / r
    np.testing.assert_allclose(descriptors([Atoms("NO", [[0, 0, 0], [0, 0, r]])]).X, expected, rtol=1e-14)


def test_a_triangle_by_hand():
    side, cutoff, k = 2.0, 5.0, 3
    weight = (1 - (side / cutoff) ** 2) ** 2
    positions = [[0, 0, 0], [side, 0, 0], [side / 2, side * 3**0.5 / 2, 0]]
    # Two rows of M, each [w / r, 0]; the average divides by k = 3.
    expected = [weight / side, weight / side, 0, 2 / 3 * weight / side, 0]
    X = descriptors([Atoms("Ar3", positions)], k=k, cutoff=cutoff).X
    np.testing.assert_allclose(X, [expected] * 3, rtol=1e-14, atol=1e-16)
