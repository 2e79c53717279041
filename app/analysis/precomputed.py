"""Precomputed descriptors, with or without their frames."""

import hashlib
from pathlib import Path

import numpy as np
from ase import Atoms

from quests_core import Environments
from quests_core.io.dataset import DataSet


def hash_of(envs: Environments) -> str:
    """Return the SHA-256 of descriptors and frame offsets."""
    return hashlib.sha256(envs.X.tobytes() + envs.offsets.tobytes()).hexdigest()


def check_fit(envs: Environments, dataset: DataSet) -> Environments:
    """Return `envs` if they match the frames.

    Raises
    ------
    ValueError
        If the number of frames or the number of atoms of a frame differs.
    """
    if len(envs) != len(dataset.frames):
        raise ValueError(f"envs: expected {len(dataset.frames)} frames, got {len(envs)}")
    sizes = np.array([len(atoms) for atoms in dataset.frames])
    wrong = np.flatnonzero(sizes != envs.sizes)
    if wrong.size:
        i = int(wrong[0])
        raise ValueError(f"envs: expected {sizes[i]} rows for frame {i}, one per atom, got {envs.sizes[i]}")
    return envs


def without_frames(envs: Environments, name: str) -> DataSet:
    """Return a data set for descriptors without frames, with dummy atoms at the origin."""
    return DataSet(
        name=name,
        path=Path(),
        sha256=hash_of(envs),
        frames=[Atoms(numbers=np.zeros(size, dtype=int)) for size in envs.sizes],
        labels=("",) * len(envs),
        elements=(),
        forces=np.full(envs.n_envs, np.nan),
        without_forces=tuple(range(len(envs))),
        locked=(),
        uploaded=True,
    )
