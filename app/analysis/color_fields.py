"""What a file says about its frames and atoms besides positions, as one value for each environment."""

from dataclasses import dataclass, field
from numbers import Number

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from quests_core import atoms_energy

from .analysed_dataset import AnalysedDataset

LABEL, ELEMENT, FORCE, ENERGY = "label", "element", "force", "energy"
NO_TEXT = "(none)"
_UNITS = {FORCE: "|F| / eV Å⁻¹", ENERGY: "energy per atom / eV"}
# Known to the page under names of their own.
_SHOWN_ELSEWHERE = {"numbers", "positions", "forces", "force", "config_type", "energy", "free_energy"}
_LONGEST_NAME = 40


@dataclass(frozen=True, eq=False)
class Fields:
    """The values that the environments of an open data set can be told apart by.

    Attributes
    ----------
    opened : Opened
        The data set.
    names : dict
        Name as shown of each field, by its key: `LABEL`, `ELEMENT`, `FORCE`, `ENERGY`, or where it stands
        in the file, such as ``"info:temperature"``.
    """

    opened: AnalysedDataset
    names: dict[str, str]
    _values: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, opened: AnalysedDataset) -> "Fields":
        """Return the fields that at least one frame has."""
        dataset, names = opened.dataset, {}
        if any(dataset.labels):
            names[LABEL] = "Label"
        names[ELEMENT] = "Element"
        if dataset.has_forces:
            names[FORCE] = "Force |F|"
        if any(atoms_energy(atoms) is not None for atoms in dataset.frames):
            names[ENERGY] = "Energy per atom"
        for place in ("info", "arrays"):
            keys = {key for atoms in dataset.frames for key in _usable(atoms, place)}
            for key in sorted(keys - _SHOWN_ELSEWHERE):
                names[f"{place}:{key}"] = f"{key[:_LONGEST_NAME]} ({place})"
        return cls(opened, names)

    def title(self, key: str) -> str:
        """Return the name of a field with its unit, where that is known."""
        return _UNITS.get(key, self.names[key])

    def values(self, key: str) -> np.ndarray:
        """Return the value of each environment, shape (n_envs,): numbers, NaN where missing, or text."""
        if key not in self._values:
            self._values[key] = self._compute(key)
        return self._values[key]

    def _compute(self, key: str) -> np.ndarray:
        dataset, frame = self.opened.dataset, self.opened.envs.frame_index
        if key == LABEL:
            return np.array([label or NO_TEXT for label in dataset.labels])[frame]
        if key == ELEMENT:
            return np.array(chemical_symbols)[np.concatenate([atoms.numbers for atoms in dataset.frames])]
        if key == FORCE:
            return dataset.forces
        if key == ENERGY:
            energies = [atoms_energy(atoms) for atoms in dataset.frames]
            sizes = np.diff(self.opened.envs.offsets)
            return (np.array([np.nan if e is None else e for e in energies]) / sizes)[frame]
        place, name = key.split(":", 1)
        if place == "arrays":
            return np.concatenate([_norms(atoms, name) for atoms in dataset.frames])
        return _column([atoms.info.get(name) for atoms in dataset.frames])[frame]


def _usable(atoms: Atoms, place: str) -> list[str]:
    if place == "info":
        return [key for key, value in atoms.info.items() if isinstance(value, (Number, np.generic, str))]
    return list(_arrays(atoms))


def _arrays(atoms: Atoms) -> dict[str, np.ndarray]:
    """Return the arrays of numbers and vectors; charges and moments are with the calculator as read."""
    results = atoms.calc.results if atoms.calc is not None else {}
    found = {key: np.asarray(values) for key, values in {**results, **atoms.arrays}.items()}
    return {
        key: values
        for key, values in found.items()
        if values.dtype.kind in "biuf"
        and values.shape in ((len(atoms),), (len(atoms), 3))
        and key != "stress"
    }


def _norms(atoms: Atoms, name: str) -> np.ndarray:
    """Return a number for each atom; of vectors their length, NaN where there are none."""
    values = _arrays(atoms).get(name)
    if values is None:
        return np.full(len(atoms), np.nan)
    return np.linalg.norm(values, axis=1) if values.ndim == 2 else values.astype(float)


def _column(values: list) -> np.ndarray:
    """Return one value of each frame as numbers if all that are there are numbers, otherwise as text."""
    if any(isinstance(value, str) for value in values):
        return np.array([NO_TEXT if value is None else str(value) for value in values])
    numbers = np.array([np.nan if value is None else _real(value) for value in values])
    return numbers


def _real(value) -> float:
    """Return a number as float, NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
