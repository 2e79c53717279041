"""Fixtures of the library's tests."""

import os

import ase.io
import pytest

from tests.core.cluster import local_client
from tests.core.labelled import labelled


@pytest.fixture(scope="module", autouse=True)
def _compiled(request):
    """Where several workers need kernels, each is compiled once; what reads and writes files needs none."""
    needs_none = request.path.parent.name == "io" and request.path.name != "test_isolated.py"
    if "PYTEST_XDIST_WORKER" in os.environ and not needs_none:
        request.getfixturevalue("compiled")


@pytest.fixture(scope="module")
def client(compiled):
    """Return a client of a Dask cluster of two worker processes, which would all compile the same kernels."""
    with local_client() as found:
        yield found


@pytest.fixture(scope="module")
def threads():
    """Return a client of a Dask cluster of two workers in this process, which start at once."""
    with local_client(processes=False) as found:
        yield found


@pytest.fixture
def extxyz(tmp_path):
    path = tmp_path / "set.xyz"
    ase.io.write(path, labelled(), format="extxyz")
    return path
