"""Tests of data sets in memory."""

import hashlib

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import read, write_subset
from quests_core.io.dataset import load, mean_volume_per_atom, volume_per_atom


def labelled(atoms, forces, label):
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=forces)
    atoms.info["config_type"] = label
    return atoms


@pytest.fixture
def path(tmp_path):
    frames = [
        labelled(bulk("Cu", cubic=True), np.full((4, 3), 2.0), "fcc"),
        labelled(Atoms("Ag", cell=[20] * 3, pbc=True), np.zeros((1, 3)), "IsolatedAtom"),
        bulk("Ag", cubic=True),
    ]
    return write_subset(tmp_path / "set.xyz", frames, range(3))


def test_frames_labels_and_forces(path):
    dataset = load(path)
    assert dataset.name == "set.xyz"
    assert dataset.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [len(atoms) for atoms in dataset.frames] == [4, 1, 4]
    assert dataset.labels == ("fcc", "IsolatedAtom", "")
    assert dataset.elements == ("Ag", "Cu")
    np.testing.assert_allclose(dataset.forces, [12**0.5] * 4 + [0.0] + [np.nan] * 4)
    assert not dataset.forces.flags.writeable
    assert dataset.without_forces == (2,)
    assert dataset.has_forces
    assert dataset.locked == (1,)


def test_a_file_that_changes_while_it_is_read_is_refused(path):
    def read_and_change(*arguments):
        frames = read(*arguments)
        path.write_bytes(path.read_bytes() + b"\n")
        return frames

    with pytest.raises(ValueError, match=r"^set\.xyz changed while it was read"):
        load(path, read=read_and_change)


def test_volume_per_atom_of_periodic_frames(path):
    dataset = load(path)
    expected = (dataset.frames[0].cell.volume + dataset.frames[2].cell.volume) / 8
    assert volume_per_atom(dataset) == (pytest.approx(expected), 2)
    slab = bulk("Cu")
    slab.pbc = (True, True, False)
    assert mean_volume_per_atom([slab, Atoms(cell=[1] * 3, pbc=True)]) == (None, 0)
