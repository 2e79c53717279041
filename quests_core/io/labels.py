"""Energies and forces of frames."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from .label_names import (
    ENERGY,
    FORCES,
    LARGEST_LABEL,
    is_energy,
    is_finite,
    is_forces,
    label_keys,
    label_name,
    unrecognised_labels,
)
from .reading_notes import ReadingNotes


def atoms_forces(atoms: Atoms) -> np.ndarray | None:
    """Return the forces of a frame, or None if it has none.

    The result of the calculator takes precedence over arrays. Array names are recognised by
    `quests_core.io.label_names`: ``REF_forces``, ``forces``, ``force``, ``dft_forces`` and others, in any
    case. Nothing is computed.

    Parameters
    ----------
    atoms : ase.Atoms
        A frame.

    Returns
    -------
    ndarray of shape (n_atoms, 3) or None
        Forces, eV/Å.

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
    """Return the energy of a frame, or None if it has none.

    The energy of the calculator takes precedence over ``info``. Keys of ``info`` are recognised by
    `quests_core.io.label_names`: ``REF_energy``, ``energy``, ``free_energy``, ``dft_energy`` and others, in
    any case. Nothing is computed.

    Parameters
    ----------
    atoms : ase.Atoms
        A frame.

    Returns
    -------
    float or None
        Energy, eV.

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
    # The word `energy` without a value is read as True, and is not an energy.
    return next((float(found[key]) for key in label_keys(ENERGY, found) if is_energy(found[key])), None)


def usable_energy(atoms: Atoms) -> float | None:
    """Return the energy of a frame, eV, or None if it has none or it is not finite.

    Energies beyond `LARGEST_LABEL` count as infinite.

    Examples
    --------
    >>> usable_energy(Atoms("H", info={"energy": float("nan")})) is None
    True
    """
    energy = atoms_energy(atoms)
    return energy if energy is not None and is_finite(energy) else None


def usable_forces(atoms: Atoms) -> np.ndarray | None:
    """Return the forces of a frame, eV/Å, or None if it has none or the force on any atom is unusable.

    Examples
    --------
    >>> atoms = Atoms("H2")
    >>> atoms.arrays["forces"] = np.array([[0, 0, 0.1], [0, np.nan, 0]])
    >>> usable_forces(atoms) is None
    True
    """
    forces = atoms_forces(atoms)
    return forces if forces is not None and is_finite(forces) else None


def in_words(quantity: str, label: float | np.ndarray | None) -> str:
    """Return what a frame lacks whose label cannot be used: the quantity, or one that is finite.

    Examples
    --------
    >>> in_words("energy", None), in_words("energy", float("nan"))
    ('energy', 'finite energy')
    """
    return quantity if label is None else f"finite {quantity}"


def are_usable(forces: np.ndarray) -> np.ndarray:
    """Return which rows of forces, eV/Å, consist of numbers below `LARGEST_LABEL`, which NaN is not.

    Examples
    --------
    >>> are_usable(np.array([[0, 0, 0.1], [0, np.nan, 0], [0, 0, -1e200]])).tolist()
    [True, False, False]
    """
    return (np.abs(forces) < LARGEST_LABEL).all(axis=1)


def frame_energies(frames: Iterable[Atoms]) -> np.ndarray:
    """Return the energy of each frame, eV; NaN for frames without a finite energy.

    Examples
    --------
    >>> frame_energies([Atoms("H", info={"REF_energy": -13.6}), Atoms("H")]).tolist()
    [-13.6, nan]
    """
    found = [usable_energy(atoms) for atoms in frames]
    return np.array([np.nan if energy is None else energy for energy in found], dtype=np.float64)


def _results(atoms: Atoms) -> Mapping:
    return getattr(atoms.calc, "results", {})


def use_labels(
    frames: Sequence[Atoms],
    name: str,
    notes: ReadingNotes,
    energy_key: str | None = None,
    forces_key: str | None = None,
) -> None:
    """Store the values of keys given by the user as energy and forces in the frames' calculators.

    Raises
    ------
    ValueError
        If no frame has a suitable value of a given key.
    """
    labels = GivenLabels(name, energy_key, forces_key)
    for i, atoms in enumerate(frames):
        labels.use(i, atoms)
    labels.finish(notes)


class GivenLabels:
    """Store values under keys given by the user in the calculators of frames, one frame after the other.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    energy_key, forces_key : str, optional
        The keys; see `quests_core.read`.

    Attributes
    ----------
    found : set of str
        The quantities, "energy" and "forces", of which a frame had a suitable value.

    Examples
    --------
    >>> atoms, labels = Atoms("H", info={"E": -13.6}), GivenLabels("h.xyz", "E")
    >>> labels.use(0, atoms)
    >>> atoms.get_potential_energy()
    -13.6
    """

    def __init__(self, name: str, energy_key: str | None = None, forces_key: str | None = None):
        self._name, self._n_frames = name, 0
        self.found: set[str] = set()
        given = {"energy": energy_key, "forces": forces_key}
        self._keys = {quantity: key for quantity, key in given.items() if key is not None}
        self._without: dict[str, list[int]] = {quantity: [] for quantity in self._keys}
        self._available: dict[str, set[str]] = {quantity: set() for quantity in self._keys}

    def use(self, frame: int, atoms: Atoms) -> None:
        """Store the labels of a frame."""
        self._n_frames += 1
        for quantity, key in self._keys.items():
            value = {**_results(atoms), **(atoms.info if quantity == "energy" else atoms.arrays)}.get(key)
            label = _as_label(value, quantity, len(atoms))
            if label is None:
                self._without[quantity].append(frame)
                if self._n_frames <= 100:
                    self._available[quantity].update((*atoms.info, *atoms.arrays, *_results(atoms)))
                continue
            self.found.add(quantity)
            if atoms.calc is None:
                atoms.calc = SinglePointCalculator(atoms, **{quantity: label})
            else:
                atoms.calc.results[quantity] = label

    def merge(self, later: "GivenLabels") -> None:
        """Add what was found in later frames of the same file."""
        self._n_frames += later._n_frames
        self.found |= later.found
        for quantity in self._keys:
            self._without[quantity] += later._without[quantity]
            self._available[quantity] |= later._available[quantity]

    def finish(self, notes: ReadingNotes) -> None:
        """Add notes on frames without a label; raise a ValueError if no frame has a suitable value."""
        for quantity, key in self._keys.items():
            if quantity not in self.found:
                raise ValueError(
                    f"{quantity}_key: expected a key of {self._name} with the {quantity}, got {key!r}; "
                    f"available: {', '.join(sorted(self._available[quantity]))[:200]}"
                )
            for i in self._without[quantity]:
                notes.about(i)(f"no {quantity} under {key!r}; other recognised keys are used")


def label_notes(frames: Iterable[Atoms], numbers: Iterable[int] | None = None) -> list[str]:
    """Return notes on missing energies, and on keys that look like labels but are not used.

    `numbers` are those of the frames, by default 0, 1, ….

    Examples
    --------
    >>> label_notes([Atoms("H", info={"final_energy": -1.5}), Atoms("H")])
    ["'final_energy' looks like a label, but is not recognised (frame 0)", 'no frame has an energy']
    """
    notes, has_energy = ReadingNotes(), False
    for i, atoms in enumerate(frames) if numbers is None else zip(numbers, frames, strict=True):
        has_energy = has_energy or usable_energy(atoms) is not None
        for key in unrecognised_labels(atoms.info, atoms.arrays, len(atoms)):
            why = "has no suitable value" if label_name(key) else "is not recognised"
            notes.about(i)(f"{key[:40]!r} looks like a label, but {why}")
    if not has_energy:
        notes.about(None)("no frame has an energy")
    return notes.sentences()


def _as_label(value, quantity: str, n_atoms: int) -> float | np.ndarray | None:
    """Return a value as energy or forces, or None if its type or shape is unsuitable."""
    if quantity == "energy":
        return float(value) if is_energy(value) else None
    return np.asarray(value, float) if is_forces(value, n_atoms) else None
