"""A frame as a scene: copies, the picked environment, extent, bonds and arrows."""

import itertools

import numpy as np
import pytest
from ase.build import bulk, molecule

from quests_app.analysis.scene import FAR, NEAR, PICKED, PLAIN, SceneOptions, make_scene
from quests_app.analysis.scene_geometry import ATOM_LIMIT, copies_of, copy_shifts
from tests.app.analysis.periodic_frames import skewed, slab, slow_neighbors


def test_bonds_cross_the_boundary_where_copies_are_shown():
    diamond = bulk("C", "diamond", 3.57)
    assert len(make_scene(diamond, SceneOptions(copies=1)).bonds) == 1
    scene = make_scene(diamond, SceneOptions(copies=3))
    bonds = np.bincount(scene.bonds.ravel(), minlength=len(scene.atom))
    home = np.flatnonzero((copy_shifts(scene.copies) == 0).all(axis=1))[0] * 2
    assert bonds[home] == bonds[home + 1] == 4, "the middle copy has all its bonds"
    lengths = np.linalg.norm(np.diff(scene.positions[scene.bonds], axis=1), axis=-1)
    np.testing.assert_allclose(lengths, 3.57 * np.sqrt(3) / 4)


def test_copies_are_along_periodic_axes_only(rng):
    atoms = slab(rng)
    scene = make_scene(atoms, SceneOptions(copies=3))
    assert scene.copies == (3, 3, 1)
    shifts = list(itertools.product((-1, 0, 1), (-1, 0, 1), (0,)))
    slow = np.concatenate([atoms.positions + np.dot(shift, atoms.cell.array) for shift in shifts])
    np.testing.assert_allclose(scene.positions - scene.positions[0], slow - slow[0], atol=1e-12)
    np.testing.assert_array_equal(scene.atom, np.tile(np.arange(len(atoms)), 9))
    assert copy_shifts((2, 1, 1)).tolist() == [[0, 0, 0], [1, 0, 0]]


def test_copies_are_fewer_for_many_atoms():
    atoms = bulk("Cu", cubic=True) * (4, 4, 4)
    assert copies_of(atoms, 3) == (2, 2, 2)
    assert copies_of(atoms, 2, limit=2047) == (1, 1, 1)
    assert copies_of(atoms, 2, limit=2048) == (2, 2, 2)
    assert len(make_scene(atoms, SceneOptions(copies=3)).atom) <= ATOM_LIMIT
    assert copies_of(molecule("H2O"), 3) == (1, 1, 1)


@pytest.mark.costly
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
def test_everything_visible_is_within_the_extent(rng, look, picked):
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
