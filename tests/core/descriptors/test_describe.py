"""Tests of descriptors: comparison with a naive implementation, physics, elements, custom functions."""

import numba
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from quests_core import Environments, descriptors
from tests import invariance, naive
from tests.core.structures import DISORDERED, STRUCTURES, describe, naive_descriptor

needs_speed = pytest.mark.jit


@pytest.mark.parametrize("name", STRUCTURES)
def test_naive_agrees(name):
    atoms = STRUCTURES[name]
    if numba.config.DISABLE_JIT and len(atoms) > 12:
        atoms = atoms[:12]
    np.testing.assert_allclose(describe(atoms), naive_descriptor(atoms), rtol=1e-9, atol=1e-12)


@needs_speed
@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize(("k", "cutoff"), [(2, 3.0), (5, 4.0), (32, 5.0), (40, 2.0), (100, 5.5)])
def test_naive_agrees_for_any_k_and_cutoff(name, k, cutoff):
    atoms = STRUCTURES[name]
    expected = naive_descriptor(atoms, k, cutoff)
    np.testing.assert_allclose(describe(atoms, k, cutoff), expected, rtol=1e-9, atol=1e-12)


@needs_speed
def test_naive_agrees_on_random_points_at_any_distance(rng):
    for n in (2, 3, 17):
        for pbc in invariance.ALL_PBC:
            cell = rng.normal(0, 3, (3, 3)) + 2 * np.eye(3)
            atoms = Atoms(f"Si{n}", rng.uniform(-2, 3, (n, 3)) @ cell, cell=cell, pbc=pbc)
            expected = naive_descriptor(atoms, 8, 3.0)
            np.testing.assert_allclose(describe(atoms, 8, 3.0), expected, rtol=1e-8, atol=1e-10)


@needs_speed
@pytest.mark.parametrize("name", STRUCTURES)
def test_physics(name, rng):
    invariance.assert_all(describe, STRUCTURES[name], rng)


def test_physics_of_one_small_cell(rng):
    atoms = Atoms(
        "CO", [[0, 0, 0], [0.4, 1.0, 0.3]], cell=[[2, 0, 0], [0.5, 3, 0], [0, -1, 4]], pbc=(1, 0, 1)
    )
    invariance.assert_rotation(lambda a: describe(a, 4, 2.5), atoms, rng)
    invariance.assert_explicit_images(lambda a: describe(a, 4, 2.5), atoms, 2.5)


def test_empty_frames_and_single_atoms_among_others():
    ethanol = molecule("CH3CH2OH")
    frames = [Atoms(), Atoms("He"), ethanol, Atoms(cell=[3, 3, 3], pbc=True), Atoms()]
    for species in (None, "auto", ["Cu", "H"]):
        envs = descriptors(frames, k=4, species=species)
        assert envs.sizes.tolist() == [0, 1, 9, 0, 0]
        np.testing.assert_array_equal(envs[2], descriptors([ethanol], k=4, species=_same(species)).X)


def _same(species):
    return ["C", "H", "He", "O"] if species == "auto" else species


def test_no_frames():
    envs = descriptors([])
    assert (len(envs), envs.n_envs) == (0, 0)


@pytest.mark.parametrize("species", ["auto", ["C", "H", "O"], ("O", "C", "H"), np.array(["H", "O", "C"])])
def test_multicomponent_naive_agrees(species):
    atoms = DISORDERED["mixture"]
    envs = descriptors([atoms], k=6, cutoff=3.5, species=species)
    expected = naive.multicomponent(
        atoms.symbols, atoms.positions, atoms.cell.array, atoms.pbc, ["C", "H", "O"], 6, 3.5
    )
    assert envs.X.shape == (9, 4 * 11)
    np.testing.assert_allclose(envs.X, expected, rtol=1e-9, atol=1e-12)


def test_multicomponent_of_molecules_and_of_one_element():
    for atoms, elements in ((molecule("CH3CH2OH"), ["C", "H", "O"]), (bulk("Cu"), ["Cu"])):
        envs = descriptors([atoms], k=4, species="auto")
        expected = naive.multicomponent(
            atoms.symbols, atoms.positions, atoms.cell.array, atoms.pbc, elements, 4, 5.0
        )
        np.testing.assert_allclose(envs.X, expected, rtol=1e-9, atol=1e-12)


def test_progress_of_all_elements_is_one_step():
    frames, seen = [molecule("CH3CH2OH"), bulk("Cu"), molecule("H2O")] * 400, []
    descriptors(frames, k=4, species="auto", progress=lambda *args: seen.append(args))
    assert {step for step, _, _ in seen} == {"descriptors"}
    done = [done for _, done, _ in seen]
    # Each atom once among all atoms, and once among those of its element.
    assert {total for *_, total in seen} == {2 * sum(map(len, frames))}
    assert done == sorted(done)
    assert done[-1] == seen[-1][2]
    assert done.count(done[-1]) == 1, "the end is reported at the end only"


def test_auto_uses_the_elements_of_all_frames():
    frames = [molecule("H2O"), molecule("CO"), Atoms("N")]
    envs = descriptors(frames, k=3, species="auto")
    assert envs.X.shape == (6, 5 * 5)
    np.testing.assert_array_equal(envs.X, descriptors(frames, k=3, species=["C", "H", "N", "O"]).X)


def test_other_species_have_no_block_but_are_neighbours():
    atoms = molecule("H2O")
    X = descriptors([atoms], k=3, species=["O"]).X
    np.testing.assert_array_equal(X[:, :5], descriptors([atoms], k=3).X)
    assert not X[:, 5:].any()


def test_custom_function():
    frames = [molecule("H2O"), Atoms(), molecule("CO")]

    def masses(atoms):
        return np.stack([atoms.get_masses(), atoms.numbers], axis=1).astype(np.float32)

    envs = descriptors(frames, descriptor_fn=masses)
    assert isinstance(envs, Environments)
    assert envs.sizes.tolist() == [3, 0, 2]
    np.testing.assert_array_equal(envs.X[:, 1], [8, 1, 1, 8, 6])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a: np.zeros((2, 3)), "descriptor_fn: expected shape (3, d) for frame 0, got (2, 3)"),
        (lambda a: np.zeros(3), "descriptor_fn: expected shape (3, d) for frame 0, got (3,)"),
        (
            lambda a: np.zeros((len(a), len(a))),
            "descriptor_fn: expected shape (2, 3) for frame 1, got (2, 2)",
        ),
        (
            lambda a: np.full((len(a), 2), np.nan if len(a) == 2 else 1.0),
            "X: expected finite numbers below 1e+15, got nan in row 3 (frame 1)",
        ),
    ],
)
def test_custom_function_with_wrong_shape(function, message):
    with pytest.raises(ValueError, match="frame") as error:
        descriptors([molecule("H2O"), molecule("CO")], descriptor_fn=function)
    assert str(error.value) == message


def _with_position(value):
    atoms = bulk("Cu", cubic=True)
    atoms.positions[2, 1] = value
    return atoms


def _with_cell(cell, pbc=True):
    return Atoms("Cu", cell=cell, pbc=pbc)


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (_with_position(np.nan), "frame 1: the position of atom 2 is not finite"),
        (_with_position(-np.inf), "frame 1: the position of atom 2 is not finite"),
        (_with_cell([[3, 0, 0], [0, np.nan, 0], [0, 0, 3]]), "frame 1: the cell is not finite"),
        (_with_cell(np.zeros((3, 3))), "frame 1: axis 0 is periodic, but its cell vector is zero"),
        (_with_cell([3, 0, 3], (1, 1, 0)), "frame 1: axis 1 is periodic, but its cell vector is zero"),
        (
            _with_cell([[3, 0, 0], [0, 3, 0], [1, 1, 0]]),
            "frame 1: the periodic cell vectors lie in one plane or line",
        ),
        (
            _with_cell([[3, 0, 0], [6, 0, 0], [1, 1, 3]], (1, 1, 0)),
            "frame 1: the periodic cell vectors lie in one plane or line",
        ),
        (_with_cell([0.004, 3, 3]), "frame 1: the cell is too thin for a cutoff of 5.0 Å"),
        (Atoms("H3", [[0, 0, 0], [1, 0, 0], [1, 0, 0]]), "frame 1: atoms 1 and 2 are at the same position"),
        (Atoms("H3", [[1, 0, 0], [0, 0, 0], [1, 0, 0]]), "frame 1: atoms 0 and 2 are at the same position"),
        (
            Atoms("H2", [[0, 0, 0], [3, 0, 0]], cell=[3, 4, 5], pbc=True),
            "frame 1: atoms 0 and 1 are at the same position",
        ),
    ],
)
def test_an_invalid_frame_is_named(atoms, message):
    with pytest.raises(ValueError, match="frame 1") as error:
        descriptors([bulk("Cu"), atoms], k=6)
    assert str(error.value) == message


def test_input_is_not_modified():
    atoms = DISORDERED["triclinic"].copy()
    atoms.positions += 50
    before = atoms.copy()
    descriptors([atoms], species="auto")
    assert atoms == before


@needs_speed
def test_results_do_not_depend_on_other_frames():
    frames = list(STRUCTURES.values())
    together = descriptors(frames)
    for i, atoms in enumerate(frames):
        np.testing.assert_array_equal(together[i], descriptors([atoms]).X)
