"""Fixtures of the library's tests."""

import ase.io
import pytest

from tests.core.labelled import labelled


@pytest.fixture
def extxyz(tmp_path):
    path = tmp_path / "set.xyz"
    ase.io.write(path, labelled(), format="extxyz")
    return path
