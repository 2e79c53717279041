"""Frames in skewed cells, and a slow reference for their neighbours."""

import itertools

import numpy as np
from ase import Atoms


def skewed(rng, n=7, pbc=True):
    """Return atoms of two elements in a left-handed, skewed cell; some lie many cells away."""
    cell = np.array([[4.0, 0.3, 0.1], [-2.5, 3.1, 0.4], [1.0, -1.7, -5.2]])
    positions = rng.uniform(size=(n, 3)) @ cell + rng.integers(-3, 4, size=(n, 3)) @ cell
    return Atoms(rng.choice([6, 29], n), positions, cell=cell, pbc=pbc)


def slab(rng):
    atoms = skewed(rng, n=12)
    atoms.set_scaled_positions(atoms.get_scaled_positions() + rng.integers(-3, 4, size=(12, 3)) * [1, 1, 0])
    atoms.pbc = True, True, False
    return atoms


def slow_neighbors(atoms, index, cutoff, reach=12):
    found = []
    ranges = [range(-reach, reach + 1) if periodic else (0,) for periodic in atoms.pbc]
    for j, shift in itertools.product(range(len(atoms)), itertools.product(*ranges)):
        vector = atoms.positions[j] + np.dot(shift, atoms.cell.array) - atoms.positions[index]
        distance = np.linalg.norm(vector)
        if distance <= cutoff and (j != index or any(shift)):
            found.append((j, *shift, round(distance, 9)))
    return sorted(found)
