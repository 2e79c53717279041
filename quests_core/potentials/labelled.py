"""Energies and forces of labelled frames, and energies of their isolated atoms."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from ..io.element_filter import elements_of
from ..io.frame_writer import frames_bytes
from ..io.labels import atoms_energy, atoms_forces, frame_energies
from .trainer import Predictions


def frame_forces(atoms: Atoms) -> np.ndarray:
    """Return the forces of a frame, eV/Å; raise a ValueError if it has none."""
    forces = atoms_forces(atoms)
    if forces is None:
        raise ValueError("atoms: expected forces, got none")
    return forces


def check_labelled(frames: Sequence[Atoms], indices: Iterable[int]) -> None:
    """Raise a ValueError that names the first of some frames without forces, or with non-finite labels.

    Examples
    --------
    >>> check_labelled([Atoms("H")], [0])
    Traceback (most recent call last):
        ...
    ValueError: frame 0: expected forces, got none (1 of 1 frames have none)
    """
    indices = list(indices)
    without = [i for i in indices if atoms_forces(frames[i]) is None]
    if without:
        raise ValueError(
            f"frame {without[0]}: expected forces, got none "
            f"({len(without)} of {len(indices)} frames have none)"
        )
    for i in indices:
        energy = atoms_energy(frames[i])
        has_finite_energy = energy is None or np.isfinite(energy)
        if not (has_finite_energy and np.isfinite(frame_forces(frames[i])).all()):
            raise ValueError(f"frame {i}: expected finite energies and forces, got NaN or infinity")


def reference_labels(frames: Sequence[Atoms]) -> Predictions:
    """Return the energies and forces that frames have.

    Examples
    --------
    >>> atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]])
    >>> atoms.arrays["forces"] = np.zeros((2, 3))
    >>> labels = reference_labels([atoms])
    >>> labels.energies.tolist(), labels.forces.shape
    ([nan], (2, 3))
    """
    forces = [np.empty((0, 3)), *map(frame_forces, frames)]
    return Predictions(frame_energies(frames), np.concatenate(forces))


def atom_energies(frames: Sequence[Atoms], isolated: Sequence[Atoms] = ()) -> dict[str, float]:
    """Return the energy of an isolated atom of each element of some frames, eV.

    It is that of `isolated` atoms if they have one. The energies of all other elements are the solution, by
    least squares and of minimum norm, for which the energies of the frames are sums over their atoms; 0 if no
    frame has an energy.

    Examples
    --------
    >>> frames = [Atoms("CuAg", info={"energy": -5.0}), Atoms("CuAg2", info={"energy": -7.0})]
    >>> {element: round(energy, 6) for element, energy in atom_energies(frames).items()}
    {'Ag': -2.0, 'Cu': -3.0}
    """
    elements = elements_of(frames)
    found: dict[str, float] = {}
    for atoms in isolated:
        energy = atoms_energy(atoms)
        if energy is not None and np.isfinite(energy):
            found.setdefault(str(atoms.symbols[0]), energy)
    counts = np.array([[np.sum(atoms.symbols == one) for one in elements] for atoms in frames], dtype=float)
    energies = frame_energies(frames)
    has_energy = np.isfinite(energies)
    unknown = [j for j, one in enumerate(elements) if one not in found]
    known = np.array([found.get(one, 0.0) for one in elements])
    rest = energies[has_energy] - counts[has_energy] @ known
    if has_energy.any():
        known[unknown] = np.linalg.lstsq(counts[has_energy][:, unknown], rest, rcond=None)[0]
    return dict(zip(elements, known.tolist(), strict=True))


def fingerprint(frames: Sequence[Atoms]) -> str:
    """Return the SHA-256 of the structures, energies and forces of frames, as hexadecimal digits.

    Examples
    --------
    >>> one, other = Atoms("H"), Atoms("H", info={"energy": 1.0})
    >>> fingerprint([one]) == fingerprint([one.copy()]), fingerprint([one]) == fingerprint([other])
    (True, False)
    """
    digest = hashlib.sha256()
    for atoms in frames:
        energy, forces = atoms_energy(atoms), atoms_forces(atoms)
        parts = (
            atoms.numbers.astype(np.int64), atoms.positions, np.asarray(atoms.cell), atoms.pbc,
            np.array(np.nan if energy is None else energy), np.empty(0) if forces is None else forces,
        )  # fmt: skip
        for part in parts:
            digest.update(repr(part.shape).encode() + np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def write_labelled(
    path: Path, written: Sequence[Atoms], frames: Sequence[Atoms], energy: str, forces: str
) -> None:
    """Write structures with the labels of `frames` under the given keys; a frame may lack the energy."""
    for atoms, frame in zip(written, frames, strict=True):
        atoms.arrays[forces] = frame_forces(frame)
        if (value := atoms_energy(frame)) is not None:
            atoms.info[energy] = value
    path.write_bytes(frames_bytes(written))
