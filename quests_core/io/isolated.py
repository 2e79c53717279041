"""Isolated atoms, the energy references of a potential, recognised by geometry or label."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.geometry import minkowski_reduce

# A single atom whose nearest periodic image is farther away than this, in Å, is isolated.
ISOLATION_DISTANCE = 10.0


def shortest_period(atoms: Atoms) -> float:
    """Return the length of the shortest lattice vector along periodic axes, Å; infinity without any.

    The cell is reduced first, because the lattice of a skewed cell has shorter vectors than its cell vectors.

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
    """Return whether a label is ``IsolatedAtom``, ignoring case and underscores.

    Examples
    --------
    >>> is_isolated_label("isolated_atom"), is_isolated_label("bulk")
    (True, False)
    """
    return "".join(char for char in label.lower() if char.isalnum()) == "isolatedatom"


def is_isolated(atoms: Atoms, label: str = "") -> bool:
    """Return whether a frame is an isolated atom.

    A frame is an isolated atom if it is labelled as such, or if it contains a single atom whose nearest
    periodic image is farther away than `ISOLATION_DISTANCE`. The cutoff of the descriptor does not matter.

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


def label_of(atoms: Atoms, key: str | None = None) -> str:
    """Return the label of a frame: ``info[key]``, by default ``config_type`` in any case, or "".

    Examples
    --------
    >>> label_of(Atoms("H", info={"Config_type": "liquid", "phase": 2})), label_of(Atoms("H"), "phase")
    ('liquid', '')
    """
    if key is None:
        key = next((one for one in atoms.info if str(one).lower() == "config_type"), "")
    return str(atoms.info.get(key, ""))


def labels_of(frames: Sequence[Atoms], key: str | None = None) -> tuple[str, ...]:
    """Return the label of each frame; raise a ValueError if no frame has the given key."""
    if key is not None and not any(key in atoms.info for atoms in frames):
        have = ", ".join(sorted({str(one) for atoms in frames[:100] for one in atoms.info}))
        raise ValueError(f"label_key: expected a key that a frame has, got {key!r}; available: {have[:200]}")
    return tuple(label_of(atoms, key) for atoms in frames)


def isolated_frames(frames: Sequence[Atoms], label_key: str | None = None) -> list[int]:
    """Return the sorted numbers of the frames that are isolated atoms; see `is_isolated`."""
    labels = labels_of(frames, label_key)
    return [i for i, atoms in enumerate(frames) if is_isolated(atoms, labels[i])]
