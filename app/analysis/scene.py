"""One frame as a scene to draw: atoms and their copies, bonds, cell, forces, one environment.

Arrays in, arrays out: lengths in Å, forces in eV Å⁻¹. Colours are assigned elsewhere.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from .scene_geometry import (
    NO_ARROWS,
    atomic_radii,
    bonds_between,
    cell_edges,
    copies_of,
    copy_shifts,
    force_arrows,
    neighbors_of,
    reduced_cell,
    wrapped,
)

_DRAWN_RADIUS = 0.5
# Styles of atoms.
PLAIN, NEAR, FAR, PICKED = range(4)


@dataclass(frozen=True)
class SceneOptions:
    """Options of a scene.

    Attributes
    ----------
    copies : int
        Periodic copies along each periodic axis; fewer if there would be too many atoms.
    bonds, cell, forces : bool
        Whether to draw these.
    wrap : bool
        Whether to move atoms into the cell along periodic axes.
    around : bool
        Whether to centre on the picked atom and show its environment only.
    """

    copies: int = 1
    bonds: bool = True
    cell: bool = True
    forces: bool = False
    wrap: bool = False
    around: bool = False


@dataclass(frozen=True, eq=False)
class Scene:
    """A scene to draw, with the origin at its centre of rotation.

    Attributes
    ----------
    positions : ndarray of shape (n, 3)
        Atoms, their copies, and images that belong to the picked environment only.
    atom : ndarray of shape (n,)
        Index in the frame of each atom.
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
        Radius of the cutoff sphere around the picked atom, 0 without one.
    picked : int
        Row of `positions`, −1 if no atom is picked.
    extent : float
        Radius of the bounding sphere about the origin.
    neighbors : ndarray
        Distances of the picked atom's neighbours within the cutoff, in ascending order.
    copies : tuple of int
        Periodic copies along each axis.
    around : bool
        Whether only the picked environment needs to be visible.
    n_copies : int
        Number of atoms without those images: the first rows, the same for every frame of a trajectory.
    lattice : tuple of two ndarrays of shape (3, 3)
        The cell in which nearest images are found, and its inverse, see `reduced_cell`.
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
    n_copies: int
    lattice: tuple[np.ndarray, np.ndarray]


def make_scene(
    atoms: Atoms,
    options: SceneOptions,
    picked: int | None = None,
    cutoff: float = 0.0,
    forces: np.ndarray | None = None,
) -> Scene:
    """Return the scene of a frame.

    Parameters
    ----------
    atoms : Atoms
        The frame.
    options : SceneOptions
        Parts to draw.
    picked : int, optional
        Atom whose environment is emphasised.
    cutoff : float
        Radius of an environment, Å.
    forces : ndarray of shape (n_atoms, 3), optional
        Drawn as arrows if ``options.forces``.
    """
    home = wrapped(atoms) if options.wrap else atoms.positions.astype(np.float64)
    copies = (1, 1, 1) if options.around else copies_of(atoms, options.copies)
    shifts = copy_shifts(copies)
    drawn = _DrawnAtoms.copies(atoms, home, shifts)
    distances = drawn.mark(atoms, home, shifts, picked, cutoff) if picked is not None else np.empty(0)
    edges = cell_edges(atoms, copies, shifts[0]) if options.cell else np.empty((0, 2, 3))
    arrows, scale = NO_ARROWS
    if options.forces and forces is not None:
        arrows, scale = force_arrows(drawn.positions, forces[drawn.atom])
    origin, extent = _view(drawn, edges, options, cutoff)
    return Scene(
        positions=drawn.positions - origin,
        atom=drawn.atom,
        radius=_DRAWN_RADIUS * atomic_radii(atoms.numbers)[drawn.atom],
        style=drawn.style,
        bonds=_bonds(drawn, atoms.numbers, options),
        edges=edges - origin,
        arrows=arrows - origin,
        arrow_scale=scale,
        sphere=cutoff if drawn.row >= 0 else 0.0,
        picked=drawn.row,
        extent=extent,
        neighbors=distances,
        copies=copies,
        around=options.around and drawn.row >= 0,
        n_copies=len(atoms) * len(shifts),
        lattice=reduced_cell(atoms),
    )


@dataclass
class _DrawnAtoms:
    """The drawn atoms: copies of the frame, then images that belong to the picked environment only."""

    positions: np.ndarray
    atom: np.ndarray
    style: np.ndarray
    row: int = -1

    @classmethod
    def copies(cls, atoms: Atoms, home: np.ndarray, shifts: np.ndarray) -> "_DrawnAtoms":
        positions = (home + (shifts @ atoms.cell.array)[:, None]).reshape(-1, 3)
        atom = np.tile(np.arange(len(atoms)), len(shifts))
        return cls(positions, atom, np.full(len(atom), PLAIN, dtype=np.uint8))

    def mark(self, atoms, home, shifts, picked: int, cutoff: float) -> np.ndarray:
        """Mark the environment of the picked atom, add its images, and return its sorted distances."""
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


def _view(
    drawn: _DrawnAtoms, edges: np.ndarray, options: SceneOptions, cutoff: float
) -> tuple[np.ndarray, float]:
    """Return the centre of rotation and the radius of the bounding sphere about it."""
    if options.around and drawn.row >= 0:
        return drawn.positions[drawn.row], cutoff + 0.5
    points = np.concatenate([drawn.positions, edges.reshape(-1, 3)])
    origin = (points.min(axis=0) + points.max(axis=0)) / 2
    extent = float(np.linalg.norm(points - origin, axis=1).max()) + 0.7
    if drawn.row >= 0:
        extent = max(extent, float(np.linalg.norm(drawn.positions[drawn.row] - origin)) + cutoff)
    return origin, extent


def _bonds(drawn: _DrawnAtoms, numbers: np.ndarray, options: SceneOptions) -> np.ndarray:
    if not options.bonds:
        return np.empty((0, 2), dtype=int)
    bonds = bonds_between(drawn.positions, numbers[drawn.atom])
    return bonds[(drawn.style[bonds] != FAR).all(axis=1)] if options.around else bonds
