"""One frame as a scene to be drawn: atoms and their copies, bonds, cell, forces, one environment.

Arrays in, arrays out: lengths in Å, forces in eV Å⁻¹. Colours are decided elsewhere.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.geometry import complete_cell
from scipy.spatial import cKDTree

ATOM_LIMIT = 5_000
BOND_LIMIT = 30_000
# As in Jmol and Open Babel: bonded where the distance is below the sum of the covalent radii and this.
BOND_TOLERANCE = 0.45
_DRAWN_RADIUS = 0.5
_LONGEST_ARROW = 3.0
# How an atom is drawn.
PLAIN, NEAR, FAR, PICKED = range(4)


@dataclass(frozen=True)
class SceneOptions:
    """What is shown of a frame.

    Attributes
    ----------
    copies : int
        Periodic copies along each periodic axis; fewer where there would be too many atoms.
    bonds, cell, forces : bool
        Whether these are drawn.
    wrap : bool
        Whether atoms are moved into the cell along periodic axes.
    around : bool
        Whether the picture is centred on the picked atom and shows its environment only.
    """

    copies: int = 1
    bonds: bool = True
    cell: bool = True
    forces: bool = False
    wrap: bool = False
    around: bool = False


@dataclass(frozen=True, eq=False)
class Scene:
    """What is drawn, with the origin at the point about which it turns.

    Attributes
    ----------
    positions : ndarray of shape (n, 3)
        Atoms, their copies, and images that belong to the picked environment only.
    atom : ndarray of shape (n,)
        Atom of the frame that each of them is.
    radius : ndarray of shape (n,)
        Å.
    style : ndarray of shape (n,)
        `PLAIN`; with a picked atom `NEAR` (within the cutoff), `FAR`, or `PICKED`.
    bonds : ndarray of shape (n_bonds, 2)
        Rows of `positions`.
    edges : ndarray of shape (n_edges, 2, 3)
        Lines of the cell and its copies.
    arrows : ndarray of shape (n_arrows, 2, 3)
        Tails and heads of the forces.
    arrow_scale : float
        Å drawn for 1 eV Å⁻¹.
    sphere : float
        Radius of the cutoff sphere about the picked atom, 0 without one.
    picked : int
        Row of `positions`, −1 where no atom is picked.
    extent : float
        Radius about the origin that holds everything.
    neighbors : ndarray
        Distances of the picked atom's neighbours within the cutoff, rising.
    copies : tuple of int
        Periodic copies along each axis.
    around : bool
        Whether only the picked environment need be seen.
    """

    positions: np.ndarray
    atom: np.ndarray
    radius: np.ndarray
    style: np.ndarray
    bonds: np.ndarray
    edges: np.ndarray
    arrows: np.ndarray
    arrow_scale: float
    sphere: float
    picked: int
    extent: float
    neighbors: np.ndarray
    copies: tuple[int, int, int]
    around: bool


def make_scene(
    atoms: Atoms,
    look: SceneOptions,
    picked: int | None = None,
    cutoff: float = 0.0,
    forces: np.ndarray | None = None,
) -> Scene:
    """Return what is drawn of a frame.

    Parameters
    ----------
    atoms : Atoms
        The frame.
    look : Look
        What is shown.
    picked : int, optional
        Atom whose environment is emphasised.
    cutoff : float
        Radius of an environment, Å.
    forces : ndarray of shape (n_atoms, 3), optional
        Drawn as arrows where `look` says so.
    """
    home = wrapped(atoms) if look.wrap else atoms.positions.astype(np.float64)
    copies = (1, 1, 1) if look.around else copies_of(atoms, look.copies)
    shifts = copy_shifts(copies)
    drawn = _Drawn.copies(atoms, home, shifts)
    distances = drawn.mark(atoms, home, shifts, picked, cutoff) if picked is not None else np.empty(0)
    edges = cell_edges(atoms, copies, shifts[0]) if look.cell else np.empty((0, 2, 3))
    arrows, scale = _NO_ARROWS
    if look.forces and forces is not None:
        arrows, scale = force_arrows(drawn.positions, forces[drawn.atom])
    origin, extent = _view(drawn, edges, look, cutoff)
    return Scene(
        positions=drawn.positions - origin,
        atom=drawn.atom,
        radius=_DRAWN_RADIUS * _radii(atoms.numbers)[drawn.atom],
        style=drawn.style,
        bonds=_bonds(drawn, atoms.numbers, look),
        edges=edges - origin,
        arrows=arrows - origin,
        arrow_scale=scale,
        sphere=cutoff if drawn.row >= 0 else 0.0,
        picked=drawn.row,
        extent=extent,
        neighbors=distances,
        copies=copies,
        around=look.around and drawn.row >= 0,
    )


_NO_ARROWS = np.empty((0, 2, 3)), 0.0


@dataclass
class _Drawn:
    """Atoms as they are collected: the frame's copies, then what the picked environment needs."""

    positions: np.ndarray
    atom: np.ndarray
    style: np.ndarray
    row: int = -1

    @classmethod
    def copies(cls, atoms: Atoms, home: np.ndarray, shifts: np.ndarray) -> "_Drawn":
        positions = (home + (shifts @ atoms.cell.array)[:, None]).reshape(-1, 3)
        atom = np.tile(np.arange(len(atoms)), len(shifts))
        return cls(positions, atom, np.full(len(atom), PLAIN, dtype=np.uint8))

    def mark(self, atoms, home, shifts, picked: int, cutoff: float) -> np.ndarray:
        """Mark the environment of the picked atom and add its images; return its distances, rising."""
        near, near_shifts, distances = neighbors_of(atoms, home, picked, cutoff)
        first_row = {tuple(shift): i * len(atoms) for i, shift in enumerate(shifts.tolist())}
        self.row = first_row[0, 0, 0] + picked
        first = np.array([first_row.get(tuple(shift), -1) for shift in near_shifts.tolist()], dtype=int)
        is_image = first < 0
        self.style[:] = FAR
        self.style[(first + near)[~is_image]] = NEAR
        self.style[self.row] = PICKED
        images, image_shifts = near[is_image], near_shifts[is_image]
        self.positions = np.concatenate([self.positions, home[images] + image_shifts @ atoms.cell.array])
        self.atom = np.concatenate([self.atom, images])
        self.style = np.concatenate([self.style, np.full(len(images), NEAR, dtype=np.uint8)])
        return np.sort(distances)


def _view(drawn: _Drawn, edges: np.ndarray, look: SceneOptions, cutoff: float) -> tuple[np.ndarray, float]:
    """Return the point about which the picture turns, and how far it reaches."""
    if look.around and drawn.row >= 0:
        return drawn.positions[drawn.row], cutoff + 0.5
    points = np.concatenate([drawn.positions, edges.reshape(-1, 3)])
    origin = (points.min(axis=0) + points.max(axis=0)) / 2
    extent = float(np.linalg.norm(points - origin, axis=1).max()) + 0.7
    if drawn.row >= 0:
        extent = max(extent, float(np.linalg.norm(drawn.positions[drawn.row] - origin)) + cutoff)
    return origin, extent


def _bonds(drawn: _Drawn, numbers: np.ndarray, look: SceneOptions) -> np.ndarray:
    if not look.bonds:
        return np.empty((0, 2), dtype=int)
    bonds = bonds_between(drawn.positions, numbers[drawn.atom])
    return bonds[(drawn.style[bonds] != FAR).all(axis=1)] if look.around else bonds


def _radii(numbers: np.ndarray) -> np.ndarray:
    """Return covalent radii, Å; that of an unknown element for what has none."""
    return covalent_radii[np.where(numbers < len(covalent_radii), numbers, 0)]


def wrapped(atoms: Atoms) -> np.ndarray:
    """Return positions moved into the cell along periodic axes, shape (n_atoms, 3)."""
    cell = complete_cell(atoms.cell)
    turns = np.floor(np.linalg.solve(cell.T, atoms.positions.T).T + 1e-9) * atoms.pbc
    return atoms.positions - turns @ cell


def copies_of(atoms: Atoms, wanted: int, limit: int = ATOM_LIMIT) -> tuple[int, int, int]:
    """Return the copies along each axis: `wanted` along periodic ones, fewer to stay below `limit` atoms."""
    n_periodic = int(atoms.pbc.sum())
    while wanted > 1 and len(atoms) * wanted**n_periodic > limit:
        wanted -= 1
    x, y, z = (int(wanted) if periodic else 1 for periodic in atoms.pbc)
    return x, y, z


def copy_shifts(copies: tuple[int, int, int]) -> np.ndarray:
    """Return the whole-number shift of each copy, shape (n_copies, 3); for 3 the frame is in the middle."""
    ranges = [np.arange(n) - (n - 1) // 2 for n in copies]
    return np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)


def neighbors_of(
    atoms: Atoms, positions: np.ndarray, index: int, cutoff: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return atom, shift and distance of all neighbours of one atom, all images counted.

    An atom exactly at the cutoff is one, as it is in a descriptor, where its weight is 0.
    """
    cell = complete_cell(atoms.cell)
    inverse = np.linalg.inv(cell)
    fractions = (positions - positions[index]) @ inverse
    # Each atom is first moved next to the picked one, as coordinates may be many cells apart.
    turns = np.rint(fractions).astype(int) * atoms.pbc
    # The distance of lattice planes tells how many cells the sphere can reach along each axis.
    reach = np.floor(cutoff * np.linalg.norm(inverse, axis=0) + 0.5).astype(int) * atoms.pbc
    shifts = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1)
    shifts = shifts.reshape(-1, 3)
    vectors = ((fractions - turns) @ cell)[None] + (shifts @ cell)[:, None]
    distances = np.linalg.norm(vectors, axis=-1)
    inside = distances <= cutoff
    inside[(shifts == 0).all(axis=1), index] = False
    copy, near = np.nonzero(inside)
    return near, shifts[copy] - turns[near], distances[inside]


def bonds_between(positions: np.ndarray, numbers: np.ndarray, limit: int = BOND_LIMIT) -> np.ndarray:
    """Return pairs of rows that are nearer than the sum of their covalent radii and `BOND_TOLERANCE`.

    None where there would be more than `limit`: nothing could be seen between them.
    """
    if len(positions) < 2:
        return np.empty((0, 2), dtype=int)
    radii = _radii(numbers)
    pairs = cKDTree(positions).query_pairs(2 * radii.max() + BOND_TOLERANCE, output_type="ndarray")
    distances = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
    pairs = pairs[distances < radii[pairs].sum(axis=1) + BOND_TOLERANCE]
    return pairs if len(pairs) <= limit else pairs[:0]


def cell_edges(atoms: Atoms, copies: tuple[int, int, int], first: np.ndarray) -> np.ndarray:
    """Return the lines between the corners of all copies of the cell, shape (n_edges, 2, 3).

    Axes without a vector have no line. `first` is the shift of the first copy.
    """
    cell = atoms.cell.array
    there = [axis for axis in range(3) if np.linalg.norm(cell[axis]) > 0]
    edges = []
    for axis in there:
        others = [other for other in there if other != axis]
        steps = np.zeros((int(np.prod([copies[other] + 1 for other in others])), 3))
        if others:
            grid = np.meshgrid(*(np.arange(copies[other] + 1) for other in others), indexing="ij")
            steps[:, others] = np.stack(grid, axis=-1).reshape(-1, len(others))
        start = (steps + first) @ cell
        edges.append(np.stack([start, start + copies[axis] * cell[axis]], axis=1))
    return np.concatenate(edges) if edges else np.empty((0, 2, 3))


def force_arrows(positions: np.ndarray, forces: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the arrows of the forces, and the Å drawn for 1 eV Å⁻¹.

    The scale is 1, 2 or 5 times a power of ten, the largest for which no arrow is longer than 3 Å.
    """
    norms = np.linalg.norm(forces, axis=1)
    if not np.isfinite(norms).all() or norms.max(initial=0.0) == 0:
        return _NO_ARROWS
    scale = round_down(_LONGEST_ARROW / norms.max())
    shown = scale * norms > 0.05
    tails = positions[shown]
    return np.stack([tails, tails + scale * forces[shown]], axis=1), scale


def round_down(value: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most `value` > 0."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-12)))
