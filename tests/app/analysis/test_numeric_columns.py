"""Numeric columns of frames and atoms."""

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis.color_fields import Fields
from quests_app.analysis.frame_columns import FrameColumns, gather
from quests_app.analysis.numeric_columns import DELTA, atom_values, frame_values, of_atoms, of_frames


@pytest.fixture
def described(session, frames, tmp_path):
    """Return a file whose frames and atoms have numbers, texts and missing values."""
    for i, atoms in enumerate(frames):
        atoms.info["note"] = "text"
        if i % 2:
            atoms.info["temperature"] = 100.0 + i
        atoms.arrays["weight"] = 0.5 * np.arange(len(atoms))
    write(tmp_path / "a.xyz", frames, format="extxyz")
    opened = session.open(tmp_path / "a.xyz").opened
    return opened, gather(opened)


def test_numbers_of_frames_are_offered_and_nothing_else(described):
    opened, facts = described
    found = of_frames(facts)
    assert found.titles["energy_per_atom"] == "energy / eV atom⁻¹"
    assert {"frame", "rank", "temperature", "max_weight", "mean_weight", "max_forces"} <= set(found.titles)
    assert not {"note", "label", "formula", "has_energy", "state"} & set(found.titles)
    assert found.of_subset == ("rank", "max_delta_entropy")
    columns = FrameColumns(facts)
    values = frame_values(columns, "temperature")
    assert np.isnan(values[::2]).all()
    np.testing.assert_array_equal(values[1::2], 100.0 + np.arange(1, len(opened.envs), 2))


def test_numbers_of_atoms_include_those_of_their_frame(described):
    opened, facts = described
    fields = Fields.from_dataset(opened)
    found = of_atoms(fields, facts)
    assert list(found.titles)[:3] == [DELTA, "force", "energy"]
    assert {"info:temperature", "arrays:weight"} <= set(found.titles)
    assert not {"label", "element", "info:note"} & set(found.titles)
    weights = [0.5 * np.arange(len(atoms)) for atoms in opened.dataset.frames]
    np.testing.assert_array_equal(atom_values(fields, None, "arrays:weight"), np.concatenate(weights))
    assert np.isnan(atom_values(fields, None, DELTA)).all()
    delta = np.arange(float(opened.envs.n_envs))
    np.testing.assert_array_equal(atom_values(fields, delta, DELTA), delta)
