"""Fixtures and marks shared by all tests."""

import os
import shutil
import tempfile
from pathlib import Path

import numba
import numpy as np
import pytest

pytest.register_assert_rewrite("tests.invariance")

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA, CASES = SHARED / "data", SHARED / "cases"


def pytest_configure(config):
    # Nobody's own cache is read or written, also not by the servers that tests start.
    os.environ["QUESTS_CACHE_DIR"] = tempfile.mkdtemp(prefix="quests-test-cache-")
    config.addinivalue_line("markers", "jit: too heavy to run with numba's compiler switched off")


def pytest_unconfigure(config):
    shutil.rmtree(os.environ["QUESTS_CACHE_DIR"], ignore_errors=True)


def pytest_collection_modifyitems(items):
    if not numba.config.DISABLE_JIT:
        return
    skip = pytest.mark.skip(reason="too heavy without numba's compiler (NUMBA_DISABLE_JIT=1)")
    for item in items:
        if "jit" in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def rng():
    return np.random.default_rng(20240607)


@pytest.fixture
def data_file():
    """Return the path of a file of real data; skip where the data are not installed."""

    def find(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"no real data here: {path} is absent")
        return path

    return find


@pytest.fixture
def case_file():
    """Return the path of a small input that once failed; skip where they are not installed."""

    def find(name):
        path = CASES / name
        if not path.exists():
            pytest.skip(f"no small inputs here: {path} is absent")
        return path

    return find
