"""A frame as a scene: against slow loops over atoms and images."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.data import covalent_radii

from quests_app.analysis.scene import (
    ATOM_LIMIT,
    BOND_TOLERANCE,
    FAR,
    NEAR,
    PICKED,
    PLAIN,
    SceneOptions,
    bonds_between,
    cell_edges,
    copies_of,
    copy_shifts,
    force_arrows,
    make_scene,
    neighbors_of,
    round_down,
    wrapped,
)


def skewed(rng, n=7, pbc=True):
    """Return atoms of two elements in a left-handed, skewed cell; some lie many cells away."""
    cell = np.array([[4.0, 0.3, 0.1], [-2.5, 3.1, 0.4], [1.0, -1.7, -5.2]])
    positions = rng.uniform(size=(n, 3)) @ cell + rng.integers(-3, 4, size=(n, 3)) @ cell
    return Atoms(rng.choice([6, 29], n), positions, cell=cell, pbc=pbc)


def slab(rng):
    atoms = skewed(rng, n=12)
    atoms.set_scaled_positions(atoms.get_scaled_positions() + rng.integers(-3, 4, size=(12, 3)) * [1, 1, 0])
    atoms.pbc = True, True, False
    return atoms


def slow_neighbors(atoms, index, cutoff, reach=12):
    found = []
    ranges = [range(-reach, reach + 1) if periodic else (0,) for periodic in atoms.pbc]
    for j, shift in itertools.product(range(len(atoms)), itertools.product(*ranges)):
        vector = atoms.positions[j] + np.dot(shift, atoms.cell.array) - atoms.positions[index]
        distance = np.linalg.norm(vector)
        if distance <= cutoff and (j != index or any(shift)):
            found.append((j, *shift, round(distance, 9)))
    return sorted(found)


@pytest.mark.parametrize("make", [skewed, slab, lambda _: molecule("CH3CH2OH"), lambda _: bulk("Cu")])
def test_neighbors_are_those_of_a_loop_over_images(rng, make):
    atoms = make(rng)
    for index in {0, len(atoms) - 1}:
        near, shifts, distances = neighbors_of(atoms, atoms.positions, index, 3.3)
        found = sorted(
            (int(j), *shift, round(distance, 9))
            for j, shift, distance in zip(near, shifts.tolist(), distances.tolist(), strict=True)
        )
        assert found == slow_neighbors(atoms, index, 3.3)
        assert found


def test_bonds_are_those_of_a_loop_over_pairs(rng):
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


def test_bonds_cross_the_boundary_where_copies_are_shown():
    diamond = bulk("C", "diamond", 3.57)
    assert len(make_scene(diamond, SceneOptions(copies=1)).bonds) == 1
    scene = make_scene(diamond, SceneOptions(copies=3))
    bonds = np.bincount(scene.bonds.ravel(), minlength=len(scene.atom))
    home = np.flatnonzero((copy_shifts(scene.copies) == 0).all(axis=1))[0] * 2
    assert bonds[home] == bonds[home + 1] == 4, "in the middle copy all bonds are there"
    lengths = np.linalg.norm(np.diff(scene.positions[scene.bonds], axis=1), axis=-1)
    np.testing.assert_allclose(lengths, 3.57 * np.sqrt(3) / 4)


def test_copies_stand_along_periodic_axes_only(rng):
    atoms = slab(rng)
    scene = make_scene(atoms, SceneOptions(copies=3))
    assert scene.copies == (3, 3, 1)
    shifts = list(itertools.product((-1, 0, 1), (-1, 0, 1), (0,)))
    slow = np.concatenate([atoms.positions + np.dot(shift, atoms.cell.array) for shift in shifts])
    np.testing.assert_allclose(scene.positions - scene.positions[0], slow - slow[0], atol=1e-12)
    np.testing.assert_array_equal(scene.atom, np.tile(np.arange(len(atoms)), 9))
    assert copy_shifts((2, 1, 1)).tolist() == [[0, 0, 0], [1, 0, 0]]


def test_copies_are_fewer_where_there_would_be_too_many_atoms():
    atoms = bulk("Cu", cubic=True) * (4, 4, 4)
    assert copies_of(atoms, 3) == (2, 2, 2)
    assert copies_of(atoms, 2, limit=2047) == (1, 1, 1)
    assert copies_of(atoms, 2, limit=2048) == (2, 2, 2)
    assert len(make_scene(atoms, SceneOptions(copies=3)).atom) <= ATOM_LIMIT
    assert copies_of(molecule("H2O"), 3) == (1, 1, 1)


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


def test_the_picked_environment_is_marked_and_its_images_are_added(rng):
    atoms, cutoff = skewed(rng), 4.0
    for look in (SceneOptions(), SceneOptions(copies=2), SceneOptions(wrap=True), SceneOptions(around=True)):
        scene = make_scene(atoms, look, picked=3, cutoff=cutoff)
        assert scene.atom[scene.picked] == 3
        assert scene.style[scene.picked] == PICKED
        distances = np.linalg.norm(scene.positions - scene.positions[scene.picked], axis=1)
        near = scene.style == NEAR
        np.testing.assert_allclose(np.sort(distances[near]), scene.neighbors)
        assert (distances[scene.style == FAR] > cutoff).all()
        slow = [entry[-1] for entry in slow_neighbors(atoms, 3, cutoff)]
        np.testing.assert_allclose(scene.neighbors, np.sort(slow), atol=1e-8)
        for i in np.flatnonzero(near):
            shift = scene.positions[i] - scene.positions[scene.picked]
            shift -= atoms.positions[scene.atom[i]] - atoms.positions[3]
            fraction = np.linalg.solve(atoms.cell.array.T, shift)
            np.testing.assert_allclose(fraction, np.rint(fraction), atol=1e-9)


def test_without_a_picked_atom_nothing_is_emphasised(rng):
    scene = make_scene(skewed(rng), SceneOptions(), cutoff=4.0)
    assert set(scene.style) == {PLAIN}
    assert (scene.picked, scene.sphere, len(scene.neighbors)) == (-1, 0.0, 0)


@pytest.mark.parametrize(
    "look", [SceneOptions(), SceneOptions(copies=3), SceneOptions(cell=False), SceneOptions(around=True)]
)
@pytest.mark.parametrize("picked", [None, 2])
def test_everything_that_is_to_be_seen_is_within_the_extent(rng, look, picked):
    scene = make_scene(skewed(rng), look, picked, 4.0)
    seen = scene.positions if picked is None or not look.around else scene.positions[scene.style != FAR]
    assert np.linalg.norm(seen, axis=1).max() < scene.extent
    if picked is not None:
        assert np.linalg.norm(scene.positions[scene.picked]) + 4.0 <= scene.extent + 1e-9
    if look.around and picked is not None:
        np.testing.assert_array_equal(scene.positions[scene.picked], 0)


def test_arrows_show_the_forces_of_every_copy(rng):
    atoms, forces = skewed(rng), rng.normal(size=(7, 3))
    forces[2] = 0
    scene = make_scene(atoms, SceneOptions(copies=2, forces=True), forces=forces)
    assert len(scene.arrows) == 8 * 6
    longest = np.linalg.norm(forces, axis=1).max()
    assert 1.2 <= scene.arrow_scale * longest <= 3.0
    shown = np.delete(scene.atom, np.flatnonzero(scene.atom == 2))
    np.testing.assert_allclose(scene.arrows[:, 1] - scene.arrows[:, 0], scene.arrow_scale * forces[shown])
    assert len(make_scene(atoms, SceneOptions(forces=True)).arrows) == 0
    assert len(make_scene(atoms, SceneOptions(), forces=forces).arrows) == 0


@pytest.mark.parametrize("forces", [np.zeros((2, 3)), np.full((2, 3), np.nan)])
def test_forces_that_cannot_be_drawn_are_not(forces):
    arrows, scale = force_arrows(np.zeros((2, 3)), forces)
    assert len(arrows) == scale == 0


@pytest.mark.parametrize(
    ("value", "rounded"), [(1, 1), (1.99, 1), (2, 2), (4.9, 2), (5, 5), (9.9, 5), (0.03, 0.02), (700, 500)]
)
def test_scales_are_round(value, rounded):
    assert round_down(value) == pytest.approx(rounded)
