"""Tests of the merged content of a frame."""

import ase.io
import numpy as np
import pytest

import quests_core as q
from tests.core.round_trip import frame, read_back


def test_a_label_in_two_places_is_merged(tmp_path):
    (after,) = read_back(tmp_path, [frame({"energy": -14.0, "stress": None, "free_energy": None})])
    assert after.calc.results.keys() == {"energy", "forces"}
    assert after.info == {}


@pytest.mark.parametrize("key", ["stress", "virial"])
def test_six_numbers_are_a_matrix(tmp_path, key):
    (after,) = read_back(tmp_path, [frame({key: np.arange(6.0)})])
    found = after.get_stress(voigt=False) if key == "stress" else after.info[key]
    assert found.tolist() == [[0, 5, 4], [5, 1, 3], [4, 3, 2]]
    plain_ase = ase.io.read(tmp_path / "written.xyz")
    assert plain_ase.get_potential_energy() == -14.0


def test_different_energies_of_a_frame_are_refused(case_file, tmp_path):
    with pytest.raises(ValueError, match=r"^frame 0: info\['energy'\]: expected .* -4\.4.*, got -1\.0$"):
        q.write_subset(tmp_path / "s.xyz", case_file("energy_in_info_too.traj"), [0, 1])
    assert not list(tmp_path.iterdir())
