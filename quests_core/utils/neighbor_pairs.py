"""Pairs of neighbouring atoms, in cells of any shape."""

import numpy as np
from ase import Atoms
from ase.geometry import minkowski_reduce
from ase.neighborlist import neighbor_list


def neighbor_pairs(atoms: Atoms, cutoff: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of atoms, with periodic images, that are closer than a cutoff.

    The search goes through the images in the reduced cell of the same lattice, because its time grows with
    the height of the cell over its length: seconds for two atoms in a nearly flat cell.

    Parameters
    ----------
    atoms : ase.Atoms
        The frame.
    cutoff : float
        Largest distance, Å.

    Returns
    -------
    first, second : ndarray of shape (n_pairs,)
        Indices of the atoms of each pair; each pair is there from both sides.
    distances : ndarray of shape (n_pairs,)
        Their distances, Å.

    Examples
    --------
    >>> dimer = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.5]])
    >>> neighbor_pairs(dimer, 3.0)
    (array([0, 1]), array([1, 0]), array([2.5, 2.5]))
    """
    reduced = Atoms(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=minkowski_reduce(atoms.cell, atoms.pbc)[0] if atoms.pbc.any() else atoms.cell,
        pbc=atoms.pbc,
    )
    return neighbor_list("ijd", reduced, cutoff)
