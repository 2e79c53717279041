"""Tests of the checks of cells, positions and compositions."""

import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.neighborlist import neighbor_list

from quests_core import descriptors
from quests_core.health.structures import overlaps
from tests.core.health.frames import assert_found, checked, good_frames, label


def left_handed(atoms, rng):
    atoms.cell = atoms.cell[[1, 0, 2]]


def overlapping(atoms, rng):
    atoms.positions[5] = atoms.positions[4] + [1.0, 0, 0]


def overlapping_image(atoms, rng):
    atoms.positions[0] = atoms.positions[1] + [0.4, 0, 0] + atoms.cell[0]


def other_element(atoms, rng):
    atoms.symbols[0] = "Ag"


def not_periodic(atoms, rng):
    atoms.pbc = False


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (left_handed, "left-handed cells"),
        (overlapping, "overlapping atoms"),
        (overlapping_image, "overlapping atoms"),
        (other_element, "mixed elements"),
        (not_periodic, "mixed periodicity"),
    ],
)
def test_each_fault_is_found_in_its_frames(rng, tmp_path, fault, kind):
    assert_found(rng, tmp_path, fault, kind)


def test_copies_are_found_except_the_first(rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[9], frames[20] = frames[4].copy(), frames[4].copy()
    turned = frames[2].copy()
    turned.rotate(33, "xyz", rotate_cell=True)
    order = rng.permutation(len(turned))
    turned = turned[order]
    turned.positions += [0.3, 1.1, -0.4]
    frames[15] = turned
    for i in (9, 15, 20):
        label(frames[i], rng)
    found = checked(frames, tmp_path)
    assert set(found) == {"duplicates", "near duplicates", "conflicting labels"}
    assert found["conflicting labels"].frames == (2, 4, 9, 15, 20), "each has its own energy"
    assert found["duplicates"].frames == (9, 20)
    assert found["near duplicates"].frames == (15,)


def test_nearly_equal_frames_are_not_duplicates(rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[8] = frames[3].copy()
    frames[8].positions[0] += [1e-3, 0, 0]
    frames[11] = frames[5].copy()
    frames[11].symbols[0] = "Ag"
    label(frames[8], rng), label(frames[11], rng)
    assert set(checked(frames, tmp_path)) == {"mixed elements"}


@pytest.mark.parametrize("species", [False, True])
def test_mixed_compositions_say_whether_elements_are_distinguished(rng, tmp_path, species):
    frames = good_frames(rng, 8)
    frames[3].symbols[0] = "Ag"
    found = checked(frames, tmp_path, species=species)["mixed elements"]
    assert ("does not distinguish elements" in found.explanation) is not species


def test_isolated_and_unlabelled_atoms(rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[0] = label(Atoms("Cu"), rng, name="IsolatedAtom", energy=-0.2)
    frames[5] = label(Atoms("Cu", cell=[20] * 3, pbc=True), rng, energy=-0.2)
    cluster = molecule("CH4")
    cluster += Atoms("H", positions=[[30, 0, 0]])
    frames[6] = label(cluster, rng)
    found = checked(frames, tmp_path)
    assert found["isolated atoms"].frames == (0, 5)
    assert found["unlabelled atoms"].frames == (5,)
    assert found["no neighbours"].frames == (6,)
    assert "energy outliers" not in found


@pytest.mark.costly
@pytest.mark.jit
def test_cells(rng, tmp_path):
    frames = good_frames(rng, 22)
    frames[3] = label(bulk("Cu"), rng)
    frames[4] = label(
        Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]], cell=[[6, 0, 0], [0, 6, 0], [5, 5, 0.08]], pbc=True), rng
    )
    frames[5] = label(Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]], cell=[6, 6, 0], pbc=[True, True, False]), rng)
    found = checked(frames, tmp_path)
    assert found["flat cells"].frames == (4,)
    assert set(found["thin cells"].frames) == {3, 4}
    assert found["mixed periodicity"].frames == (5,)


def test_overlaps_equal_those_of_a_full_search(rng):
    frames = []
    for _ in range(150):
        symbols = list(rng.choice(["H", "C", "Cu", "Cs"], size=5))
        frames.append(
            Atoms(symbols, positions=3.5 * rng.random((5, 3)), cell=[4] * 3, pbc=rng.random(3) < 0.5)
        )
    radii = {"H": 0.31, "C": 0.76, "Cu": 1.32, "Cs": 2.44}
    slow = []
    for i, atoms in enumerate(frames):
        first, second, distances = neighbor_list("ijd", atoms, 3.0)
        names = atoms.get_chemical_symbols()
        if any(
            d < 0.5 * (radii[names[a]] + radii[names[b]])
            for a, b, d in zip(first, second, distances, strict=True)
        ):
            slow.append(i)
    (found,) = overlaps(frames, descriptors(frames), 5.0)
    assert 10 < len(slow) < 140
    assert list(found.frames) == slow
