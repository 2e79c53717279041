"""Tests of predictions in extended XYZ: the keys of other programs, and files that do not fit."""

import ase.io
import numpy as np
import pytest
from ase import Atoms

from quests_core.potentials import TrainingError
from quests_core.potentials.prediction_file import read_predictions_file
from tests.core.potentials.trained import labelled_frames

FRAMES = [Atoms("CuAg", positions=[[0, 0, 0], [0, 0, 2]]), Atoms("Cu")]


def written(path, prefix="", frames=FRAMES):
    copies = [atoms.copy() for atoms in frames]
    for i, atoms in enumerate(copies):
        atoms.info[f"{prefix}energy"], atoms.arrays[f"{prefix}forces"] = -1.5 * i, np.full((len(atoms), 3), i)
    ase.io.write(path, copies, format="extxyz")
    return path


@pytest.mark.parametrize("prefix", ["", "MACE_"])
def test_energies_and_forces(tmp_path, prefix):
    found = read_predictions_file(written(tmp_path / "p.xyz", prefix), FRAMES)
    assert found.energies.tolist() == [0.0, -1.5]
    assert found.forces.tolist() == [[0.0] * 3, [0.0] * 3, [1.0] * 3]


def test_a_prefix_comes_before_labels_that_were_copied(tmp_path):
    frames = labelled_frames(2)
    for atoms in frames:
        atoms.info["MACE_energy"], atoms.arrays["MACE_forces"] = 7.0, np.ones((len(atoms), 3))
    ase.io.write(tmp_path / "p.xyz", frames, format="extxyz")
    found = read_predictions_file(tmp_path / "p.xyz", frames)
    assert found.energies.tolist() == [7.0, 7.0]
    assert (found.forces == 1).all()


def test_an_energy_may_be_missing(tmp_path):
    (tmp_path / "p.xyz").write_text("1\nProperties=species:S:1:pos:R:3:forces:R:3\nCu 0 0 0 1 2 3\n")
    found = read_predictions_file(tmp_path / "p.xyz", FRAMES[1:])
    assert np.isnan(found.energies).all()
    assert found.forces.tolist() == [[1.0, 2.0, 3.0]]


def test_files_that_do_not_fit(tmp_path):
    path = written(tmp_path / "p.xyz", frames=FRAMES[::-1])
    with pytest.raises(
        TrainingError, match=r"p\.xyz: expected the atoms of the 2 test frames, in their order"
    ):
        read_predictions_file(path, FRAMES)
    ase.io.write(path, FRAMES, format="extxyz")
    with pytest.raises(TrainingError, match=r"p\.xyz: expected forces in each frame"):
        read_predictions_file(path, FRAMES)
    for atoms in (copies := [atoms.copy() for atoms in FRAMES]):
        atoms.arrays |= {"one_forces": np.ones((len(atoms), 3)), "other_forces": np.zeros((len(atoms), 3))}
    ase.io.write(path, copies, format="extxyz")
    with pytest.raises(TrainingError, match="expected the predictions of one potential, got one, other"):
        read_predictions_file(path, FRAMES)
    path.write_text("no frames")
    with pytest.raises(TrainingError, match=r"p\.xyz: "):
        read_predictions_file(path, FRAMES)
