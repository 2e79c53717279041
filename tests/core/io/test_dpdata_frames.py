"""Frames from the data of dpdata."""

import sys

import numpy as np
import pytest

from quests_core import atoms_forces
from quests_core.io.dpdata_frames import frames_of, load_dpdata


def data(**more):
    return {
        "atom_names": ["H", "O"],
        "atom_types": np.array([1, 0]),
        "coords": np.arange(12.0).reshape(2, 2, 3),
        "cells": np.stack([2 * np.eye(3)] * 2),
        **more,
    }


def test_labels_are_those_of_the_data():
    found = frames_of(data(energies=np.array([1.0, 2.0]), virials=np.stack([8 * np.eye(3)] * 2)), "x")
    assert [str(atoms.symbols) for atoms in found] == ["OH", "OH"]
    assert [atoms.get_potential_energy() for atoms in found] == [1.0, 2.0]
    np.testing.assert_allclose(found[0].get_stress(), [-1, -1, -1, 0, 0, 0])
    assert atoms_forces(found[0]) is None
    assert found[0].info == {"source": "x"}


def test_without_a_cell_there_is_no_stress():
    (atoms, _) = frames_of(data(nopbc=True, virials=np.ones((2, 3, 3))), "x")
    assert not atoms.pbc.any()
    assert atoms.calc is None


def test_what_needs_dpdata_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dpdata", None)
    with pytest.raises(ImportError, match=r'of X need dpdata: pip install "quests-explorer\[dpdata\]"'):
        load_dpdata("folders of X")
