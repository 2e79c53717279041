"""Fixtures of the analysis tests."""

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis.parameters import Parameters
from quests_app.analysis.reference import reference
from tests.app.conftest import make_frames


@pytest.fixture
def other(tmp_path):
    """Return a reference with other frames than the open file."""
    frames = make_frames(np.random.default_rng(5), 14)
    path = tmp_path / "other.xyz"
    write(path, frames, format="extxyz")
    return reference(path, "other.xyz", Parameters())
