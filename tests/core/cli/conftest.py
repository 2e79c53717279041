"""Fixtures for the tests of the commands."""

import ase.io
import pytest

from tests.core.cli.commands import KEYED, frames_of


@pytest.fixture
def file(rng, tmp_path):
    ase.io.write(tmp_path / "train.xyz", frames_of(rng, 8), format="extxyz")
    return tmp_path / "train.xyz"


@pytest.fixture
def other(rng, tmp_path):
    ase.io.write(tmp_path / "other.xyz", frames_of(rng, 3, "Au"), format="extxyz")
    return tmp_path / "other.xyz"


@pytest.fixture
def keyed(tmp_path):
    """Return a file with custom keys of energy, forces and label, in which frame 2 is isolated."""
    path = tmp_path / "keyed.xyz"
    kinds = ("a", "a", "isolated_atom", "b", "b", "b")
    path.write_text("".join(KEYED.format(-1.5 * i, kind, 0.1 * i) for i, kind in enumerate(kinds)))
    return path
