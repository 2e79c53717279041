"""Published data sets by name, such as ``gap20:Fullerenes``.

A name consists of a source and a key. `fetch` downloads a data set once and stores it as an extxyz file with
its SHA-256 in the user's cache directory (``$QUESTS_CACHE_DIR``). Later calls verify the hash and need no
network. Requires ``pip install "quests-explorer[datasets]"``.
"""

from .catalogue import datasets
from .fetch import fetch, is_name, load

__all__ = ["datasets", "fetch", "is_name", "load"]
