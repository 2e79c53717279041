"""Cache results on disk by content and parameters, so that an analysed file opens quickly again.

An entry is an uncompressed npz file of plain arrays, never a pickle, in a folder that only its owner can
read. A damaged entry or a disk error only causes a new computation.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import time
import zipfile
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import quests_core
from quests_core import Environments
from quests_core.utils.arrays import read_only
from quests_core.utils.atomic_write import PART, atomic_write
from quests_core.utils.cache_dir import cache_dir as default_folder
from quests_core.utils.escape import one_line

from ..analysis.method_path import MethodPath
from ..analysis.parameters import Marks
from .eviction import evict_oldest

log = logging.getLogger(__name__)

_PART_SECONDS = 3600


@cache
def code_version() -> str:
    """Return a hash of the sources, so that results of other versions are not used."""
    sources = [
        path
        for package in (Path(quests_core.__file__).parent, Path(__file__).parents[1])
        for path in sorted(package.rglob("*.py"))
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def is_stable(key: Any) -> bool:
    """Return whether a key has the same repr in every process: plain values, and tuples of them."""
    if isinstance(key, tuple):
        return all(is_stable(part) for part in key)
    if dataclasses.is_dataclass(key):
        compared = (field for field in dataclasses.fields(key) if field.compare)
        return all(is_stable(getattr(key, field.name)) for field in compared)
    return key is None or isinstance(key, str | int | float | np.generic)


def pack(result: Any) -> dict[str, np.ndarray] | None:
    """Convert a result to named arrays; return None for types that are not stored on disk."""
    if type(result) is np.ndarray and result.dtype.kind in "biuf":
        return {"array": result}
    if isinstance(result, Environments):
        return {"X": result.X, "offsets": result.offsets}
    if isinstance(result, MethodPath):
        columns = {f"curve {name}": result.curve[name].to_numpy() for name in result.curve}
        text = json.dumps([result.method, result.marks.locked, result.marks.excluded])
        return {
            "path": np.frombuffer(text.encode(), dtype=np.uint8),
            "order": result.order,
            "delta_entropy": result.delta_entropy,
            "sizes": result.sizes,
            **columns,
        }
    return None


def unpack(arrays: dict[str, np.ndarray]) -> Any:
    """Restore a result from the arrays of `pack`."""
    if "array" in arrays:
        return arrays["array"]
    if "X" in arrays:
        return Environments(read_only(arrays["X"], copy=False), arrays["offsets"])
    method, locked, excluded = json.loads(arrays["path"].tobytes())
    curve = {name.removeprefix("curve "): a for name, a in arrays.items() if name.startswith("curve ")}
    return MethodPath(
        method,
        arrays["order"],
        pd.DataFrame(curve),
        arrays["delta_entropy"],
        Marks(tuple(locked), tuple(excluded)),
        sizes=arrays["sizes"],
    )


class DiskCache:
    """Cache of results in a folder; evicts the least recently used.

    Parameters
    ----------
    folder : Path
        Created when the first result is stored.
    n_bytes : int
        Limit of the total size.
    version : str, optional
        Entries of another version are not found; by default a hash of the sources.
    """

    def __init__(self, folder: Path, n_bytes: int = 4_000_000_000, version: str | None = None):
        self._folder, self._n_bytes = folder, n_bytes
        self._version = version or code_version()

    def load(self, key: Hashable) -> Any | None:
        """Return the result stored under `key`, or None if it is missing or damaged."""
        path = self._path(key)
        if path is None or not path.is_file():
            return None
        try:
            result = unpack(_read(path, repr(key)))
            os.utime(path)
        except Exception as error:
            # A damaged file can raise anything; the result is then computed again.
            log.info("%s: not used: %s", path, one_line(error))
            return None
        return result

    def save(self, key: Hashable, result: Any) -> None:
        """Store a result if its type and the disk allow."""
        path, arrays = self._path(key), pack(result)
        if path is None or arrays is None or sum(a.nbytes for a in arrays.values()) > self._n_bytes:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            entry = {**arrays, "key": np.frombuffer(repr(key).encode(), dtype=np.uint8)}
            # Readers see complete entries only; an entry damaged by a crash is computed again.
            atomic_write(
                path, lambda file: np.savez(file, allow_pickle=False, **entry), private=True, sync=False
            )
            self._evict()
        except OSError as error:
            log.info("%s: not stored: %s", path, one_line(error))

    def _path(self, key: Hashable) -> Path | None:
        if not is_stable(key):
            return None
        return self._folder / f"{hashlib.sha256(f'{self._version} {key!r}'.encode()).hexdigest()}.npz"

    def _evict(self) -> None:
        for path in self._folder.glob(f"*{PART}"):
            # Another process may delete it first.
            with contextlib.suppress(FileNotFoundError):
                if abs(time.time() - path.stat().st_mtime) > _PART_SECONDS:
                    path.unlink()
        evict_oldest(self._folder.glob("*.npz"), self._n_bytes)


def default() -> DiskCache | None:
    """Return the cache of this account, or None if caching is disabled."""
    folder = default_folder()
    return None if folder is None else DiskCache(folder)


def _read(path: Path, key: str) -> dict[str, np.ndarray]:
    """Return the arrays of an entry; reading each to its end verifies its checksum."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):
                    raise ValueError(f"{name} is longer than declared in its header")
            arrays[name.removesuffix(".npy")] = array
    if arrays.pop("key").tobytes().decode() != key:
        raise ValueError("it belongs to another key")
    return arrays
