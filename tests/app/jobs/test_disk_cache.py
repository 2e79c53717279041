"""Results on disk are restored unchanged, and damaged entries or disks do no harm."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from quests_app.analysis.method_path import MethodPath
from quests_app.analysis.parameters import Marks, Parameters
from quests_app.jobs import cache, disk_cache
from quests_app.jobs.disk_cache import DiskCache
from quests_core import Environments

KEY = ("thing", "abc", Parameters(), Marks(locked=(0,)))


def some_path(rng):
    curve = pd.DataFrame({"n_frames": [1, 2], "entropy": rng.normal(size=2)})
    return MethodPath("msc", np.array([1, 0]), curve, np.float32([[np.nan, 1], [0, -1]]), Marks((1,), (0,)))


@pytest.fixture
def disk(tmp_path):
    return DiskCache(tmp_path / "cache", version="1")


def entries(disk):
    return sorted(disk._folder.glob("*.npz"))


def test_arrays_environments_and_paths_are_restored_unchanged(disk, rng):
    array = rng.normal(size=(5, 2))
    disk.save(KEY, array)
    np.testing.assert_array_equal(disk.load(KEY), array)
    envs = Environments(rng.normal(size=(6, 3)), [0, 2, 6])
    disk.save(("envs",), envs)
    back = disk.load(("envs",))
    np.testing.assert_array_equal(back.X, envs.X)
    np.testing.assert_array_equal(back.offsets, envs.offsets)
    path = some_path(rng)
    disk.save(("path",), path)
    back = disk.load(("path",))
    assert (back.method, back.marks) == (path.method, path.marks)
    np.testing.assert_array_equal(back.order, path.order)
    np.testing.assert_array_equal(back.delta_entropy, path.delta_entropy)
    assert back.delta_entropy.dtype == np.float32
    pd.testing.assert_frame_equal(back.curve, path.curve)


def test_other_keys_and_versions_find_nothing(disk, rng):
    disk.save(KEY, rng.normal(size=3))
    assert disk.load((*KEY[:2], Parameters(bandwidth=0.1), KEY[3])) is None
    assert DiskCache(disk._folder, version="2").load(KEY) is None
    assert DiskCache(disk._folder, version="1").load(KEY) is not None


def test_an_entry_of_another_key_is_ignored(disk, rng):
    disk.save(KEY, rng.normal(size=3))
    os.replace(entries(disk)[0], disk._path(("other",)))
    assert disk.load(("other",)) is None


@pytest.mark.parametrize("key", [(object(),), ("a", [1]), ({"a": 1},)])
def test_keys_that_differ_between_processes_are_not_stored(disk, key):
    disk.save(key, np.zeros(3))
    assert not disk._folder.exists()


def test_results_of_other_types_are_not_stored(disk):
    for result in (None, "text", [1], np.array([object()], dtype=object)):
        disk.save(KEY, result)
    assert not disk._folder.exists()


def test_any_changed_byte_and_any_truncation_is_detected(disk, rng):
    array = rng.normal(size=(4, 3))
    disk.save(KEY, array)
    (entry,) = entries(disk)
    whole = entry.read_bytes()
    for place in range(len(whole)):
        entry.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        found = disk.load(KEY)
        # Some bytes of a zip file, such as its dates, have no effect.
        assert found is None or np.array_equal(found, array), place
    for length in range(0, len(whole), 7):
        entry.write_bytes(whole[:length])
        assert disk.load(KEY) is None


def test_damaged_entries_are_recomputed_and_replaced(disk):
    def fresh():
        return cache.Cache(disk=disk)

    assert fresh().get(KEY, lambda: np.arange(3)).tolist() == [0, 1, 2]
    assert fresh().get(KEY, lambda: pytest.fail("it is there")).tolist() == [0, 1, 2]
    entries(disk)[0].write_bytes(b"nonsense")
    assert fresh().get(KEY, lambda: np.arange(4)).tolist() == [0, 1, 2, 3]
    assert fresh().get(KEY, lambda: pytest.fail("it is there")).tolist() == [0, 1, 2, 3]


def test_a_pickle_is_never_opened(disk):
    disk.save(KEY, np.zeros(3))
    (entry,) = entries(disk)
    np.savez(entry, array=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert disk.load(KEY) is None


def test_the_least_recently_used_is_evicted_first(tmp_path):
    disk = DiskCache(tmp_path, n_bytes=3 * 9000, version="1")
    for i in range(3):
        disk.save((i,), np.full(1000, i, dtype=float))
        os.utime(disk._path((i,)), (i + 1, i + 1))
    assert disk.load((0,)) is not None
    disk.save((3,), np.full(1000, 3.0))
    assert disk.load((1,)) is None
    assert all(disk.load((i,)) is not None for i in (0, 2, 3))
    disk.save((4,), np.zeros(10_000))
    assert disk.load((4,)) is None, "this entry alone exceeds the limit"
    assert len(entries(disk)) == 3


def test_stale_partial_files_are_deleted(disk):
    disk.save((0,), np.zeros(3))
    old, young = disk._folder / "old.part", disk._folder / "young.part"
    for part in (old, young):
        part.write_bytes(b"x")
    os.utime(old, (1, 1))
    disk.save((1,), np.zeros(3))
    assert not old.exists()
    assert young.exists()


def test_an_unwritable_disk_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    blocked = DiskCache(tmp_path / "file" / "cache", version="1")
    assert cache.Cache(disk=blocked).get(KEY, lambda: np.arange(3)).tolist() == [0, 1, 2]

    full = DiskCache(tmp_path / "full", version="1")

    def no_space(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", no_space)
    assert cache.Cache(disk=full).get(KEY, lambda: np.arange(3)).tolist() == [0, 1, 2]
    assert list(full._folder.iterdir()) == [], "no partial file remains"


def test_only_the_owner_can_read(disk):
    disk.save(KEY, np.zeros(3))
    assert disk._folder.stat().st_mode & 0o077 == 0
    assert entries(disk)[0].stat().st_mode & 0o077 == 0


def test_no_default_without_a_cache_directory(monkeypatch):
    monkeypatch.setenv("QUESTS_CACHE_DIR", "")
    assert disk_cache.default() is None


OPEN = """
import sys
from quests_app.analysis import analysed_dataset, map_placement, method_path
from quests_app.session.controller import Controller
from quests_app.session.state import State
import queue
modules = {"environments": analysed_dataset, "method_path": method_path, "pca": map_placement}
for name, module in modules.items():
    made = getattr(module, name)
    setattr(module, name, lambda *a, made=made, name=name, **k: (print(name), made(*a, **k))[1])
calls = queue.Queue()
state = State(methods=["msc"], active="msc")
controller = Controller(state, calls.put, with_umap=False)
controller.open(sys.argv[1])
while state.main_activity.running:
    calls.get()()
print(state.error, state.path.curve.entropy.tolist())
controller.close()
"""


@pytest.mark.costly
def test_another_process_recomputes_nothing(file, tmp_path):
    def run():
        environment = {**os.environ, "QUESTS_CACHE_DIR": str(tmp_path / "shared")}
        return subprocess.run(
            [sys.executable, "-c", OPEN, file], env=environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    first, second = run(), run()
    assert first[:-1] == ["environments", "method_path", "pca"]
    assert second == first[-1:]


def test_another_bandwidth_needs_no_new_descriptors(opened, monkeypatch):
    from quests_app.analysis import analysed_dataset

    envs = opened.state.opened.envs
    monkeypatch.setattr(analysed_dataset, "environments", lambda *_: pytest.fail("they are there"))
    opened.controller.recompute(Parameters(bandwidth=0.03))
    opened.run()
    assert opened.state.error == ""
    assert opened.state.opened.parameters.bandwidth == 0.03
    assert opened.state.opened.envs is envs
