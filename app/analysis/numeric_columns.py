"""The numeric columns of frames or of atoms, to be plotted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .color_fields import ENERGY, FORCE, FORCE_ERROR, Fields
from .frame_columns import FrameColumns, FrameFacts

DELTA = "delta_entropy"
# Of frames: columns that follow the slider.
_OF_SUBSET = ("rank", "max_delta_entropy")
_TITLES = {
    "frame": "frame", "rank": "rank", "n_atoms": "atoms", "energy": "energy / eV",
    "energy_per_atom": "energy / eV atom⁻¹", "max_force": "max |F| / eV Å⁻¹",
    "max_delta_entropy": "max δH / nats",
}  # fmt: skip
_OWN_OF_ATOMS = {DELTA: "δH / nats", FORCE: "|F| / eV Å⁻¹", ENERGY: "energy / eV atom⁻¹"}
# With more, the lists of columns would be slow.
MOST_OFFERED = 300
_LONGEST_NAME = 60


@dataclass(frozen=True, eq=False)
class NumericColumns:
    """The numeric columns of a data set, by name.

    Attributes
    ----------
    titles : dict of str to str
        Names shown for the columns, with the unit where it is known.
    of_subset : tuple of str
        Names of the columns that depend on the subset.
    """

    titles: Mapping[str, str]
    of_subset: tuple[str, ...]


def of_frames(facts: FrameFacts) -> NumericColumns:
    """Return the numeric columns that a file has for its frames; those without a value are left out."""
    found = {
        name: title
        for name, title in _TITLES.items()
        if name in _OF_SUBSET or _has_values(facts.columns.get(name))
    }
    others = [
        name
        for name in (*facts.info, *facts.per_atom)
        if name not in found and _has_values(facts.columns.get(name, facts.per_atom.get(name)))
    ]
    return NumericColumns(found | {name: name[:_LONGEST_NAME] for name in others[:MOST_OFFERED]}, _OF_SUBSET)


def of_atoms(fields: Fields, facts: FrameFacts) -> NumericColumns:
    """Return the numeric columns that a file has for its atoms, or for their frames."""
    found = {key: title for key, title in _OWN_OF_ATOMS.items() if key == DELTA or key in fields.names}
    for key, name in fields.names.items():
        place, _, own = key.partition(":")
        is_number = key.startswith(FORCE_ERROR) or place == "arrays"
        if is_number or (place == "info" and _has_values(facts.columns.get(own))):
            found.setdefault(key, fields.title(key) if key.startswith(FORCE_ERROR) else name)
    return NumericColumns(dict(list(found.items())[:MOST_OFFERED]), (DELTA,))


def frame_values(columns: FrameColumns, name: str) -> np.ndarray:
    """Return a column of `of_frames` as numbers, NaN where it has no value, shape (n_frames,)."""
    return np.asarray(columns[name], dtype=float)


def atom_values(fields: Fields, delta_entropy: np.ndarray | None, key: str) -> np.ndarray:
    """Return a column of `of_atoms` as numbers, shape (n_envs,); NaN for a δH that is not known yet."""
    if key == DELTA:
        return np.full(fields.opened.envs.n_envs, np.nan) if delta_entropy is None else delta_entropy
    return np.asarray(fields.values(key), dtype=float)


def _has_values(column: object) -> bool:
    return isinstance(column, np.ndarray) and column.dtype.kind in "iuf" and bool(np.isfinite(column).any())
