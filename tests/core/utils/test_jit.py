"""Tests of the decorators of compiled functions."""

import pytest

from quests_core.selection import greedy
from quests_core.utils import jit, kernel_cache


@pytest.mark.jit
def test_compiled_functions_of_the_package_are_stored():
    assert greedy._leaders.stats.cache_path == str(kernel_cache.folder())
    # Others are not, as their globals are not part of the key.
    assert jit.jit(lambda x: 2 * x).stats.cache_path is None


@pytest.mark.jit
def test_another_numba_is_used_without_storing(monkeypatch):
    """The storage uses names of numba that may change."""
    monkeypatch.setattr(kernel_cache, "_Cache", object)
    jit._warn_once.cache_clear()
    with pytest.warns(RuntimeWarning, match="compiled kernels cannot be stored"):
        compiled = jit.jit(greedy._leaders.py_func)
    assert compiled.stats.cache_path is None
    jit._warn_once()
