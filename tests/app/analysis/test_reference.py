"""Environments of sets with different elements share one descriptor, if it fits in memory."""

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from quests_app.analysis import compare
from quests_app.analysis.analysed_dataset import AnalysedDataset, environments
from quests_app.analysis.parameters import Marks, Parameters, load
from quests_app.analysis.reference import align_elements, reference, with_common_elements
from quests_core import Environments, delta_entropy, descriptors, overlap, read, select
from quests_core.utils import memory

PARAMETERS = Parameters(species=True)


def test_blocks_of_elements_follow_the_union():
    # The block without elements and that of Cu have two columns each.
    envs = Environments([[1.0, 2.0, 3.0, 4.0]], [0, 1])
    wide = align_elements(envs, ("Cu",), ("Ag", "Cu"), PARAMETERS)
    assert wide.X.tolist() == [[1.0, 2.0, 0.0, 0.0, 3.0, 4.0]]


def test_sets_too_large_for_memory_are_refused(monkeypatch):
    envs = Environments(np.ones((1000, 4)), [0, 1000])
    elements = tuple(f"X{i:02d}" for i in range(80))
    monkeypatch.setattr(memory, "available", lambda: 10**6)
    with pytest.raises(ValueError, match=r"with blocks for 80 elements would take about 1\.3 MB"):
        align_elements(envs, elements[:1], elements, PARAMETERS)


H = 0.015


def test_a_reference_holds_the_environments_of_its_file(other):
    envs = descriptors(read(other.path))
    np.testing.assert_array_equal(other.envs.X, envs.X)
    assert (len(other.envs), other.elements) == (14, ("Cu",))


def test_a_store_is_a_reference_as_its_file_is(other, tmp_path):
    """Its frames are not read: the file may be gone."""
    store = tmp_path / "known.envs"
    descriptors(other.path, store=store)
    expected, asked = other.envs.X, Parameters(bandwidth=0.02, label_key="kind")
    other.path.unlink()
    found = reference(store, "known.envs", asked)
    np.testing.assert_array_equal(found.envs.X, expected)
    np.testing.assert_array_equal(found.numbers, other.numbers)
    assert (found.elements, found.path, found.parameters.bandwidth) == (("Cu",), store, 0.02)
    assert found.is_comparable(asked)
    for parameters, described in (
        (Parameters(k=12), "k = 12, cutoff 5 Å"),
        (Parameters(species=True), "k = 32, cutoff 5 Å, elements distinguished"),
        (Parameters(precomputed="0", descriptor="SOAP"), "k = 32, cutoff 5 Å, SOAP"),
    ):
        with pytest.raises(
            ValueError, match=f"have k = 32, cutoff 5 Å, and those of the open file {described};"
        ):
            reference(store, "known.envs", parameters)


def test_a_store_that_distinguishes_elements(tmp_path, rng):
    first, second = alloys(tmp_path, rng, "a.xyz", ["Ag", "Cu"]), alloys(tmp_path, rng, "b.xyz", ["Cu", "Pd"])
    parameters = Parameters(species=True)
    descriptors(second, species=["Pd", "Cu"], store=tmp_path / "b.envs")
    found = reference(tmp_path / "b.envs", "b.envs", parameters)
    expected = reference(second, "b.xyz", parameters)
    assert found.elements == expected.elements == ("Cu", "Pd")
    dataset = load(first)
    data = AnalysedDataset(dataset, parameters, environments(dataset, parameters))
    for one, two in zip(*(with_common_elements(data, other) for other in (found, expected)), strict=True):
        np.testing.assert_array_equal(one.X, two.X)


def alloys(tmp_path, rng, name, symbols):
    frames = []
    for i in range(6):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[:] = rng.choice(symbols, len(atoms))
        atoms.positions += 0.03 * i * rng.normal(size=atoms.positions.shape)
        frames.append(atoms)
    path = tmp_path / name
    write(path, frames, format="extxyz")
    return path


@pytest.mark.costly
def test_sets_of_different_elements_share_one_descriptor(tmp_path, rng):
    parameters = Parameters(species=True)
    first, second = alloys(tmp_path, rng, "a.xyz", ["Ag", "Cu"]), alloys(tmp_path, rng, "b.xyz", ["Cu", "Pd"])
    dataset = load(first)
    data = AnalysedDataset(dataset, parameters, environments(dataset, parameters))
    other = reference(second, "b.xyz", parameters)
    assert data.envs.X.shape[1] == other.envs.X.shape[1] == 3 * 63
    full = {
        path: descriptors(read(path), species=["Ag", "Cu", "Pd"]) for path in (first, second)
    }  # fmt: skip
    for found, path in zip(with_common_elements(data, other), (first, second), strict=True):
        np.testing.assert_array_equal(found.X, full[path].X)
    found = compare.compare(data, other, Marks())
    np.testing.assert_allclose(found.novelty, delta_entropy(full[first], full[second], H), atol=1e-5)
    np.testing.assert_allclose(found.back, delta_entropy(full[second], full[first], H), atol=1e-5)
    matrix = compare.file_matrix(data, (other,), Marks()).shares
    assert matrix[0, 1] == overlap(full[first], full[second], H)
    path = compare.path_with_reference(data, other, Marks())
    expected = select(full[first], "msc", reference=full[second]).order
    np.testing.assert_array_equal(path.order, expected)
    assert path.delta_entropy.shape[1] == data.envs.n_envs
