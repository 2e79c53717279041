"""Arrays in files that are mapped into memory."""

import errno
import gc
import os
import sys
import threading
import time
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from quests_core.utils import mapped_arrays, memory
from quests_core.utils.mapped_arrays import ArraysInMemory, MappedArrays


@pytest.fixture(params=["memory", "files"])
def arrays(request, tmp_path):
    return ArraysInMemory() if request.param == "memory" else MappedArrays(tmp_path, 10**9)


def test_arrays_are_written_and_read(arrays, rng, tmp_path):
    expected = rng.normal(size=(1000, 3)).astype(np.float32)
    found = arrays.empty(expected.shape, np.float32)
    found[:] = expected
    assert found.flags.c_contiguous
    assert found.flags.writeable
    np.testing.assert_array_equal(found, expected)
    assert arrays.empty((0, 3)).shape == (0, 3)
    # Files have no names: whatever happens, nothing is left.
    assert list(tmp_path.iterdir()) == []


def test_growing_arrays_hold_copies_in_order(arrays, rng):
    growing, part = arrays.growing(np.uint8), np.array([1, 2, 3], np.uint8)
    assert growing.append(part) == 0
    part[:] = 9
    assert growing.append(part[:0]) == 3
    assert growing.append(part[:2]) == 3
    assert growing.array().tolist() == [1, 2, 3, 9, 9]
    assert arrays.growing(np.float64).array().shape == (0,)


def test_threads_append_whole_parts(arrays):
    growing, starts = arrays.growing(np.int64), {}

    def append(i):
        starts[i] = growing.append(np.full(1000, i))

    threads = [threading.Thread(target=append, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = growing.array()
    assert len(found) == 20_000
    for i, start in starts.items():
        assert (found[start : start + 1000] == i).all()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_the_process_stays_within_the_limit(tmp_path):
    before, arrays = memory.process_memory().shared, MappedArrays(tmp_path, 20_000_000)
    found = arrays.empty((100, 1_000_000), np.uint8)
    for i, row in enumerate(found):
        row[:] = i
    end = time.monotonic() + 300
    while memory.process_memory().shared > before + 20_000_000:
        assert time.monotonic() < end, "the pages of a file of 100 MB are still in memory"
        time.sleep(0.01)
    # What was written is not lost.
    assert found[:, 0].tolist() == list(range(100))


def test_files_are_released_while_others_are_made(tmp_path):
    """A set of files that changes while it is read would end the thread that watches."""
    arrays, kept = MappedArrays(tmp_path, 10**9), []
    kept.extend(arrays.empty((10,)) for _ in range(3))
    thread = threading.Thread(target=lambda: kept.append(arrays.empty((10,))))

    class Slow(weakref.WeakSet):
        def __iter__(self):
            for i, file in enumerate(super().__iter__()):
                if i == 0:
                    thread.start()
                    # Long enough for a thread that need not wait.
                    thread.join(1.0)
                yield file

    arrays._files = Slow(arrays._files)
    arrays.release()
    thread.join()
    assert len(kept) == len(arrays._files) == 4


def test_nothing_is_released_within_the_limit(tmp_path, monkeypatch):
    arrays = MappedArrays(tmp_path, 10**12)
    monkeypatch.setattr(arrays, "release", lambda: pytest.fail("released"))
    arrays.keep_limit()


def test_what_is_not_mapped_is_no_reason_to_release(tmp_path, monkeypatch):
    """Where other memory exceeds the limit, reading files again and again would not help."""
    monkeypatch.setattr(memory, "process_memory", lambda: SimpleNamespace(rss=0, shared=0))
    arrays, released = MappedArrays(tmp_path, 10**6), []
    monkeypatch.setattr(arrays, "release", lambda: released.append(True))
    for shared, expected in ((0, []), (10**9, [True])):
        found = SimpleNamespace(rss=10**10, shared=shared)
        monkeypatch.setattr(memory, "process_memory", lambda found=found: found)
        arrays.keep_limit()
        assert released == expected


def test_the_watching_thread_ends_with_the_arrays(tmp_path):
    before = set(threading.enumerate())
    arrays = MappedArrays(tmp_path, 10**9)
    (watcher,) = set(threading.enumerate()) - before
    kept = arrays.empty((10,), np.int64)
    kept[:] = 7
    del arrays
    gc.collect()
    watcher.join(300)
    assert not watcher.is_alive()
    assert kept.sum() == 70


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped_arrays.shutil, "disk_usage", lambda _: SimpleNamespace(free=200_000_000))
    arrays = MappedArrays(tmp_path, 10**9)
    arrays.empty((10**7,), np.uint8)
    message = r"^memory_limit: expected .* or 0\.2 GB more of the disk of .*, got 0\.2 GB$"
    with pytest.raises(ValueError, match=message):
        arrays.empty((2 * 10**8,), np.uint8)
    growing = arrays.growing(np.uint8)
    monkeypatch.setattr(mapped_arrays.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(ValueError, match=r"^memory_limit: expected"):
        growing.append(np.zeros(10, np.uint8))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system reserves no space")
def test_a_disk_that_others_fill_is_an_error_and_not_a_signal(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    with pytest.raises(OSError, match="No space left"):
        MappedArrays(tmp_path, 10**9).empty((10,))


def test_a_folder_that_cannot_be_written_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(mapped_arrays.tempfile, "gettempdir", lambda: str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    made = []
    temporary = mapped_arrays.tempfile.TemporaryFile
    monkeypatch.setattr(
        mapped_arrays.tempfile, "TemporaryFile", lambda dir: (made.append(dir), temporary(dir=dir))[1]
    )
    MappedArrays(tmp_path, 10**9).empty((10,))
    assert made == [tmp_path / "other"]
