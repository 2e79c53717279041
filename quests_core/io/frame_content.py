"""Content of a frame by name, to compare frames before and after writing.

An extxyz file stores a calculator's results, ``info`` and ``arrays`` alike, as keys and columns, so
``energy`` in ``atoms.info`` and ``energy`` of the calculator are the same. `frame_content` merges them.
"""

from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms, FixCartesian
from ase.spacegroup.spacegroup import Spacegroup

# Properties of calculators in ASE, per atom and per frame.
PER_ATOM = ("forces", "stresses", "charges", "magmoms", "energies", "born_effective_charges")
PER_FRAME = (
    "energy", "free_energy", "stress", "dipole", "magmom", "polarization", "dielectric_tensor",
)  # fmt: skip
# ASE reads these only as nine numbers.
MATRICES = ("stress", "virial")
# Columns that ASE renames.
_COLUMN_NAMES = {"charge": "charges"}
# Matrix of the indices into xx yy zz yz xz xy.
_VOIGT = [[0, 5, 4], [5, 1, 3], [4, 3, 2]]
# Relative asymmetry of a stress that is attributed to rounding, and removed.
_ASYMMETRY = 1e-6


class FrameContent(NamedTuple):
    """The per-frame values and per-atom columns of a frame, by name."""

    symbols: list[str]
    positions: np.ndarray
    cell: np.ndarray
    pbc: list[bool]
    values: dict[Any, Any]
    columns: dict[Any, np.ndarray]


def frame_content(atoms: Atoms) -> FrameContent:
    """Return the content of a frame; raise a ValueError if one name has two different values.

    Included are the results that ASE defines, and the constraints `FixAtoms` and `FixCartesian`.
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
        raise ValueError(f"{place}[{name!r}]: expected the calculator's value, {got}")
    store[name] = value


def _value(key, value):
    if isinstance(value, Spacegroup):
        return value.symbol
    if key in MATRICES and isinstance(value, str) and value.strip().lower() in ("", "none"):
        return None  # str(None), as some programs write it
    if key in MATRICES and value is not None:
        return _matrix(key, value)
    return value


def _matrix(key: str, value) -> np.ndarray:
    """Return a stress or virial as a matrix, given six numbers (xx yy zz yz xz xy) or nine by columns."""
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
    """Return which atoms, or which of their coordinates, may move; None without constraints."""
    fixed = [one for one in atoms.constraints if isinstance(one, FixAtoms | FixCartesian)]
    if not fixed:
        return None
    wide = any(isinstance(one, FixCartesian) for one in fixed)
    mask = np.ones((len(atoms), 3) if wide else len(atoms), dtype=bool)
    for one in fixed:
        mask[one.index] &= False if isinstance(one, FixAtoms) else ~np.asarray(one.mask, dtype=bool)
    return mask


def difference(before: FrameContent, after: FrameContent) -> str:
    """Return the name of the first difference between two frames, or ""."""
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
    """Return whether two values are equal to the last bit, regardless of their containers.

    A list equals an array with the same numbers, an array of shape (n, 1) one of shape (n,), and NaN equals
    NaN. A boolean equals no number.

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
        return first.tolist() == second.tolist()  # text does not preserve more of their shapes
    if first.shape != second.shape:
        return False
    if first.dtype == second.dtype or {first.dtype.kind, second.dtype.kind} == {"f"}:
        return bool(np.array_equal(first, second, equal_nan=first.dtype.kind == "f"))
    # Python compares integers with floats exactly; NumPy rounds large ones first.
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
