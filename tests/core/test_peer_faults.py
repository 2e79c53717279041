"""One test for each fault of the published implementation that the library must not inherit."""

import gzip
import time
import tracemalloc

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from quests_core import (
    METHODS,
    Environments,
    delta_entropy,
    descriptors,
    diversity,
    entropy,
    overlap,
    read,
)
from tests import naive
from tests.core.with_y import select


def test_left_handed_cell():
    right, left = bulk("Cu"), bulk("Cu")
    left.set_cell(right.cell.array[[1, 0, 2]])
    assert np.linalg.det(right.cell.array) * np.linalg.det(left.cell.array) < 0
    np.testing.assert_allclose(descriptors([left]).X, descriptors([right]).X, rtol=1e-9, atol=1e-12)
    assert (descriptors([left]).X[:, :32] > 0).all()


def test_slab_and_wire_are_no_clusters():
    slab = fcc111("Cu", (1, 1, 3), vacuum=8.0)
    slab.pbc = (True, True, False)
    wide = slab.repeat((9, 9, 1))
    wide.pbc = False
    middle = 3 * (9 * 4 + 4)
    np.testing.assert_allclose(descriptors([slab]).X, descriptors([wide])[0][middle : middle + 3], rtol=1e-8)
    wire = Atoms("Cu", cell=[2.5, 1, 1], pbc=(True, False, False))
    chain = Atoms("Cu9", [[2.5 * i, 0, 0] for i in range(9)])
    np.testing.assert_allclose(descriptors([wire]).X[0], descriptors([chain]).X[4], rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_coordinates_that_are_not_finite_are_refused(value):
    bad = bulk("Cu", cubic=True)
    bad.positions[3, 0] = value
    with pytest.raises(ValueError, match=r"^frame 2: the position of atom 3 is not finite$"):
        descriptors([bulk("Cu"), bulk("Cu"), bad])
    with pytest.raises(ValueError, match=r"row 1\b"):
        entropy([[0.0], [value]])


def test_far_environments_have_finite_delta_entropy_in_true_order():
    h = 0.015
    distances = h * np.array([1.0, 38.0, 39.0, 45.0, 1e4, 1e4 + 1])
    novel = delta_entropy(distances[:, None], np.zeros((7, 1)), h)
    np.testing.assert_allclose(novel, (distances / h) ** 2 / 2 - np.log(7), rtol=1e-11, atol=1e-5)
    # Of several outliers, the most distant comes first, not the one with the lowest index.
    X = np.array([0.0, 0.0, 50 * h, 90 * h, 70 * h])[:, None]
    assert select(X, "msc", bandwidth=h).order.tolist()[:4] == [0, 3, 2, 4]


@pytest.mark.parametrize("k", [5, 13, 16, 20, 32])
def test_a_cut_shell_is_shared_by_equivalent_atoms(k):
    crystal = bulk("Cu", cubic=True).repeat(2)
    order = np.random.default_rng(0).permutation(len(crystal))
    X = descriptors([crystal[order]], k=k).X
    np.testing.assert_allclose(X, np.tile(X[0], (len(X), 1)), rtol=1e-9, atol=1e-12)
    assert entropy(X) == pytest.approx(0.0, abs=1e-6)
    assert entropy(X, precision="double") == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_k_means_returns_n(n, rng):
    assert len(set(select(rng.normal(size=(20, 3)), "k_means", n).order.tolist())) == n


@pytest.mark.parametrize("method", METHODS)
def test_fractions_and_counts(method, rng):
    X = rng.normal(size=(20, 3))
    for given, expected in ((0.5, 10), (1.0, 20), (1, 1), (20, 20), (0.01, 1), (0.125, 3)):
        assert len(select(X, method, given).order) == expected


@pytest.mark.parametrize("method", METHODS)
def test_empty_frames_are_never_picked_before_others(method, rng):
    empty = [Atoms(), molecule("H2O"), Atoms(), molecule("CO2")]
    order = select(descriptors(empty, k=3), method, n_to_select=2, locked=[1]).order.tolist()
    if method != "random":
        assert order == [1, 3]


@pytest.mark.parametrize("method", METHODS)
def test_one_structure(method):
    envs = descriptors([molecule("H2O")], k=3)
    assert select(envs, method).order.tolist() == [0]
    assert select(envs, method, 0.1).order.tolist() == [0]


@pytest.mark.parametrize("method", METHODS)
def test_size_zero_is_refused_and_duplicates_are_picked_once(method):
    envs = descriptors([molecule("H2O")] * 5, k=3)
    for size in (0, 0.0):
        with pytest.raises(ValueError, match=r"^n_to_select: "):
            select(envs, method, size)
    assert sorted(select(envs, method).order.tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("method", ["random", "k_means", "mean_fps"])
def test_random_methods_are_seeded(method, rng):
    envs = Environments(rng.normal(size=(30, 2)), np.arange(31))
    first = select(envs, method, 10).order
    np.random.default_rng().normal()
    np.testing.assert_array_equal(first, select(envs, method, 10).order)


@pytest.mark.jit
def test_memory_stays_small(rng):
    """All pairs of 6000 environments would be 288 MB; the rows are 3 MB."""
    X = rng.normal(0, 0.05, (6000, 63))
    entropy(X[:200])
    tracemalloc.start()
    try:
        entropy(X)
        overlap(X, X[:3000])
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


@pytest.mark.jit
def test_a_pick_costs_no_loop_over_structures(rng):
    """Ten times as many structures need ten times as many picks, each of which takes ten times as long."""
    times = []
    for n in (300, 3000):
        X = rng.normal(0, 0.05, (n, 2))
        select(X[:50], "msc", n_to_select=10)
        start = time.process_time()
        select(X, "msc", n_to_select=200)
        times.append(time.process_time() - start)
    assert times[1] < 40 * max(times[0], 0.05)


def test_multicomponent():
    water = molecule("H2O")
    for atoms, species in (
        (water, ["H", "O"]),
        (bulk("Cu"), ["Cu"]),
        (bulk("NaCl", "rocksalt", 5.6), "auto"),
    ):
        elements = ["Cl", "Na"] if species == "auto" else species
        envs = descriptors([atoms], k=4, species=species)
        expected = naive.multicomponent(
            atoms.symbols, atoms.positions, atoms.cell.array, atoms.pbc, elements, 4, 5.0
        )
        np.testing.assert_allclose(envs.X, expected, rtol=1e-9, atol=1e-12)
    X = descriptors([water], k=4, species=["H", "O"]).X
    assert not X[0, 7:14].any()  # the oxygen is no hydrogen
    assert X[1, 7] > 0  # the hydrogens see each other
    assert not X[:, 14:].any()  # there is no second oxygen


def test_compressed_files_are_read_at_once(tmp_path):
    frames = [molecule("C60", vacuum=3.0) for _ in range(300)]
    path = tmp_path / "fullerenes.xyz"
    ase.io.write(path, frames, format="extxyz")
    compressed = tmp_path / "fullerenes.xyz.gz"
    compressed.write_bytes(gzip.compress(path.read_bytes()))
    # What only the first one needs is imported.
    read(compressed)
    start = time.process_time()
    plain = read(path)
    middle = time.process_time()
    assert len(read(compressed)) == len(plain) == 300
    assert time.process_time() - middle < 3 * (middle - start) + 0.5


def test_diversity_of_far_sets_is_finite():
    X = np.array([[0.0], [1e4], [1e8]])
    assert diversity(X) == pytest.approx(np.log(3))
