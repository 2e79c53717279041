"""Chunks of a store from frames."""

import numpy as np
import pytest
from ase.build import bulk

from quests_core import descriptors
from quests_core.descriptors.frame_chunks import described_chunk
from tests.core.labelled import labelled


def describe(frames):
    return descriptors(frames, k=4, cutoff=3.0).X


def test_a_chunk_has_what_its_frames_have():
    frames = labelled()
    chunk = described_chunk(frames, describe, "a.xyz", 0, None)
    assert chunk.sizes.tolist() == [len(atoms) for atoms in frames]
    assert chunk.numbers.tolist() == [z for atoms in frames for z in atoms.numbers]
    assert chunk.descriptors.tobytes() == describe(frames).tobytes()
    assert chunk.forces.shape == (len(chunk.numbers), 3)
    assert len(chunk.energies) == len(chunk.labels) == len(frames)


def test_without_labels_there_are_none():
    chunk = described_chunk([bulk("Cu")], describe, "a.xyz", 0, None)
    assert np.isnan(chunk.forces).all()
    assert np.isnan(chunk.energies).all()
    assert chunk.labels == [""]


def test_an_error_names_file_and_frame():
    frames = [bulk("Cu", cubic=True) for _ in range(3)]
    frames[1].positions[2] = frames[1].positions[1]
    with pytest.raises(ValueError, match=r"^a\.xyz, frame 8: atoms 1 and 2 are at the same position"):
        described_chunk(frames, describe, "a.xyz", 7, None)


def test_labels_that_are_not_finite_are_missing():
    frames = labelled(n=3)
    frames[0].calc.results["forces"][-1, 2] = np.nan
    frames[1].calc.results |= {"energy": np.inf, "forces": np.full((len(frames[1]), 3), 1e200)}
    chunk = described_chunk(frames, describe, "a.xyz", 0, None)
    n_without = len(frames[0]) + len(frames[1])
    assert np.isnan(chunk.forces[:n_without]).all()
    assert np.isfinite(chunk.forces[n_without:]).all()
    assert np.isfinite(chunk.energies).tolist() == [True, False, True]
