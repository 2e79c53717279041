"""Precomputed descriptors, with or without their frames."""

import numpy as np
import pytest

from quests_app.analysis.parameters import load
from quests_app.analysis.precomputed import check_fit, hash_of, without_frames
from quests_core import Environments


def test_the_hash_depends_on_descriptors_and_frames(rng):
    X = rng.normal(size=(6, 2))
    envs = [Environments(X, [0, 2, 6]), Environments(X, [0, 3, 6]), Environments(X + 1, [0, 2, 6])]
    assert len({hash_of(one) for one in envs}) == 3
    assert hash_of(Environments(X.copy(), [0, 2, 6])) == hash_of(envs[0])


def test_descriptors_must_have_a_row_per_atom_of_each_frame(file, rng):
    dataset = load(file)
    offsets = np.cumsum([0, *map(len, dataset.frames)])
    envs = Environments(rng.normal(size=(offsets[-1], 2)), offsets)
    assert check_fit(envs, dataset) is envs
    with pytest.raises(ValueError, match="envs: expected 24 frames, got 23"):
        check_fit(envs.take(range(23)), dataset)
    with pytest.raises(ValueError, match="envs: expected 1 rows for frame 0, one per atom, got 4"):
        check_fit(envs.take([1, 0, *range(2, 24)]), dataset)


def test_a_data_set_without_frames_has_as_many_dummy_atoms(rng):
    envs = Environments(rng.normal(size=(6, 2)), [0, 2, 6])
    dataset = without_frames(envs, "mine")
    assert [len(atoms) for atoms in dataset.frames] == [2, 4]
    assert not any(atoms.numbers.any() or atoms.positions.any() for atoms in dataset.frames)
    assert (dataset.name, dataset.sha256, dataset.elements) == ("mine", hash_of(envs), ())
    assert (dataset.has_forces, dataset.without_forces, dataset.locked) == (False, (0, 1), ())
