"""What a frame holds, as one table of names: how frames are compared before and after they are written.

In an extxyz file a calculator's results, info and arrays are keys and columns alike, so ``energy`` in
``atoms.info`` and ``energy`` of the calculator are one. `frame_content` sees them so.
"""

from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms, FixCartesian
from ase.spacegroup.spacegroup import Spacegroup

# Results of a calculator that ASE knows, by what they belong to.
PER_ATOM = ("forces", "stresses", "charges", "magmoms", "energies", "born_effective_charges")
PER_FRAME = (
    "energy", "free_energy", "stress", "dipole", "magmom", "polarization", "dielectric_tensor",
)  # fmt: skip
# Which ASE reads as nine numbers, and nothing else.
MATRICES = ("stress", "virial")
# Columns that ASE reads under another name.
_COLUMN_NAMES = {"charge": "charges"}
# xx yy zz yz xz xy, written as a matrix.
_VOIGT = [[0, 5, 4], [5, 1, 3], [4, 3, 2]]
# A stress is symmetric: what rounding leaves of the other half is not kept.
_ASYMMETRY = 1e-6


class FrameContent(NamedTuple):
    """The values of a frame and the columns of its atoms, by name."""

    symbols: list[str]
    positions: np.ndarray
    cell: np.ndarray
    pbc: list[bool]
    values: dict[Any, Any]
    columns: dict[Any, np.ndarray]


def frame_content(atoms: Atoms) -> FrameContent:
    """Return what a frame holds; a ValueError where a name stands for two different values.

    Of a calculator's results, those count that ASE knows; of constraints, `FixAtoms` and `FixCartesian`.
    """
    values = {key: _value(key, value) for key, value in atoms.info.items()}
    values = {key: value for key, value in values.items() if value is not None or not _is_label(key)}
    columns = {
        _COLUMN_NAMES.get(name, name): array
        for name, array in atoms.arrays.items()
        if name not in ("numbers", "positions")
    }
    for name, result in getattr(atoms.calc, "results", {}).items():
        if result is not None and name in PER_ATOM:
            _put(columns, name, np.asarray(result), "arrays")
        elif result is not None and name in PER_FRAME:
            _put(values, name, _value(name, result), "info")
    mask = _move_mask(atoms)
    if mask is not None:
        _put(columns, "move_mask", mask, "arrays")
    return FrameContent(
        list(atoms.symbols), atoms.positions, atoms.cell.array, atoms.pbc.tolist(), values, columns
    )


def _is_label(key) -> bool:
    return key in PER_FRAME or key in MATRICES


def _put(store: dict, name: str, value, place: str) -> None:
    if name in store and not same(store[name], value):
        got = f"{value!r:.40}, got {store[name]!r:.40}" if np.ndim(value) == 0 else "this, got another value"
        raise ValueError(f"{place}[{name!r}]: expected what the calculator holds, {got}")
    store[name] = value


def _value(key, value):
    if isinstance(value, Spacegroup):
        return value.symbol
    if key in MATRICES and isinstance(value, str) and value.strip().lower() in ("", "none"):
        return None  # as str(None) was written
    if key in MATRICES and value is not None:
        return _matrix(key, value)
    return value


def _matrix(key: str, value) -> np.ndarray:
    """Return a stress or virial as a matrix; of six numbers (xx yy zz yz xz xy), or nine column by column."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape == (6,):
        return array[_VOIGT]
    if array.shape == (9,):
        return array.reshape(3, 3, order="F")
    if array.shape != (3, 3):
        raise ValueError(f"info[{key!r}]: expected 6 or 9 numbers or a 3×3 matrix, got {value!r:.80}")
    if key == "stress" and np.abs(array - array.T).max() <= _ASYMMETRY * np.abs(array).max():
        return np.triu(array) + np.triu(array, 1).T
    return array


def _move_mask(atoms: Atoms) -> np.ndarray | None:
    """Return which atoms, or which of their coordinates, may move; None where nothing is fixed."""
    fixed = [one for one in atoms.constraints if isinstance(one, FixAtoms | FixCartesian)]
    if not fixed:
        return None
    wide = any(isinstance(one, FixCartesian) for one in fixed)
    mask = np.ones((len(atoms), 3) if wide else len(atoms), dtype=bool)
    for one in fixed:
        mask[one.index] &= False if isinstance(one, FixAtoms) else ~np.asarray(one.mask, dtype=bool)
    return mask


def difference(before: FrameContent, after: FrameContent) -> str:
    """Return what differs first between two frames, "" where nothing does."""
    for name in ("symbols", "positions", "cell", "pbc"):
        if not same(getattr(before, name), getattr(after, name)):
            return name
    for place, first, second in (
        ("info", before.values, after.values),
        ("arrays", before.columns, after.columns),
    ):
        for key in [*first, *(key for key in second if key not in first)]:
            if key not in first or key not in second or not same(first[key], second[key]):
                return f"{place}[{key!r}]"
    return ""


def same(first, second) -> bool:
    """Say whether two values are equal, to the last bit; the type of container does not count.

    A list equals an array of its numbers, an array of shape (n, 1) one of shape (n,), NaN equals NaN, and a
    truth value no number.

    Examples
    --------
    >>> same([1.5, float("nan")], np.array([1.5, np.nan])), same(True, 1), same("1", 1)
    (True, False, False)
    """
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        first, second = _narrow(first), _narrow(second)
        kinds = first.dtype.kind, second.dtype.kind
        if all(kind in "iuf" for kind in kinds):
            return _same_numbers(first, second)
        if kinds == ("b", "b"):
            return bool(np.array_equal(first, second))
    return _same_plain(_plain(first), _plain(second))


def _narrow(array: np.ndarray) -> np.ndarray:
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _same_numbers(first: np.ndarray, second: np.ndarray) -> bool:
    if first.size == second.size == 0:
        return first.tolist() == second.tolist()  # all of their shape that text can say
    if first.shape != second.shape:
        return False
    if first.dtype == second.dtype or {first.dtype.kind, second.dtype.kind} == {"f"}:
        return bool(np.array_equal(first, second, equal_nan=first.dtype.kind == "f"))
    # Python compares whole numbers with others exactly; NumPy rounds wide ones first.
    return _same_plain(first.tolist(), second.tolist())


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _same_plain(first, second) -> bool:
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_same_plain, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same_plain(first[key], second[key]) for key in first)
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, int | float) and isinstance(second, int | float):
        return first == second or (first != first and second != second)
    return type(first) is type(second) and first == second
