"""Published data sets by name, such as ``gap20:Fullerenes``.

A name is a source and a key. `fetch` downloads a data set once and keeps it as an extxyz file in the
account's folder for caches (``$QUESTS_CACHE_DIR``) with its SHA-256 beside it; the next time this file is
compared with the hash and used, without a network. Needs ``pip install "quests-explorer[datasets]"``.
"""

from .catalogue import datasets
from .fetch import fetch, is_name, load

__all__ = ["datasets", "fetch", "is_name", "load"]
