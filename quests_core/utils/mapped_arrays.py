"""New arrays: in memory, or in temporary files that are mapped into it, for what does not fit.

The system reads pages of such files when they are used, and can take their memory back at any time. It does
so only when it has no other memory left, so that a process would seem to grow to the size of its files: they
are released when the process exceeds its limit.
"""

import contextlib
import mmap
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

from . import memory

# Makes an array from its shape and type: `empty` of NumPy or of `MappedArrays`.
Empty = Callable[..., np.ndarray]
# Seconds between two looks at the memory of the process, in which up to some 50 MB are read from a fast disk.
_PAUSE = 0.02
# Share of the limit from which files are released, as more are read meanwhile.
_RELEASED_AT = 0.7
# What remains on the disk for others.
_SPARE_BYTES = 100_000_000
_RELEASE = getattr(mmap, "MADV_DONTNEED", None)


class ArraysInMemory:
    """Makes arrays in memory, as `MappedArrays` makes them in files."""

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> np.ndarray:
        """Return an array with arbitrary numbers."""
        return np.empty(shape, dtype)

    def growing(self, dtype: DTypeLike) -> "GrowingArray":
        """Return a new `GrowingArray`."""
        return GrowingArray(dtype)

    def keep_limit(self) -> None:
        """Release memory that arrays in files take, as `MappedArrays` does."""

    def room(self) -> int | None:
        """Return the bytes of memory that arrays may still take; None if unknown, or if they are in files."""
        return memory.available()


class GrowingArray:
    """A one-dimensional array in memory that grows at its end.

    Examples
    --------
    >>> import numpy as np
    >>> growing = GrowingArray(np.int64)
    >>> growing.append(np.array([1, 2])), growing.append(np.array([3]))
    (0, 2)
    >>> growing.array().tolist()
    [1, 2, 3]
    """

    def __init__(self, dtype: DTypeLike):
        self._parts, self._n, self._lock = [np.empty(0, dtype)], 0, threading.Lock()

    def append(self, part: np.ndarray) -> int:
        """Append a copy of some numbers, and return the position of the first."""
        with self._lock:
            first, self._n = self._n, self._n + len(part)
            self._store(part)
        return first

    def array(self) -> np.ndarray:
        """Return the whole array; nothing is appended after that."""
        parts, self._parts = self._parts, []
        return np.concatenate(parts)

    def _store(self, part: np.ndarray) -> None:
        self._parts.append(part.copy())


class _GrowingFile(GrowingArray):
    """A `GrowingArray` in an unnamed file."""

    def __init__(self, dtype: DTypeLike, arrays: "MappedArrays", file: IO[bytes]):
        super().__init__(dtype)
        self._arrays, self._file = arrays, file
        weakref.finalize(self, file.close)

    def array(self) -> np.ndarray:
        with self._file as file:
            file.flush()
            empty = self._parts[0]
            return self._arrays.mapped(file, (self._n,), empty.dtype) if self._n else empty

    def _store(self, part: np.ndarray) -> None:
        self._arrays.check_space(part.nbytes)
        self._file.write(np.ascontiguousarray(part).data)


class MappedArrays(ArraysInMemory):
    """Arrays in unnamed files of a folder, which exist as long as the arrays do.

    Parameters
    ----------
    folder : Path
        Where the files are made; one that cannot be written is replaced by that of temporary files.
    limit : int
        Bytes. What is mapped is released when the process has grown by more than this.
    mapped : sequence of ndarray
        Arrays that are mapped already, and are released as well.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = MappedArrays(Path(tempfile.gettempdir()), 10**9)
    >>> a = arrays.empty((3, 2), np.float64)
    >>> a[:] = 1.0
    >>> arrays.release()
    >>> a.sum()
    np.float64(6.0)
    """

    def __init__(self, folder: Path, limit: int, mapped: tuple[np.ndarray, ...] = ()):
        self._folder = folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
        self._limit, self._before = int(_RELEASED_AT * limit), memory.process_memory()
        bases: list[object] = [array.base for array in mapped]
        self._files: weakref.WeakSet[mmap.mmap] = weakref.WeakSet(
            base for base in bases if isinstance(base, mmap.mmap)
        )
        self._lock = threading.Lock()
        watcher = threading.Thread(target=_keep_limit, args=(weakref.ref(self),), daemon=True)
        watcher.start()

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> np.ndarray:
        """Return an array in a new file, with arbitrary numbers.

        Raises
        ------
        ValueError
            If the disk has no space for it.
        """
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if n_bytes == 0:
            return np.empty(shape, dtype)
        self.keep_limit()
        self.check_space(n_bytes)
        with self._new_file() as file:
            _reserve(file.fileno(), n_bytes)
            return self.mapped(file, shape, dtype)

    def growing(self, dtype: DTypeLike) -> GrowingArray:
        """Return a new array in a file that grows at its end."""
        return _GrowingFile(dtype, self, self._new_file())

    def room(self) -> None:
        """Return None: the space on the disk is checked when an array is made, or grows."""

    def mapped(self, file: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        """Return the array that is the content of an open file, which may be closed then."""
        mapped = mmap.mmap(file.fileno(), 0)
        with self._lock:
            self._files.add(mapped)
        return np.frombuffer(mapped, dtype).reshape(shape)

    def release(self) -> None:
        """Release the memory of all files; what was written is kept, and read again when it is used."""
        if _RELEASE is None:
            return
        with self._lock:
            files = list(self._files)
        for mapped in files:
            # One that was closed meanwhile has nothing to release.
            with contextlib.suppress(ValueError, OSError):
                mapped.madvise(_RELEASE)

    def keep_limit(self) -> None:
        """Release all files if the process has grown beyond the limit, and they take a good part of it."""
        now, before = memory.process_memory(), self._before
        if now is None or before is None or now.rss - before.rss <= self._limit:
            return
        # Where the system does not tell, all may be mapped.
        mapped = now.shared - before.shared if hasattr(now, "shared") else now.rss - before.rss
        if mapped > self._limit // 4:
            self.release()

    def check_space(self, n_bytes: int) -> None:
        """Raise a ValueError if the disk has no space for some bytes."""
        free = shutil.disk_usage(self._folder).free
        if n_bytes + _SPARE_BYTES > free:
            raise ValueError(
                f"memory_limit: expected a limit within which the set fits, or {n_bytes / 1e9:,.1f} GB "
                f"more of the disk of {self._folder}, got {free / 1e9:,.1f} GB"
            )

    def _new_file(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._folder)


def _reserve(descriptor: int, n_bytes: int) -> None:
    """Give a file its size; a full disk fails here, not in a write to the mapped file, which would kill."""
    os.ftruncate(descriptor, n_bytes)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, n_bytes)


def _keep_limit(found: "weakref.ref[MappedArrays]") -> None:
    while (arrays := found()) is not None:
        arrays.keep_limit()
        del arrays
        time.sleep(_PAUSE)
