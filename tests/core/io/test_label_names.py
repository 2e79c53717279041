"""Tests of the names of labels: prefix and quantity, in any case, singular or plural."""

import numpy as np
import pytest

from quests_core.io.label_names import (
    PREFIXES,
    label_keys,
    label_name,
    unrecognised_labels,
)

FORMS = {
    "energy": ("energy", "energies"),
    "free_energy": ("free_energy",),
    "forces": ("force", "forces"),
    "stress": ("stress", "stresses"),
    "virials": ("virial", "virials"),
}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("quantity", FORMS)
def test_every_prefix_with_every_quantity_in_any_case(prefix, quantity):
    for form in FORMS[quantity]:
        for joint in ("_", "-", "") if prefix else ("",):
            name = f"{prefix}{joint}{form}"
            for spelt in (name, name.upper(), name.capitalize(), name.title(), prefix.upper() + joint + form):
                assert label_name(spelt) == (quantity, prefix), spelt


@pytest.mark.parametrize(
    "key",
    ["source_of_energy", "has_force", "energy_cutoff", "kinetic_energy", "E", "", "_", "energyx",
     "config_type", "gap_energy_error", "forces_x", "x" * 10**6 + "energy"],
)  # fmt: skip
def test_other_names(key):
    assert label_name(key) is None


def test_precedence_of_names():
    keys = ["mace_energy", "dft_energy", "ENERGY", "free_energy", "Energy", "energy", "REF_energy", "pbc"]
    assert label_keys("energy", keys) == [
        "REF_energy", "energy", "ENERGY", "Energy", "free_energy", "dft_energy", "mace_energy",
    ]  # fmt: skip
    assert label_keys("energy", keys[::-1]) == label_keys("energy", keys)
    assert label_keys("energy", ["free_energy"]) == ["free_energy"]
    assert label_keys("energy", ["pbc"]) == []
    assert label_keys("forces", ["force", "forces", "REF_force", "energy"])[0] == "REF_force"
    assert label_keys("forces", ["gap_force", "dft_force"])[0] == "dft_force"
    assert label_keys("stress", ["dft_virial", "dft_stress"]) == ["dft_stress"]
    assert label_keys("virials", ["dft_virial", "dft_stress", "virials"])[0] == "virials"


def test_unrecognised_labels_are_listed():
    info = {
        "final_energy": -1.5, "TotEnergy": 3, "energy_dft": -1.0, "E": -2.0, "my_virial": np.eye(3),
        "stress_x": np.arange(6.0), "energy": "n/a", "dft_stress": 5, "virial": None,
        # These are not labels.
        "source_of_energy": "dft", "has_energy": True, "kinetic_energy": 0.5, "energy_cutoff": 500.0, "Z": 1,
        "REF_energy": -1.0, "virials": np.arange(9.0), "stress": np.arange(6.0), "comment": "energy",
        "energy_weight": 1.0, "forces_are": [[1], [1, 2]],
    }  # fmt: skip
    arrays = {"my_forces": np.zeros((2, 3)), "force_weight": np.zeros(2), "has_force": np.ones(2, dtype=bool)}
    arrays |= {"forces": np.zeros((2, 3)), "REF_forces": np.zeros(2), "F": np.zeros((2, 3))}
    assert unrecognised_labels(info, arrays, 2) == [
        "E", "F", "REF_forces", "TotEnergy", "dft_stress", "energy", "energy_dft", "final_energy",
        "my_forces", "my_virial", "stress_x", "virial",
    ]  # fmt: skip
