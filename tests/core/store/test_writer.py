"""Stores written chunk by chunk."""

import numpy as np
import pytest

from quests_core.store.descriptor_store import DescriptorStore
from quests_core.store.manifest import Manifest
from quests_core.store.writer import Chunk, StoreWriter


def chunk(seed, sizes, labels):
    rng, n = np.random.default_rng(seed), sum(sizes)
    return Chunk(
        rng.normal(size=(n, 4)), np.arange(n) % 90, rng.normal(size=(n, 3)), np.array(sizes),
        rng.normal(size=len(sizes)), labels,
    )  # fmt: skip


CHUNKS = [chunk(0, [2, 3], ["a", ""]), chunk(1, [1], ["b"]), chunk(2, [4, 1, 1], ["", "c", "a"])]
EMPTY = Manifest("key", {"k": 2}, ("one.xyz", "two.xyz"), 4)


def write(folder):
    with StoreWriter(folder, EMPTY) as writer:
        writer.append(CHUNKS[0], set())
        writer.append(CHUNKS[1], {"energy"})
        writer.next_file()
        writer.append(CHUNKS[2], set())
        writer.next_file()
        writer.finish()
    return DescriptorStore.open(folder)


def test_everything_is_stored(tmp_path):
    store = write(tmp_path / "a")
    for name in ("descriptors", "numbers", "forces", "energies"):
        expected = np.concatenate([getattr(one, name) for one in CHUNKS])
        np.testing.assert_array_equal(getattr(store, name), expected)
    assert store.offsets.tolist() == [0, 2, 5, 6, 10, 11, 12]
    assert store.labels == ("a", "", "b", "", "c", "a")
    assert store.sources == ("one.xyz",) * 3 + ("two.xyz",) * 3
    np.testing.assert_array_equal(store.read_rows(3, 9), store.descriptors[3:9])


def test_a_chunk_counts_when_it_is_complete(tmp_path, monkeypatch):
    """Whatever was written after the last manifest is written again."""
    expected, folder = write(tmp_path / "a"), tmp_path / "b"
    with StoreWriter(folder, EMPTY) as writer:
        writer.append(CHUNKS[0], set())
        monkeypatch.setattr(Manifest, "save", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            writer.append(CHUNKS[2], set())
        monkeypatch.undo()
        assert (writer.manifest.n_frames, writer.manifest.n_envs) == (2, 5)
    with StoreWriter(folder, EMPTY) as writer:
        assert (writer.manifest.n_frames, writer.manifest.file, writer.manifest.n_read) == (2, 0, 2)
        writer.append(CHUNKS[1], {"energy"})
        assert writer.manifest.found == ("energy",)
        writer.next_file()
        assert writer.manifest.found == ()
        writer.append(CHUNKS[2], set())
        writer.next_file()
        writer.finish()
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (folder / path.name).read_bytes()
    assert expected.manifest == Manifest.load(folder)


def test_two_writers_exclude_each_other(tmp_path):
    pytest.importorskip("fcntl")
    with (
        StoreWriter(tmp_path / "a", EMPTY),
        pytest.raises(ValueError, match=r"^store: another process is writing"),
        StoreWriter(tmp_path / "a", EMPTY),
    ):
        pass
    with StoreWriter(tmp_path / "a", EMPTY) as writer:
        assert writer.manifest == EMPTY


def test_other_folders_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(
        ValueError, match=r"^store: expected a new folder, or a store, got .* with other files"
    ):
        StoreWriter(tmp_path, EMPTY)
    write(tmp_path / "a")
    with pytest.raises(ValueError, match=r"with k = 2, not 3$"):
        StoreWriter(tmp_path / "a", Manifest("other", {"k": 3}, ("one.xyz",), 4))
    with pytest.raises(ValueError, match=r"other files, or other content in them$"):
        StoreWriter(tmp_path / "a", Manifest("other", {"k": 2}, ("one.xyz",), 4))
    assert (tmp_path / "notes.txt").read_text() == "mine"
