"""The quantities that environments can be coloured by: one value per environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Number

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from quests_core.io.labels import frame_energies
from quests_core.potentials import Predictions, prediction_errors, stored_predictions

from .analysed_dataset import AnalysedDataset

LABEL, ELEMENT, FORCE, ENERGY = "label", "element", "force", "energy"
# Before the name of a potential with predictions.
FORCE_ERROR = "force error:"
NO_TEXT = "(none)"
_UNITS = {FORCE: "|F| / eV Å⁻¹", ENERGY: "energy / eV atom⁻¹"}
# Offered by the dashboard under other names.
_SHOWN_ELSEWHERE = {"numbers", "positions", "forces", "force", "config_type", "energy", "free_energy"}
_LONGEST_NAME = 40


@dataclass(frozen=True, eq=False)
class Fields:
    """The quantities that the environments of an open data set can be coloured by.

    Attributes
    ----------
    opened : AnalysedDataset
        The data set.
    names : dict
        Displayed name of each field, by its key: `LABEL`, `ELEMENT`, `FORCE`, `ENERGY`, or its place in
        the file, such as ``"info:temperature"``.
    predictions : dict of str to Predictions
        By name of the potential: those that the file holds, and those that were computed.
    """

    opened: AnalysedDataset
    names: dict[str, str]
    predictions: dict[str, Predictions]
    _values: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def from_dataset(
        cls, opened: AnalysedDataset, computed: Mapping[str, Predictions] | None = None
    ) -> "Fields":
        """Return the fields that at least one frame has, with the errors of `computed` predictions."""
        dataset, names, predictions = opened.dataset, {}, {}
        if any(dataset.labels):
            names[LABEL] = "Label"
        names[ELEMENT] = "Element"
        if dataset.has_forces:
            names[FORCE] = "Force |F|"
        if np.isfinite(frame_energies(dataset.frames)).any():
            names[ENERGY] = "Energy per atom"
        if dataset.has_forces:
            predictions = {**stored_predictions(dataset.frames), **(computed or {})}
            names |= {
                f"{FORCE_ERROR}{name}": f"Force error of {name[:_LONGEST_NAME]}" for name in predictions
            }
        for place in ("info", "arrays"):
            keys = {key for atoms in dataset.frames for key in _usable(atoms, place)}
            for key in sorted(keys - _SHOWN_ELSEWHERE):
                names[f"{place}:{key}"] = f"{key[:_LONGEST_NAME]} ({place})"
        return cls(opened, names, predictions)

    def title(self, key: str) -> str:
        """Return the name of a field, with its unit if known."""
        if key.startswith(FORCE_ERROR):
            return f"|ΔF| of {key.removeprefix(FORCE_ERROR)[:_LONGEST_NAME]} / eV Å⁻¹"
        return _UNITS.get(key, self.names[key])

    def values(self, key: str) -> np.ndarray:
        """Return the value of each environment, shape (n_envs,): numbers (NaN: missing) or text."""
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
            return (frame_energies(dataset.frames) / np.diff(self.opened.envs.offsets))[frame]
        if key.startswith(FORCE_ERROR):
            found = self.predictions[key.removeprefix(FORCE_ERROR)]
            return np.linalg.norm(prediction_errors(dataset.frames, found).forces, axis=1)
        place, name = key.split(":", 1)
        if place == "arrays":
            return np.concatenate([_norms(atoms, name) for atoms in dataset.frames])
        return _column([atoms.info.get(name) for atoms in dataset.frames])[frame]


def _usable(atoms: Atoms, place: str) -> list[str]:
    if place == "info":
        return [key for key, value in atoms.info.items() if isinstance(value, (Number, np.generic, str))]
    return list(_arrays(atoms))


def _arrays(atoms: Atoms) -> dict[str, np.ndarray]:
    """Return the per-atom numbers and vectors; ASE reads charges and moments into the calculator."""
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
    """Return one number per atom: the norms of vectors, NaN if the array is missing."""
    values = _arrays(atoms).get(name)
    if values is None:
        return np.full(len(atoms), np.nan)
    return np.linalg.norm(values, axis=1) if values.ndim == 2 else values.astype(float)


def _column(values: list) -> np.ndarray:
    """Return one value per frame: as text if any is text, otherwise as numbers."""
    if any(isinstance(value, str) for value in values):
        return np.array([NO_TEXT if value is None else str(value) for value in values])
    return np.array([np.nan if value is None else _as_float(value) for value in values])


def _as_float(value) -> float:
    """Return a number as float, NaN for a value that is not real."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
