"""The energy and forces that label a frame."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from .label_names import ENERGY, FORCES, is_energy, is_forces, label_keys, label_name, unrecognised_labels
from .reading_notes import ReadingNotes


def atoms_forces(atoms: Atoms) -> np.ndarray | None:
    """Return the forces that label a frame, or None if it has none.

    Parameters
    ----------
    atoms : ase.Atoms
        A frame as read: the calculator's results count first, then the arrays that are named as
        `quests_core.io.label_names` says: ``REF_forces``, ``forces``, ``force``, ``dft_forces`` and so on,
        in any case. Nothing is computed.

    Returns
    -------
    ndarray of shape (n_atoms, 3) or None
        eV/Å.

    Examples
    --------
    >>> atoms_forces(Atoms("H")) is None
    True
    """
    forces = _results(atoms).get("forces")
    if forces is not None and is_forces(forces, len(atoms)):
        return np.asarray(forces, dtype=np.float64)
    for key in label_keys(FORCES, atoms.arrays):
        if is_forces(atoms.arrays[key], len(atoms)):
            return np.asarray(atoms.arrays[key], dtype=np.float64)
    return None


def atoms_energy(atoms: Atoms) -> float | None:
    """Return the energy that labels a frame, or None if it has none.

    Parameters
    ----------
    atoms : ase.Atoms
        A frame as read: the calculator's energy counts first, then what in the info is named as
        `quests_core.io.label_names` says: ``REF_energy``, ``energy``, ``free_energy``, ``dft_energy`` and so
        on, in any case. Nothing is computed.

    Returns
    -------
    float or None
        eV.

    Examples
    --------
    >>> atoms_energy(Atoms("H", info={"REF_energy": -13.6}))
    -13.6
    """
    results = _results(atoms)
    if results.get("energy") is not None and is_energy(results["energy"]):
        return float(results["energy"])
    found = atoms.info
    if results.get("free_energy") is not None:
        found = {**found, "free_energy": results["free_energy"]}
    # A bare `energy` in a comment is a logical, and no energy.
    return next((float(found[key]) for key in label_keys(ENERGY, found) if is_energy(found[key])), None)


def _results(atoms: Atoms) -> Mapping:
    return getattr(atoms.calc, "results", {})


def use_labels(
    frames: Sequence[Atoms],
    name: str,
    notes: ReadingNotes,
    energy_key: str | None = None,
    forces_key: str | None = None,
) -> None:
    """Make what stands under keys that a user named the energy and forces of the frames.

    Raises
    ------
    ValueError
        If no frame has what is named.
    """
    if energy_key is not None:
        _use(frames, name, notes, "energy_key", energy_key, "energy")
    if forces_key is not None:
        _use(frames, name, notes, "forces_key", forces_key, "forces")


def label_notes(frames: Sequence[Atoms]) -> list[str]:
    """Return sentences on missing energies, and on what looks like a label and is not used.

    Examples
    --------
    >>> label_notes([Atoms("H", info={"final_energy": -1.5}), Atoms("H")])
    ["'final_energy' looks like a label and is not recognised (frame 0)", 'no frame has an energy']
    """
    notes, has_energy = ReadingNotes(), False
    for i, atoms in enumerate(frames):
        has_energy = has_energy or atoms_energy(atoms) is not None
        for key in unrecognised_labels(atoms.info, atoms.arrays, len(atoms)):
            why = "is none" if label_name(key) else "is not recognised"
            notes.about(i)(f"{key[:40]!r} looks like a label and {why}")
    if not has_energy:
        notes.about(None)("no frame has an energy")
    return notes.sentences()


def _as_label(value, quantity: str, n_atoms: int) -> float | np.ndarray | None:
    """Return a value as energy or forces, None if it has another shape or kind."""
    if quantity == "energy":
        return float(value) if is_energy(value) else None
    return np.asarray(value, float) if is_forces(value, n_atoms) else None


def _use(frames, name: str, notes: ReadingNotes, argument: str, key: str, quantity: str) -> None:
    without = []
    for i, atoms in enumerate(frames):
        value = {**_results(atoms), **(atoms.info if quantity == "energy" else atoms.arrays)}.get(key)
        label = _as_label(value, quantity, len(atoms))
        if label is None:
            without.append(i)
        elif atoms.calc is None:
            atoms.calc = SinglePointCalculator(atoms, **{quantity: label})
        else:
            atoms.calc.results[quantity] = label
    if len(without) == len(frames):
        have = sorted({k for atoms in frames[:100] for k in (*atoms.info, *atoms.arrays, *_results(atoms))})
        raise ValueError(
            f"{argument}: expected a key of {name} that holds the {quantity}, got {key!r}; "
            f"there are {', '.join(have)[:200]}"
        )
    for i in without:
        notes.about(i)(f"no {quantity} under {key!r}; what else it has counts")
