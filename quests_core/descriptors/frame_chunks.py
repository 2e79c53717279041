"""Chunks of a store from frames: their descriptors, forces, energies and labels."""

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms

from ..io.isolated import label_of
from ..io.labels import frame_energies, usable_forces
from ..store.writer import Chunk


def described_chunk(
    frames: Sequence[Atoms],
    describe: Callable[[Sequence[Atoms]], np.ndarray],
    name: str,
    first: int,
    label_key: str | None,
) -> Chunk:
    """Return consecutive frames of the file `name`, of which `first` is the first, as a chunk of a store.

    Raises
    ------
    ValueError
        If `describe` raises one; the message names file and frame.
    """
    try:
        descriptors = describe(frames)
    except ValueError:
        _raise_located(frames, describe, name, first)
        raise
    return Chunk(
        descriptors=descriptors,
        numbers=np.concatenate([atoms.numbers for atoms in frames]),
        forces=np.concatenate([_forces(atoms) for atoms in frames]),
        sizes=np.array([len(atoms) for atoms in frames]),
        energies=frame_energies(frames),
        labels=[label_of(atoms, label_key) for atoms in frames],
    )


def _raise_located(frames, describe, name: str, first: int) -> None:
    """Raise the error about the first frame without descriptors, with its file and its number in it."""
    for i, atoms in enumerate(frames):
        try:
            describe([atoms])
        except ValueError as error:
            message = str(error).removeprefix("frame 0: ")
            raise ValueError(f"{name}, frame {first + i}: {message}") from error


def _forces(atoms: Atoms) -> np.ndarray:
    forces = usable_forces(atoms)
    return np.full((len(atoms), 3), np.nan) if forces is None else forces
