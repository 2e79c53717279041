"""The columns of the frames table, which filters refer to by name.

`FrameFacts` does not depend on the subset and is gathered once; `FrameColumns` adds the columns that
follow the slider. Filters are evaluated on the event loop, so `FrameColumns` never reads the frames.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from ase.data import chemical_symbols
from ase.formula import Formula

from quests_core.io.labels import frame_energies
from quests_core.potentials import Predictions, prediction_errors, stored_predictions

from .analysed_dataset import AnalysedDataset
from .filter_evaluation import Members
from .parameters import Marks
from .text_search import FrameTexts

KEPT, DROPPED, LOCKED, EXCLUDED = "kept", "dropped", "locked", "excluded"
# Limits for files whose frames all use different names in info or arrays.
_MAX_INFO_COLUMNS, _MAX_ARRAYS = 1000, 100
# Arrays that every frame has and that are no quantities to filter by.
_NO_QUANTITY = ("numbers", "positions")
_OVER_ATOMS = {"max": np.maximum, "min": np.minimum, "mean": np.add}
MEANING = {
    "frame": "number in the file, from 0",
    "rank": "place in the order of the active method, from 1",
    "state": "kept, dropped, locked or excluded",
    "label": 'config_type; "" if there is none',
    "n_atoms": "number of atoms",
    "formula": "chemical formula",
    "elements": 'elements present: "C" in elements',
    "energy": "eV",
    "energy_per_atom": "eV atom⁻¹",
    "max_force": "largest |F|, eV Å⁻¹",
    "max_delta_entropy": "largest δH given the subset, nats",
    "has_energy": "whether it has an energy",
    "has_forces": "whether it has forces",
}
# Before the name of a potential with predictions.
FORCE_RMSE = "force_rmse_"
_ALIASES = {"config_type": "label", "status": "state"}


@dataclass(frozen=True, eq=False)
class FrameFacts:
    """Columns that do not depend on the subset.

    Attributes
    ----------
    columns : dict
        Arrays of shape (n_frames,) and `Members`, by name.
    info : tuple of str
        Names of the columns from the frames' info.
    per_atom : dict of str to ndarray
        Columns ``max_…``, ``min_…`` and ``mean_…`` of the per-atom arrays, for filters.
    texts : FrameTexts
        The texts of each frame, for the search.
    """

    columns: dict[str, object]
    info: tuple[str, ...]
    per_atom: dict[str, np.ndarray]
    texts: FrameTexts


def gather(opened: AnalysedDataset) -> FrameFacts:
    """Return the columns of a data set that do not depend on the subset."""
    dataset, envs = opened.dataset, opened.envs
    frames = dataset.frames
    energy = frame_energies(frames)
    max_force = np.maximum.reduceat(dataset.forces, envs.offsets[:-1])
    info = _info_columns(frames) | prediction_columns(frames, stored_predictions(frames))
    columns = {
        **info,
        "frame": np.arange(len(frames)),
        "label": objects(dataset.labels),
        "n_atoms": envs.sizes,
        "formula": objects(_formulas(frames)),
        "elements": _elements(frames, dataset.elements),
        "energy": energy,
        "energy_per_atom": energy / envs.sizes,
        "max_force": max_force,
        "has_energy": ~np.isnan(energy),
        "has_forces": ~np.isnan(max_force),
    }
    names = tuple(sorted(set(info) - set(MEANING) - set(_ALIASES)))
    return FrameFacts(columns, names, _over_atoms(frames), FrameTexts(columns))


def prediction_columns(frames, predictions: Mapping[str, Predictions]) -> dict[str, np.ndarray]:
    """Return the errors of predictions of each frame: force RMSE, eV/Å, and energy, eV per atom."""
    columns: dict[str, np.ndarray] = {}
    sizes = [len(atoms) for atoms in frames]
    starts = np.cumsum([0, *sizes[:-1]])
    for name, found in predictions.items():
        errors = prediction_errors(frames, found)
        squares = np.add.reduceat((errors.forces**2).mean(axis=1), starts) / sizes
        columns[f"{FORCE_RMSE}{name}"] = np.sqrt(squares)
        columns[f"energy_error_{name}"] = errors.energies
    return columns


def with_predictions(
    facts: FrameFacts, opened: AnalysedDataset, predictions: Mapping[str, Predictions]
) -> FrameFacts:
    """Return the columns with the errors of predictions, which the file does not hold."""
    own = prediction_columns(opened.dataset.frames, predictions)
    return replace(facts, columns=facts.columns | own, info=tuple(sorted({*facts.info, *own})))


def objects(values) -> np.ndarray:
    """Return an object array of `values`, such as texts and None."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _formulas(frames) -> list[str]:
    """Return the formula of each frame in Hill order; each composition is formatted once."""
    known: dict[tuple, str] = {}
    formulas = []
    for atoms in frames:
        numbers, counts = np.unique(atoms.numbers, return_counts=True)
        key = (*numbers.tolist(), *counts.tolist())
        if key not in known:
            symbols = {chemical_symbols[z]: int(n) for z, n in zip(numbers, counts, strict=True)}
            known[key] = Formula.from_dict(symbols).format("hill")
        formulas.append(known[key])
    return formulas


def _elements(frames, symbols) -> Members:
    has = {symbol: np.zeros(len(frames), dtype=bool) for symbol in symbols}
    for i, atoms in enumerate(frames):
        for z in set(atoms.numbers.tolist()):
            has[chemical_symbols[z]][i] = True
    return Members(has)


def _info_columns(frames) -> dict[str, np.ndarray]:
    """Return the scalars of the frames' info as columns of bools, numbers or else texts.

    Only the `_MAX_INFO_COLUMNS` most frequent names get a column.
    """
    names = Counter(name for atoms in frames for name, _ in _single_values(atoms))
    values: dict[str, list] = {name: [None] * len(frames) for name, _ in names.most_common(_MAX_INFO_COLUMNS)}
    for i, atoms in enumerate(frames):
        for name, value in _single_values(atoms):
            if name in values:
                values[name][i] = value
    return {name: _column(column) for name, column in values.items()}


def _single_values(atoms) -> Iterator[tuple[str, object]]:
    for name, value in atoms.info.items():
        if isinstance(value, str | bool | int | float | np.generic):
            yield str(name), value


def _column(values: list) -> np.ndarray:
    present = [value for value in values if value is not None]
    if all(isinstance(value, bool | np.bool_) for value in present):
        return objects([None if value is None else bool(value) for value in values])
    if all(isinstance(value, int | float | np.number) and not np.iscomplexobj(value) for value in present):
        return np.array([np.nan if value is None else float(value) for value in values])
    return objects([None if value is None else str(value) for value in values])


def _arrays(atoms) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the numeric arrays of a frame with one value or one vector per atom."""
    results = getattr(atoms.calc, "results", {})
    for name, value in [*atoms.arrays.items(), *results.items()]:
        if name in _NO_QUANTITY or not isinstance(value, np.ndarray) or value.dtype.kind not in "iufb":
            continue
        if value.shape == (len(atoms),) or (value.ndim == 2 and len(value) == len(atoms)):
            yield name, value


def _over_atoms(frames) -> dict[str, np.ndarray]:
    """Return the maximum, minimum and mean of each per-atom array in each frame, of vectors by norm.

    Only the `_MAX_ARRAYS` most frequent names get columns.
    """
    counts = Counter(name for atoms in frames for name in dict(_arrays(atoms)))
    found: dict[str, dict[int, np.ndarray]] = {name: {} for name, _ in counts.most_common(_MAX_ARRAYS)}
    for i, atoms in enumerate(frames):
        for name, value in _arrays(atoms):
            if name in found:
                found[name][i] = np.linalg.norm(value, axis=1) if value.ndim == 2 else value
    columns = {}
    for name in sorted(found):
        values = list(found[name].values())
        sizes = np.array([len(value) for value in values])
        joined, starts = np.concatenate(values).astype(float), np.cumsum(sizes) - sizes
        for over, ufunc in _OVER_ATOMS.items():
            column = columns[f"{over}_{name}"] = np.full(len(frames), np.nan)
            column[list(found[name])] = ufunc.reduceat(joined, starts) / (sizes if over == "mean" else 1)
    return columns


class FrameColumns(Mapping):
    """All columns by name, at one size of the subset.

    Parameters
    ----------
    facts : FrameFacts
        The columns that do not depend on the subset.
    """

    def __init__(self, facts: FrameFacts):
        self._facts = facts
        self._of_subset: dict[str, np.ndarray] = {}

    def follow(self, rank: np.ndarray, max_delta_entropy: np.ndarray, state: np.ndarray) -> None:
        """Set the columns that depend on the subset, with one value per frame."""
        self._of_subset = {
            "rank": rank,
            "max_delta_entropy": max_delta_entropy,
            "state": state.astype(object),
        }

    @property
    def state(self) -> np.ndarray:
        """State of each frame: kept, dropped, locked or excluded."""
        return self._of_subset["state"]

    def __getitem__(self, name: str) -> object:
        """Return a column."""
        name = _ALIASES.get(name, name)
        if name in self._of_subset:
            return self._of_subset[name]
        if name in self._facts.columns:
            return self._facts.columns[name]
        return self._facts.per_atom[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names, those of the dashboard first."""
        yield from MEANING
        yield from _ALIASES
        yield from self._facts.info
        yield from self._facts.per_atom

    def __len__(self) -> int:
        """Return the number of names."""
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        """Return whether there is a column of that name."""
        return name in set(self)


def statuses(kept: np.ndarray, marks: Marks, n_frames: int) -> np.ndarray:
    """Return "kept", "dropped", "locked" or "excluded" for each frame."""
    status = np.full(n_frames, DROPPED, dtype="U8")
    status[kept] = KEPT
    status[list(marks.locked)] = LOCKED
    status[list(marks.excluded)] = EXCLUDED
    return status


def ranks(order: np.ndarray, n_frames: int) -> np.ndarray:
    """Return the rank of each frame in an order, from 1; NaN for frames not in it."""
    rank = np.full(n_frames, np.nan)
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def frame_maximum(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the maximum over the environments of each frame; NaN for an excluded frame."""
    return np.maximum.reduceat(values, offsets[:-1]).astype(float)


def most_novel(values: np.ndarray, offsets: np.ndarray, frame: int) -> int:
    """Return the row of a frame's environment with the largest value."""
    first, last = offsets[frame], offsets[frame + 1]
    return int(first + np.argmax(np.nan_to_num(values[first:last], nan=-np.inf)))
