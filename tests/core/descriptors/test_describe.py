"""Descriptors: against the slow reference, physics, elements, user functions, ties."""

import numba
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from quests_core import Environments, descriptors, entropy
from tests import invariance, naive
from tests.core.structures import CRYSTALS, CUTOFF, DISORDERED, STRUCTURES

K = 12
needs_speed = pytest.mark.jit


def describe(atoms, k=K, cutoff=CUTOFF):
    return descriptors([atoms], k=k, cutoff=cutoff).X


def naive_descriptor(atoms, k=K, cutoff=CUTOFF):
    return naive.descriptor(atoms.positions, atoms.cell.array, atoms.pbc, k, cutoff)


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
def test_naive_agrees_on_random_points_however_near(rng):
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


@needs_speed
@pytest.mark.parametrize("name", [n for n in STRUCTURES if n not in ("several bins an axis", "molecule")])
def test_all_pbc_combinations_against_explicit_images(name):
    invariance.assert_explicit_images(describe, STRUCTURES[name], CUTOFF)


def test_physics_of_one_small_cell(rng):
    atoms = Atoms(
        "CO", [[0, 0, 0], [0.4, 1.0, 0.3]], cell=[[2, 0, 0], [0.5, 3, 0], [0, -1, 4]], pbc=(1, 0, 1)
    )
    invariance.assert_rotation(lambda a: describe(a, 4, 2.5), atoms, rng)
    invariance.assert_explicit_images(lambda a: describe(a, 4, 2.5), atoms, 2.5)


# Ties: k cuts a shell of equal distances


@needs_speed
@pytest.mark.parametrize("name", CRYSTALS)
def test_equivalent_atoms_agree_whatever_k_cuts(name):
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
def test_a_perfect_crystal_holds_no_information(name):
    envs = descriptors([CRYSTALS[name].repeat((3, 2, 1)), CRYSTALS[name]])
    assert entropy(envs, precision="double") == pytest.approx(0.0, abs=1e-12)


@needs_speed
def test_coordinates_rounded_as_in_files_are_still_tied():
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


# Few neighbours


def test_an_atom_without_neighbours_is_all_zero():
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


def test_empty_frames_and_single_atoms_among_others():
    ethanol = molecule("CH3CH2OH")
    frames = [Atoms(), Atoms("He"), ethanol, Atoms(cell=[3, 3, 3], pbc=True), Atoms()]
    for species in (None, "auto", ["Cu", "H"]):
        envs = descriptors(frames, k=4, species=species)
        assert envs.sizes.tolist() == [0, 1, 9, 0, 0]
        np.testing.assert_array_equal(envs[2], descriptors([ethanol], k=4, species=_same(species)).X)


def _same(species):
    return ["C", "H", "He", "O"] if species == "auto" else species


def test_no_frames_at_all():
    envs = descriptors([])
    assert (len(envs), envs.n_envs) == (0, 0)


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


# Elements


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


def test_auto_takes_the_elements_of_all_frames():
    frames = [molecule("H2O"), molecule("CO"), Atoms("N")]
    envs = descriptors(frames, k=3, species="auto")
    assert envs.X.shape == (6, 5 * 5)
    np.testing.assert_array_equal(envs.X, descriptors(frames, k=3, species=["C", "H", "N", "O"]).X)


def test_species_not_asked_for_have_no_block_but_are_neighbours():
    atoms = molecule("H2O")
    X = descriptors([atoms], k=3, species=["O"]).X
    np.testing.assert_array_equal(X[:, :5], descriptors([atoms], k=3).X)
    assert not X[:, 5:].any()


# User functions


def test_user_function():
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
def test_user_function_of_wrong_shape(function, message):
    with pytest.raises(ValueError, match="frame") as error:
        descriptors([molecule("H2O"), molecule("CO")], descriptor_fn=function)
    assert str(error.value) == message


# Frames that cannot be described


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
        (Atoms("H3", [[0, 0, 0], [1, 0, 0], [1, 0, 0]]), "frame 1: atoms 1 and 2 are at the same place"),
        (Atoms("H3", [[1, 0, 0], [0, 0, 0], [1, 0, 0]]), "frame 1: atoms 0 and 2 are at the same place"),
        (
            Atoms("H2", [[0, 0, 0], [3, 0, 0]], cell=[3, 4, 5], pbc=True),
            "frame 1: atoms 0 and 1 are at the same place",
        ),
    ],
)
def test_a_bad_frame_is_named(atoms, message):
    with pytest.raises(ValueError, match="frame 1") as error:
        descriptors([bulk("Cu"), atoms], k=6)
    assert str(error.value) == message


def test_input_is_left_alone():
    atoms = DISORDERED["triclinic"].copy()
    atoms.positions += 50
    before = atoms.copy()
    descriptors([atoms], species="auto")
    assert atoms == before


@needs_speed
def test_results_do_not_depend_on_what_stands_beside_a_frame():
    frames = list(STRUCTURES.values())
    together = descriptors(frames)
    for i, atoms in enumerate(frames):
        np.testing.assert_array_equal(together[i], descriptors([atoms]).X)
