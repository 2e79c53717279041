"""Stores that are opened."""

import numpy as np
import pytest

from quests_core.store.descriptor_store import DescriptorStore
from quests_core.store.manifest import Manifest
from quests_core.store.writer import Chunk, StoreWriter


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "a.envs"
    X = np.arange(12.0).reshape(3, 4)
    with StoreWriter(folder, Manifest("key", {}, ("a.xyz",), 4)) as writer:
        writer.append(Chunk(X, [1, 2, 3], np.zeros((3, 3)), [1, 2], [0.5, np.nan], ["x", "x"]), set())
        writer.finish()
    return folder


def test_arrays_are_mapped_and_read_only(folder):
    store = DescriptorStore.open(folder)
    for array in (store.descriptors, store.offsets, store.numbers, store.forces, store.energies):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
    assert store.labels == ("x", "x")
    assert store.read_rows(1, 3).tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]
    assert store.read_rows(1, 1).shape == (0, 4)
    assert store.rows(np.array([2, 0])).tolist() == [[8, 9, 10, 11], [0, 1, 2, 3]]


def test_elements_and_parameters(tmp_path):
    own = {"k": 4, "cutoff": 5.0, "species": None}
    for name, species in (("a", None), ("b", ["H"])):
        with StoreWriter(tmp_path / name, Manifest("key", own | {"species": species}, ("a",), 1)) as writer:
            numbers = [29, 1, 29, 8]
            writer.append(Chunk(np.zeros((4, 1)), numbers, np.zeros((4, 3)), [4], [0.0], [""]), set())
            writer.finish()
    stores = [DescriptorStore.open(tmp_path / name) for name in ("a", "b")]
    assert stores[0].elements == ("Cu", "H", "O")
    stores[0].check_parameters(4, 5.0)
    for store, asked in ((stores[0], (5, 5.0)), (stores[0], (4, 5.5)), (stores[1], (4, 5.0))):
        with pytest.raises(ValueError, match=r"^store: expected descriptors of k = \d and cut"):
            store.check_parameters(*asked)


def test_an_incomplete_store_is_refused(tmp_path):
    with StoreWriter(tmp_path / "a", Manifest("key", {}, ("a.xyz",), 4)):
        pass
    with pytest.raises(ValueError, match="is not complete: it has 0 frames; call descriptors"):
        DescriptorStore.open(tmp_path / "a")


@pytest.mark.parametrize("name", ["descriptors", "offsets", "labels"])
def test_damaged_arrays_are_refused(folder, name):
    path = folder / f"{name}.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-8])
    with pytest.raises(ValueError, match=rf"^store: .*{name}\.npy cannot be read"):
        DescriptorStore.open(folder)
    np.save(path, np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"^store: expected shape .* got \(1, 4\)"):
        DescriptorStore.open(folder)
    path.unlink()
    with pytest.raises(ValueError, match="cannot be read"):
        DescriptorStore.open(folder)


def test_a_store_cut_off_after_it_was_opened(folder):
    store = DescriptorStore.open(folder)
    path = folder / "descriptors.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="was cut off after it was opened"):
        store.read_rows(0, 3)
    with pytest.raises(ValueError, match="was cut off after it was opened"):
        store.rows(np.array([2]))


def test_another_folder_is_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a store of descriptors"):
        DescriptorStore.open(tmp_path)


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_forces_are_judged_by_all_atoms(tmp_path, monkeypatch, rows):
    """Stores of earlier versions have forces as in the file."""
    monkeypatch.setattr("quests_core.store.descriptor_store._BLOCK_ROWS", rows)
    forces = np.zeros((7, 3))
    forces[2, 1], forces[3, 0], forces[6, 2] = np.nan, -np.inf, 1e200
    with StoreWriter(tmp_path / "a", Manifest("key", {}, ("a.xyz",), 1)) as writer:
        sizes = [1, 2, 0, 2, 1, 1]
        writer.append(Chunk(np.zeros((7, 1)), [1] * 7, forces, sizes, np.zeros(6), [""] * 6), set())
        writer.finish()
    assert DescriptorStore.open(tmp_path / "a").has_forces().tolist() == [
        True,
        False,
        False,
        False,
        True,
        False,
    ]


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "a.xyz").write_text("1\n\nH 0 0 0\n")
    with pytest.raises(FileNotFoundError, match=r"^store: .* is not a store of descriptors"):
        DescriptorStore.open(tmp_path / "a.xyz")
