"""Fixtures and marks shared by all tests."""

from pathlib import Path

import numba
import numpy as np
import pytest

pytest.register_assert_rewrite("tests.invariance")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_configure(config):
    config.addinivalue_line("markers", "jit: too heavy to run with numba's compiler switched off")


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
