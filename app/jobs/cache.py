"""Cache results in memory, shared by all sessions of the process."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import panel as pn

from quests_core.utils.arrays import read_only

from . import disk_cache
from .disk_cache import DiskCache


def weight(result: Any) -> int:
    """Return the size of the arrays in a result, bytes."""
    if isinstance(result, np.ndarray):
        return result.nbytes
    return sum(
        value.nbytes for value in getattr(result, "__dict__", {}).values() if isinstance(value, np.ndarray)
    )


class Cache:
    """Cache of results by content and parameters; evicts the least recently used.

    Parameters
    ----------
    n_entries, n_bytes : int
        Limits of the entries in memory.
    disk : DiskCache, optional
        Second level, which outlives the process.
    """

    def __init__(self, n_entries: int = 40, n_bytes: int = 1_500_000_000, disk: DiskCache | None = None):
        self._disk = disk
        self._entries: OrderedDict[Hashable, Any] = OrderedDict()
        self._n_entries, self._n_bytes, self._lock = n_entries, n_bytes, threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the result stored under `key`; compute and store it if missing."""
        result = self.find(key)
        if result is None:
            result = compute()
            if self._disk:
                self._disk.save(key, result)
            self._store(key, result)
        return result

    def in_memory(self, key: Hashable) -> Any | None:
        """Return the result that is in memory under `key`, or None."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def find(self, key: Hashable) -> Any | None:
        """Return the result stored under `key`, or None if it is missing."""
        result = self.in_memory(key)
        if result is not None:
            return result
        result = self._disk.load(key) if self._disk else None
        if result is not None:
            self._store(key, result)
        return result

    def _store(self, key: Hashable, result: Any) -> None:
        if isinstance(result, np.ndarray):
            # All sessions share this array.
            read_only(result, copy=False)
        with self._lock:
            self._entries[key] = result
            while len(self._entries) > 1 and self._is_full():
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Remove all entries from memory, not from disk."""
        with self._lock:
            self._entries.clear()

    def _is_full(self) -> bool:
        n_bytes = sum(weight(entry) for entry in self._entries.values())
        return len(self._entries) > self._n_entries or n_bytes > self._n_bytes


def cache() -> Cache:
    """Return the cache of the process."""
    return pn.state.as_cached("quests-cache", lambda: Cache(disk=disk_cache.default()))
