"""Tests of the descriptor that distinguishes elements: distances, invariances, entropies."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from quests_core import delta_entropy, descriptors, entropy, species_descriptors
from tests import naive


def alloy(rng, repeat=(2, 2, 1), share=0.5, symbols=("Cu", "Au"), pbc=True):
    atoms = bulk("Cu", cubic=True, a=3.8).repeat(repeat)
    atoms.symbols = np.where(rng.random(len(atoms)) < share, *symbols)
    atoms.rattle(0.1, seed=int(rng.integers(1e6)))
    atoms.pbc = pbc
    return atoms


@pytest.mark.parametrize("pbc", [True, False, (True, False, True)])
@pytest.mark.parametrize("separation", [0.15, 0.0])
def test_distances_are_those_of_the_definition(rng, pbc, separation):
    atoms = alloy(rng, pbc=pbc)
    X = species_descriptors([atoms], ["Au", "Cu", "Zn"], k=8, cutoff=4.0, separation=separation).X
    for i, j in rng.integers(0, len(atoms), (12, 2)):
        expected = naive.species_distance(atoms, i, j, ["Au", "Cu", "Zn"], separation, k=8, cutoff=4.0)
        assert np.linalg.norm(X[i] - X[j]) == pytest.approx(expected, abs=1e-9)


def test_a_pure_element_has_the_plain_distances_and_entropy(rng):
    frames = [alloy(rng, symbols=("Cu", "Cu")) for _ in range(3)]
    plain, aware = descriptors(frames), species_descriptors(frames, ["Ag", "Cu", "Pd"])
    gram = plain.X @ plain.X.T
    np.testing.assert_allclose(aware.X @ aware.X.T - gram, 0.15**2 / 2, atol=1e-12)
    assert entropy(aware) == pytest.approx(entropy(plain), abs=1e-6)


def test_the_multicomponent_descriptor_is_not_comparable_but_this_is(rng):
    """The entropy of a pure metal depends on the multicomponent form, but not on this one."""
    frames = [alloy(rng, symbols=("Cu", "Cu")) for _ in range(3)]
    H = entropy(descriptors(frames), bandwidth=0.06)
    assert abs(entropy(descriptors(frames, species=["Cu"]), bandwidth=0.06) - H) > 0.05
    assert entropy(species_descriptors(frames, ["Cu"]), bandwidth=0.06) == pytest.approx(H, abs=1e-6)


def test_other_names_and_longer_lists_change_nothing(rng):
    frames = [alloy(rng) for _ in range(2)]
    H = entropy(species_descriptors(frames), bandwidth=0.05)
    renamed = [atoms.copy() for atoms in frames]
    for atoms in renamed:
        atoms.symbols = np.where(atoms.symbols == "Cu", "Xe", "B")
    assert entropy(species_descriptors(renamed), bandwidth=0.05) == pytest.approx(H, abs=1e-6)
    longer = species_descriptors(frames, ["H", "Cu", "Zr", "Au"])
    assert entropy(longer, bandwidth=0.05) == pytest.approx(H, abs=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_entropy_is_that_of_mixing_and_of_each_element(rng, share):
    envs = species_descriptors(frames := [alloy(rng, share=share) for _ in range(4)])
    is_copper = np.concatenate([atoms.symbols == "Cu" for atoms in frames])
    x = is_copper.mean()
    parts = [entropy(envs.X[kind], bandwidth=0.015) for kind in (is_copper, ~is_copper)]
    mixing = -x * np.log(x) - (1 - x) * np.log(1 - x)
    expected = mixing + x * parts[0] + (1 - x) * parts[1]
    assert entropy(envs, bandwidth=0.015) == pytest.approx(expected, abs=1e-6)


def test_elements_are_told_apart(rng):
    one = alloy(rng)
    other = one.copy()
    swapped = int(np.flatnonzero(other.symbols == "Au")[0])
    other.symbols[swapped] = "Zr"
    plain = descriptors([one, other])
    np.testing.assert_allclose(plain[0], plain[1])
    aware = species_descriptors([one, other])
    novel = delta_entropy(aware[1], aware[0])
    # No zirconium is present: at a distance of ten bandwidths, each kernel is at most e^-50.
    assert novel[swapped] > 50 - np.log(len(one))
    # Its neighbours have different neighbours, too.
    assert np.delete(novel, swapped).max() > 1


def test_it_is_invariant(rng):
    atoms = alloy(rng)
    X = species_descriptors([atoms]).X
    turned = atoms.copy()
    turned.rotate(37, (1, 2, 3), rotate_cell=True)
    turned.positions += [0.3, -2.0, 9.1]
    np.testing.assert_allclose(species_descriptors([turned]).X, X, atol=1e-9)
    order = rng.permutation(len(atoms))
    np.testing.assert_allclose(species_descriptors([atoms[order]]).X, X[order], atol=1e-9)
    twice = species_descriptors([atoms.repeat((2, 1, 1))]).X
    np.testing.assert_allclose(twice, np.concatenate([X, X]), atol=1e-9)
    mirrored = atoms.copy()
    mirrored.set_cell(atoms.cell.array * [-1, 1, 1])
    mirrored.positions *= [-1, 1, 1]
    np.testing.assert_allclose(species_descriptors([mirrored]).X, X, atol=1e-9)


def test_ugly_frames():
    frames = [Atoms(), Atoms("H"), molecule("CH3CH2OH"), Atoms("CO", [(0, 0, 0), (0, 0, 9)])]
    envs = species_descriptors(frames)
    assert envs.sizes.tolist() == [0, 1, 9, 2]
    d = 63
    assert envs.X.shape == (12, 4 * d + 3)
    assert not envs[1][:, : 4 * d].any()
    np.testing.assert_allclose(envs[3][:, 4 * d :] * np.sqrt(2), [[0.15, 0, 0], [0, 0, 0.15]])


def test_what_makes_no_sense_is_refused():
    with pytest.raises(
        ValueError, match="species: expected every element of the frames, got none for 'H' in frame 1"
    ):
        species_descriptors([Atoms("C"), Atoms("CH", [(0, 0, 0), (0, 0, 1)])], ["C", "O"])
    with pytest.raises(ValueError, match="separation: expected a number of at least 0, got -1"):
        species_descriptors([Atoms("C")], separation=-1)
    with pytest.raises(ValueError, match="species: expected None, 'auto' or a list of symbols, got 'C'"):
        species_descriptors([Atoms("C")], "C")
    with pytest.raises(ValueError, match="frame 0: atoms 0 and 1 are at the same position"):
        species_descriptors([Atoms("CO", [(0, 0, 0), (0, 0, 0)])])
