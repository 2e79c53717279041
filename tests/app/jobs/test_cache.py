"""The cache of results in memory."""

import numpy as np
import pytest

from quests_app.jobs.cache import Cache


def test_the_cache_computes_once_and_evicts_the_least_used():
    cache, computed = Cache(n_entries=2), []

    def get(key):
        return cache.get(key, lambda: computed.append(key) or key)

    for key in "ababcab":
        assert get(key) == key
    # "a" was the least recently used when "c" was added, then "b" when "a" was added again.
    assert computed == ["a", "b", "c", "a", "b"]


def test_the_cache_respects_its_limit_in_bytes():
    cache, computed = Cache(n_bytes=1000), []

    def get(key, n):
        return cache.get(key, lambda: computed.append(key) or np.zeros(n, dtype=np.uint8))

    get("a", 600)
    get("b", 300)
    get("c", 300)
    get("b", 300)
    get("a", 600)
    assert computed == ["a", "b", "c", "a"]


def test_a_failure_is_not_cached():
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 / 0)
    assert cache.get("key", lambda: 1) == 1
