"""Geometry of a drawn frame: wrapped positions, periodic copies, neighbours, bonds, cell and force arrows.

Arrays in, arrays out: lengths in Å, forces in eV Å⁻¹.
"""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.geometry import complete_cell, minkowski_reduce
from scipy.spatial import cKDTree

ATOM_LIMIT = 5_000
BOND_LIMIT = 30_000
# As in Jmol and Open Babel: atoms are bonded below the sum of their covalent radii and this tolerance.
BOND_TOLERANCE = 0.45
_LONGEST_ARROW = 3.0
NO_ARROWS = np.empty((0, 2, 3)), 0.0


def atomic_radii(numbers: np.ndarray) -> np.ndarray:
    """Return covalent radii, Å; for unknown elements that of ASE's dummy atom."""
    return covalent_radii[np.where(numbers < len(covalent_radii), numbers, 0)]


def wrapped(atoms: Atoms) -> np.ndarray:
    """Return positions moved into the cell along periodic axes, shape (n_atoms, 3)."""
    cell = complete_cell(atoms.cell)
    shifts = np.floor(np.linalg.solve(cell.T, atoms.positions.T).T + 1e-9) * atoms.pbc
    return atoms.positions - shifts @ cell


def copies_of(atoms: Atoms, wanted: int, limit: int = ATOM_LIMIT) -> tuple[int, int, int]:
    """Return the copies along each axis: `wanted` along periodic ones, or fewer for at most `limit` atoms."""
    n_periodic = int(atoms.pbc.sum())
    while wanted > 1 and len(atoms) * wanted**n_periodic > limit:
        wanted -= 1
    x, y, z = (int(wanted) if periodic else 1 for periodic in atoms.pbc)
    return x, y, z


def copy_shifts(copies: tuple[int, int, int]) -> np.ndarray:
    """Return the integer shift of each copy, shape (n_copies, 3); the frame is the middle one of three."""
    ranges = [np.arange(n) - (n - 1) // 2 for n in copies]
    return np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)


def neighbors_of(
    atoms: Atoms, positions: np.ndarray, index: int, cutoff: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return atom, shift and distance of all neighbours of one atom, including periodic images.

    As in a descriptor, where its weight is 0, an atom exactly at the cutoff is a neighbour.
    """
    cell = complete_cell(atoms.cell)
    inverse = np.linalg.inv(cell)
    fractions = (positions - positions[index]) @ inverse
    # Move each atom next to the picked one first, as coordinates may be many cells apart.
    to_nearest = np.rint(fractions).astype(int) * atoms.pbc
    # The spacing of lattice planes bounds the number of cells that the sphere reaches along each axis.
    reach = np.floor(cutoff * np.linalg.norm(inverse, axis=0) + 0.5).astype(int) * atoms.pbc
    shifts = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1)
    shifts = shifts.reshape(-1, 3)
    vectors = ((fractions - to_nearest) @ cell)[None] + (shifts @ cell)[:, None]
    distances = np.linalg.norm(vectors, axis=-1)
    inside = distances <= cutoff
    inside[(shifts == 0).all(axis=1), index] = False
    copy, near = np.nonzero(inside)
    return near, shifts[copy] - to_nearest[near], distances[inside]


def reduced_cell(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Return the Minkowski-reduced cell and its pseudo-inverse, both of shape (3, 3), to find nearest images.

    The nearest image of a vector ``d`` is the shortest of ``d - rint(d @ inverse) @ cell`` plus -1, 0 or 1
    times each row of ``cell``. Rows of ``cell`` and columns of ``inverse`` of axes without periodicity are 0.
    """
    cell, _ = minkowski_reduce(complete_cell(atoms.cell), pbc=atoms.pbc)
    periodic = cell * atoms.pbc[:, None]
    return periodic, np.linalg.pinv(periodic)


def bonds_between(positions: np.ndarray, numbers: np.ndarray, limit: int = BOND_LIMIT) -> np.ndarray:
    """Return the pairs of rows closer than the sum of their covalent radii and `BOND_TOLERANCE`.

    Return no pairs if there are more than `limit`, which would hide everything else.
    """
    if len(positions) < 2:
        return np.empty((0, 2), dtype=int)
    radii = atomic_radii(numbers)
    pairs = cKDTree(positions).query_pairs(2 * radii.max() + BOND_TOLERANCE, output_type="ndarray")
    distances = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
    pairs = pairs[distances < radii[pairs].sum(axis=1) + BOND_TOLERANCE]
    return pairs if len(pairs) <= limit else pairs[:0]


def cell_edges(atoms: Atoms, copies: tuple[int, int, int], first: np.ndarray) -> np.ndarray:
    """Return the edges of all copies of the cell, shape (n_edges, 2, 3).

    Axes without a cell vector have no edges. `first` is the shift of the first copy.
    """
    cell = atoms.cell.array
    axes = [axis for axis in range(3) if np.linalg.norm(cell[axis]) > 0]
    edges = []
    for axis in axes:
        others = [other for other in axes if other != axis]
        steps = np.zeros((int(np.prod([copies[other] + 1 for other in others])), 3))
        if others:
            grid = np.meshgrid(*(np.arange(copies[other] + 1) for other in others), indexing="ij")
            steps[:, others] = np.stack(grid, axis=-1).reshape(-1, len(others))
        start = (steps + first) @ cell
        edges.append(np.stack([start, start + copies[axis] * cell[axis]], axis=1))
    return np.concatenate(edges) if edges else np.empty((0, 2, 3))


def force_arrows(positions: np.ndarray, forces: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the arrows of the forces and their scale, Å per eV Å⁻¹.

    The scale is the largest 1, 2 or 5 times a power of ten for which no arrow is longer than 3 Å.
    """
    norms = np.linalg.norm(forces, axis=1)
    if not np.isfinite(norms).all() or norms.max(initial=0.0) == 0:
        return NO_ARROWS
    scale = round_down(_LONGEST_ARROW / norms.max())
    shown = scale * norms > 0.05
    tails = positions[shown]
    return np.stack([tails, tails + scale * forces[shown]], axis=1), scale


def round_down(value: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most `value` > 0."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-12)))
