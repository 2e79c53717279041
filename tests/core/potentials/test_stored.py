"""Tests of predictions that a file holds."""

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

import quests_core as q
from quests_core.potentials import prediction_errors, stored_predictions


def frame(n=2, **labels):
    atoms = Atoms(f"Cu{n}", positions=np.arange(3.0 * n).reshape(n, 3))
    for key, value in labels.items():
        if key.lower().endswith(("force", "forces")):
            atoms.arrays[key] = np.full((n, 3), float(value))
        else:
            atoms.info[key] = value
    return atoms


def test_names_are_what_precedes_and_energies_match_in_any_case():
    atoms = frame(forces=1, energy=-4.0, MACE_forces=2, mace_energy=-3.0, gap_force=3, **{"my-net-forces": 4})
    found = stored_predictions([atoms])
    assert list(found) == ["gap", "MACE", "my-net"]
    assert found["MACE"].energies.tolist() == [-3.0]
    assert np.isnan(found["gap"].energies).all()
    assert found["my-net"].forces.tolist() == [[4.0] * 3] * 2


def test_the_reference_is_no_prediction_whatever_its_name(tmp_path):
    assert stored_predictions([frame(dft_forces=1), frame(dft_forces=2)]) == {}
    assert stored_predictions([frame(MACE_forces=1)]) == {}, "the only forces are the reference"
    # Copied to the calculator, as the reader does.
    write(tmp_path / "a.xyz", [frame(REF_forces=1, forces=2, REF_energy=-1.0)], format="extxyz")
    (atoms,) = q.read(tmp_path / "a.xyz")
    reference = q.atoms_forces(atoms)
    assert all(not np.array_equal(one.forces, reference) for one in stored_predictions([atoms]).values())


def test_frames_without_a_prediction_are_nan():
    frames = [frame(forces=1, energy=-1.0, MACE_forces=2), frame(3, forces=1), frame(forces=0, MACE_forces=0)]
    (found,) = stored_predictions(frames).values()
    assert np.isnan(found.forces[2:5]).all()
    assert found.forces[5:].tolist() == [[0.0] * 3] * 2


def test_other_shapes_and_types_are_no_forces():
    atoms = frame(forces=1)
    atoms.arrays |= {
        "x_forces": np.zeros(2),
        "y_forces": np.zeros((2, 2)),
        "z_forces": np.array([["a"] * 3] * 2),
    }
    assert stored_predictions([atoms]) == {}


def test_errors_are_per_atom_and_missing_where_either_is():
    frames = [frame(forces=1, energy=-4.0, MACE_forces=3, MACE_energy=-3.0), frame(MACE_forces=3, forces=3)]
    errors = prediction_errors(frames, stored_predictions(frames)["MACE"])
    np.testing.assert_array_equal(errors.energies, [0.5, np.nan])
    np.testing.assert_array_equal(errors.forces, [[2.0] * 3] * 2 + [[0.0] * 3] * 2)
    without = [frame(MACE_forces=1, forces=0), Atoms("Cu")]
    errors = prediction_errors(without, stored_predictions(without)["MACE"])
    assert np.isnan(errors.forces[2:]).all()


def test_a_file_of_many_names_has_few_predictions():
    frames = [frame(forces=1, **{f"net{i}_forces": 2}) for i in range(40)]
    assert len(stored_predictions(frames)) == 20


@pytest.mark.parametrize("name", ["forces", "force", "Forces"])
def test_a_name_without_a_beginning_is_its_own(name):
    found = stored_predictions([frame(REF_forces=1, **{name: 2})])
    assert list(found) == [name]
