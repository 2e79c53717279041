"""Isolated atoms: the energy references of a potential, known by geometry or label, never by a cutoff."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.geometry import minkowski_reduce

# An atom whose nearest periodic image is farther away than this, Å, is isolated.
ISOLATION_DISTANCE = 10.0


def shortest_period(atoms: Atoms) -> float:
    """Return the length of the shortest lattice vector, Å; infinite where no axis is periodic.

    Only periodic axes count. The cell is reduced first, as the lattice of a skewed cell has vectors shorter
    than its three.

    Examples
    --------
    >>> shortest_period(Atoms("Cu", cell=[[9, 0, 0], [8, 3, 0], [0, 0, 9]], pbc=True)) < 3.2
    True
    """
    if not atoms.pbc.any():
        return np.inf
    reduced, _ = minkowski_reduce(atoms.cell, atoms.pbc)
    return float(np.linalg.norm(np.asarray(reduced)[atoms.pbc], axis=1).min())


def is_isolated_label(label: str) -> bool:
    """Say whether a label is ``IsolatedAtom``, in any case, with or without an underscore.

    Examples
    --------
    >>> is_isolated_label("isolated_atom"), is_isolated_label("bulk")
    (True, False)
    """
    return "".join(char for char in label.lower() if char.isalnum()) == "isolatedatom"


def is_isolated(atoms: Atoms, label: str = "") -> bool:
    """Say whether a frame is an isolated atom.

    It is if it is labelled so, or if it is one atom whose nearest periodic image is farther away than
    `ISOLATION_DISTANCE`, whatever the cutoff of the descriptor.

    Parameters
    ----------
    atoms : ase.Atoms
        The frame.
    label : str
        Its ``config_type``.

    Examples
    --------
    >>> is_isolated(Atoms("Cu", cell=[12, 12, 12], pbc=True))
    True
    >>> is_isolated(Atoms("Cu", cell=[9, 9, 9], pbc=True))
    False
    >>> is_isolated(Atoms("Cu", cell=[9, 9, 9], pbc=True), "isolated_atom")
    True
    """
    return is_isolated_label(label) or (len(atoms) == 1 and shortest_period(atoms) > ISOLATION_DISTANCE)


def label_of(atoms: Atoms) -> str:
    """Return the ``config_type`` of a frame, "" where it has none; the key's case does not count."""
    return str(next((value for key, value in atoms.info.items() if key.lower() == "config_type"), ""))


def isolated_frames(frames: Sequence[Atoms]) -> list[int]:
    """Return the frames that are isolated atoms, rising; see `is_isolated`."""
    return [i for i, atoms in enumerate(frames) if is_isolated(atoms, label_of(atoms))]
