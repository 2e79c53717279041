"""Geometry of a scene, compared with slow loops over atoms and images."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.data import covalent_radii
from ase.geometry import find_mic

from quests_app.analysis.scene_geometry import (
    BOND_TOLERANCE,
    bonds_between,
    cell_edges,
    force_arrows,
    neighbors_of,
    reduced_cell,
    round_down,
    wrapped,
)
from tests.app.analysis.periodic_frames import skewed, slab, slow_neighbors


@pytest.mark.parametrize("make", [skewed, slab, lambda _: molecule("CH3CH2OH"), lambda _: bulk("Cu")])
def test_neighbors_match_a_loop_over_images(rng, make):
    atoms = make(rng)
    for index in {0, len(atoms) - 1}:
        near, shifts, distances = neighbors_of(atoms, atoms.positions, index, 3.3)
        found = sorted(
            (int(j), *shift, round(distance, 9))
            for j, shift, distance in zip(near, shifts.tolist(), distances.tolist(), strict=True)
        )
        assert found == slow_neighbors(atoms, index, 3.3)
        assert found


@pytest.mark.parametrize("pbc", list(itertools.product((False, True), repeat=3)))
def test_nearest_images_match_a_loop_over_images_and_ase(rng, pbc):
    atoms = skewed(rng, n=5, pbc=pbc)
    cell, inverse = reduced_cell(atoms)
    vectors = atoms.positions - atoms.positions[0]
    steps = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    images = (vectors - np.rint(vectors @ inverse) @ cell)[:, None] + steps @ cell
    lengths = np.linalg.norm(images, axis=-1).min(axis=-1)
    shifts = itertools.product(*(range(-15, 16) if periodic else (0,) for periodic in pbc))
    slow = np.linalg.norm(vectors[:, None] + np.array(list(shifts)) @ atoms.cell.array, axis=-1).min(axis=-1)
    np.testing.assert_allclose(lengths, slow, atol=1e-9)
    assert (lengths < np.linalg.norm(vectors, axis=-1) - 1).any() == any(pbc)
    if all(pbc) or not any(pbc):
        # ASE 3.29 misses nearer images along some axes if a vector of another one is skewed.
        np.testing.assert_allclose(lengths, find_mic(vectors, atoms.cell, pbc)[1], atol=1e-9)


def test_a_cell_vector_without_periodicity_does_not_matter():
    atoms = Atoms(
        "C2", [(0, 0, 0), (2.5, 0, 1)], cell=[(3, 0, 0), (0, 3, 0), (3, 3, 0)], pbc=(True, True, False)
    )
    cell, inverse = reduced_cell(atoms)
    vector = atoms.positions[1]
    np.testing.assert_allclose(vector - np.rint(vector @ inverse) @ cell, (-0.5, 0, 1), atol=1e-12)


def test_bonds_match_a_loop_over_pairs(rng):
    positions, numbers = rng.uniform(0, 7, size=(60, 3)), rng.choice([1, 6, 29], 60)
    slow = {
        (i, j)
        for i, j in itertools.combinations(range(60), 2)
        if np.linalg.norm(positions[i] - positions[j])
        < covalent_radii[numbers[i]] + covalent_radii[numbers[j]] + BOND_TOLERANCE
    }
    assert {tuple(sorted(pair)) for pair in bonds_between(positions, numbers).tolist()} == slow
    assert len(slow) > 20
    assert len(bonds_between(positions, numbers, limit=len(slow))) == len(slow)
    assert len(bonds_between(positions, numbers, limit=len(slow) - 1)) == 0
    assert bonds_between(positions[:1], numbers[:1]).shape == (0, 2)


def test_a_parallelepiped_has_twelve_edges_and_copies_share_theirs(rng):
    atoms = skewed(rng)
    edges = cell_edges(atoms, (1, 1, 1), np.zeros(3))
    corners = np.array(list(itertools.product((0, 1), repeat=3)))
    slow = {
        (tuple(a), tuple(b)) for a in corners for b in corners if (b - a).sum() == 1 and ((b - a) >= 0).all()
    }
    fractions = np.rint(edges @ np.linalg.inv(atoms.cell.array)).astype(int)
    assert {(tuple(a), tuple(b)) for a, b in fractions.tolist()} == slow
    np.testing.assert_allclose(fractions @ atoms.cell.array, edges, atol=1e-12)
    assert len(cell_edges(atoms, (2, 1, 1), np.zeros(3))) == 4 + 2 * 3 + 2 * 3
    assert len(cell_edges(molecule("H2O"), (1, 1, 1), np.zeros(3))) == 0
    flat = Atoms("H", cell=[[1, 0, 0], [0, 2, 0], [0, 0, 0]])
    assert len(cell_edges(flat, (1, 1, 1), np.zeros(3))) == 4


def test_wrapped_atoms_are_in_the_cell_along_periodic_axes(rng):
    atoms = slab(rng)
    positions = wrapped(atoms)
    fractions = np.linalg.solve(atoms.cell.array.T, positions.T).T
    before = np.linalg.solve(atoms.cell.array.T, atoms.positions.T).T
    assert ((fractions[:, :2] > -1e-6) & (fractions[:, :2] < 1)).all()
    np.testing.assert_allclose(fractions[:, 2], before[:, 2])
    turns = before - fractions
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-9)
    assert np.abs(turns).max() > 0.5
    water = molecule("H2O")
    np.testing.assert_allclose(wrapped(water), water.positions)


@pytest.mark.parametrize("forces", [np.zeros((2, 3)), np.full((2, 3), np.nan)])
def test_zero_and_missing_forces_have_no_arrows(forces):
    arrows, scale = force_arrows(np.zeros((2, 3)), forces)
    assert len(arrows) == scale == 0


@pytest.mark.parametrize(
    ("value", "rounded"), [(1, 1), (1.99, 1), (2, 2), (4.9, 2), (5, 5), (9.9, 5), (0.03, 0.02), (700, 500)]
)
def test_scales_are_round(value, rounded):
    assert round_down(value) == pytest.approx(rounded)
