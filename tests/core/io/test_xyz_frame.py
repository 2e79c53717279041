"""Tests of the columns and results of xyz frames."""

import numpy as np
import pytest

from quests_core import atoms_energy, atoms_forces
from quests_core.io.dataset import load
from tests.core.single_frame import BARE, HEAD, one


@pytest.mark.parametrize(
    ("name", "stored"),
    [("forces", None), ("Force", "Force"), ("DFT_FORCES", "DFT_FORCES"), ("gap_force", "gap_force")],
)
def test_spellings_of_forces(tmp_path, name, stored):
    atoms = one(tmp_path, f"1\nProperties=species:S:1:pos:R:3:{name}:R:3:has_force:L:1\nSi 1 2 3 4 5 6D0 T\n")
    assert atoms_forces(atoms).tolist() == [[4, 5, 6]]
    assert stored is None or stored in atoms.arrays
    assert atoms.arrays["has_force"].tolist() == [True]


@pytest.mark.parametrize(
    "value",
    ["0.1 0.06 0.05 0.06 0.2 0.04 0.05 0.04 0.3", "0.1 0.2 0.3 0.04 0.05 0.06",
     "1D-1 2D-1 3D-1 4D-2 5D-2 6D-2",
     "_JSON [[0.1, 0.06, 0.05], [0.06, 0.2, 0.04], [0.05, 0.04, 0.3]]"],
)  # fmt: skip
def test_spellings_of_stress(tmp_path, value):
    atoms = one(tmp_path, BARE.format(f'{HEAD} stress="{value}"'))
    np.testing.assert_allclose(atoms.get_stress(), [0.1, 0.2, 0.3, 0.04, 0.05, 0.06])


@pytest.mark.parametrize("value", ["None", "0", '"1 2"', "T", '""'])
def test_unsuitable_stress_stays_in_info_and_is_noted(tmp_path, value):
    path = tmp_path / "one.xyz"
    path.write_text(BARE.format(f"{HEAD} energy=-1.5 stress={value}"), encoding="utf-8")
    dataset = load(path)
    assert "stress" in dataset.frames[0].info
    assert atoms_energy(dataset.frames[0]) == -1.5
    assert dataset.notes == ("'stress' looks like a label, but has no suitable value (frame 0)",)
