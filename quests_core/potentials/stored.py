"""Predictions of potentials that a file holds beside its reference labels."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from ase import Atoms

from ..io.label_names import is_energy, is_forces
from ..io.labels import atoms_energy, atoms_forces
from .trainer import Predictions

_FORCES = re.compile(r"(.{0,80}?)[ _-]?forces?", re.IGNORECASE)
_ENERGY = re.compile(r"(.{0,80}?)[ _-]?energ(?:y|ies)", re.IGNORECASE)
# Files whose frames all use different names would have one prediction for each.
_MOST = 20


def stored_predictions(frames: Sequence[Atoms]) -> dict[str, Predictions]:
    """Return the energies and forces that potentials predicted and the frames hold, by potential.

    Forces are those in an array whose name ends in ``forces`` or ``force``, such as ``MACE_forces``, unless
    they are the reference in every frame that has them: the forces that `quests_core.atoms_forces` returns.
    What precedes, here ``MACE``, is the name; the energy is that in ``info`` with the same beginning, in any
    case.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Frames as they are read.

    Returns
    -------
    dict of str to Predictions
        NaN where a frame has no prediction. At most 20 potentials, in alphabetical order.

    Examples
    --------
    >>> atoms = Atoms("H2", info={"REF_energy": -31.7, "MACE_energy": -31.6})
    >>> atoms.arrays |= {"REF_forces": np.zeros((2, 3)), "MACE_forces": np.full((2, 3), 0.1)}
    >>> found = stored_predictions([atoms])
    >>> {name: one.energies.tolist() for name, one in found.items()}
    {'MACE': [-31.6]}
    """
    predicted: dict[str, dict[int, np.ndarray]] = {}
    differs: set[str] = set()
    for i, atoms in enumerate(frames):
        reference = atoms_forces(atoms)
        for name, forces in _predicted_forces(atoms):
            predicted.setdefault(name, {})[i] = forces
            if reference is None or not np.array_equal(forces, reference, equal_nan=True):
                differs.add(name)
    offsets = np.cumsum([0, *map(len, frames)])
    return {
        name: _predictions(frames, name, predicted[name], offsets)
        for name in sorted(differs, key=str.lower)[:_MOST]
    }


def _predicted_forces(atoms: Atoms) -> Iterator[tuple[str, np.ndarray]]:
    for key, values in atoms.arrays.items():
        found = _FORCES.fullmatch(key)
        if found and is_forces(values, len(atoms)):
            yield found[1] or key, np.asarray(values, dtype=np.float64)


def _predictions(
    frames: Sequence[Atoms], name: str, forces: dict[int, np.ndarray], offsets: np.ndarray
) -> Predictions:
    energies, joined = np.full(len(frames), np.nan), np.full((offsets[-1], 3), np.nan)
    for i, values in forces.items():
        joined[offsets[i] : offsets[i + 1]] = values
        for key, value in frames[i].info.items():
            found = _ENERGY.fullmatch(str(key))
            if found and found[1].lower() == name.lower() and is_energy(value):
                energies[i] = float(value)
    return Predictions(energies, joined)


def prediction_errors(frames: Sequence[Atoms], found: Predictions) -> Predictions:
    """Return predicted minus reference energies, eV per atom, and forces, eV/Å; NaN where one is missing.

    Examples
    --------
    >>> atoms = Atoms("H2", info={"energy": -31.0})
    >>> atoms.arrays["forces"] = np.zeros((2, 3))
    >>> errors = prediction_errors([atoms], Predictions(np.array([-30.0]), np.ones((2, 3))))
    >>> errors.energies.tolist(), errors.forces.max().item()
    ([0.5], 1.0)
    """
    energies, forces = reference_with_gaps(frames)
    sizes = np.array([len(atoms) for atoms in frames])
    return Predictions((found.energies - energies) / sizes, found.forces - forces)


def reference_with_gaps(frames: Sequence[Atoms]) -> Predictions:
    """Return the reference energies, eV, and forces, eV/Å, of frames; NaN where there are none.

    Examples
    --------
    >>> reference_with_gaps([Atoms("H")]).forces.tolist()
    [[nan, nan, nan]]
    """
    energies, forces = [], [np.empty((0, 3))]
    for atoms in frames:
        energy, known = atoms_energy(atoms), atoms_forces(atoms)
        energies.append(np.nan if energy is None else energy)
        forces.append(np.full((len(atoms), 3), np.nan) if known is None else known)
    return Predictions(np.array(energies, dtype=float), np.concatenate(forces))
