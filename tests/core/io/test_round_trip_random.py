"""Random frames are written and read back without any difference.

``QUESTS_ROUND_TRIP_CASES=2000`` sets their number; by default there are 200, always the same.
"""

import os

import pytest

import quests_core as q
from tests.core.round_trip import plain, read_back, table

hypothesis = pytest.importorskip("hypothesis")
from tests.core import random_frames  # noqa: E402

N_CASES = int(os.environ.get("QUESTS_ROUND_TRIP_CASES", 200))


@hypothesis.settings(
    max_examples=N_CASES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
@hypothesis.given(random_frames.frames())
def test_random_frames_are_read_back(tmp_path, atoms):
    (after,) = read_back(tmp_path, [atoms])
    assert table(after) == table(atoms)
    assert plain(q.atoms_energy(after)) == plain(q.atoms_energy(atoms))
    assert plain(q.atoms_forces(after)) == plain(q.atoms_forces(atoms))
