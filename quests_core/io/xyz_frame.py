"""Build `ase.Atoms` from the text of an xyz frame.

Ambiguous text is refused, with its line: a line with more or fewer columns than ``Properties`` or other
lines; numbers with underscores or digits outside ASCII; logicals other than T and F; unknown elements, or
elements that differ between ``species`` and ``Z``.
"""

import re
from collections.abc import Callable
from itertools import chain

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_properties
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixCartesian
from ase.data import atomic_numbers

from .label_names import is_energy, is_stress
from .xyz_checks import XyzError, frame_lines
from .xyz_header import Header, NoteCallback, read_header
from .xyz_values import JSON_TOKEN, real, word

# Characters that only Python accepts in numbers.
_ODD_NUMBER = re.compile(r"[_\u0080-\U0010ffff]")
_LOGICALS = {"T": True, "True": True, "F": False, "False": False}
_HIGHEST_Z = 118
# Columns that ASE stores as results of a calculator, with their widths.
_RESULTS = {"forces": (3,), "stresses": (6, 9), "charges": (1,), "magmoms": (1, 3), "energies": (1,)}
_RESULTS_OF_FRAME = frozenset(all_properties) - set(_RESULTS)
_ASE_NAMES = {"charge": "charges"}
_VOIGT = ((0, 1, 2, 1, 0, 0), (0, 1, 2, 2, 2, 1))


def read_frame(block: bytes, note: NoteCallback = lambda sentence: None) -> Atoms:
    r"""Parse the text of a frame.

    Parameters
    ----------
    block : bytes
        The number of atoms, the comment, and a line for each atom.
    note : callable, optional
        Called with each note for the user.

    Raises
    ------
    XyzError
        If the text is invalid or ambiguous.

    Examples
    --------
    >>> atoms = read_frame(b"1\nenergy=-1.5 pbc='T T F' note= \nCu 0 0 0.5\n", print)
    >>> atoms.get_potential_energy(), atoms.info
    (-1.5, {'note': ''})
    """
    comment, lines = frame_lines(block)
    header = read_header(comment, note)
    if not lines or not int(block.partition(b"\n")[0]):
        return Atoms()
    columns = _read_columns(header, [*map(str.split, lines)], note)
    numbers = _numbers(columns.pop("species", None), columns.pop("Z", None))
    atoms = Atoms(
        numbers=numbers,
        positions=_positions(header, columns.pop("pos")),
        cell=header.cell,
        pbc=header.pbc,
        info=header.info,
    )
    if "initial_charges" in columns and columns["initial_charges"].ndim == 1:
        atoms.set_initial_charges(columns.pop("initial_charges"))
    _set_constraints(atoms, columns)
    _set_results(atoms, columns)
    return atoms


def _read_columns(header: Header, rows: list[list[str]], note: NoteCallback) -> dict[str, np.ndarray]:
    width = sum(width for _, _, width in header.columns)
    _check_widths(rows, width if header.has_columns else max(width, len(rows[0])))
    if len(rows[0]) > width:
        note("columns after the fourth are ignored, as they have no names")
        rows = [row[:width] for row in rows]
    tokens = [*chain.from_iterable(rows)]
    odd = bool(_ODD_NUMBER.search(" ".join(tokens)))
    found: dict[str, np.ndarray] = {}
    start = 0
    for name, kind, n in header.columns:
        if n == 1:
            part = tokens[start::width]
        elif kind == "S" or kind == "L" or odd:
            part = [*chain.from_iterable(row[start : start + n] for row in rows)]
        else:
            part = [*chain.from_iterable(zip(*(tokens[start + i :: width] for i in range(n)), strict=True))]
        values = _convert(part, kind, name, n, odd)
        found[name] = values if n == 1 else values.reshape(len(rows), n)
        start += n
    return found


def _check_widths(rows: list[list[str]], expected: int) -> None:
    if set(map(len, rows)) != {expected}:
        i = next(i for i, row in enumerate(rows) if len(row) != expected)
        raise XyzError(f"expected {expected} columns for atom {i}, got {len(rows[i])}", 2 + i)


def _convert(tokens: list[str], kind: str, name: str, width: int, odd: bool) -> np.ndarray:
    """Convert a column; raise an `XyzError` that names the atom if a value is invalid."""
    if kind == "S":
        words = np.empty(len(tokens), dtype=object)
        words[:] = [*map(word, tokens)] if any(token.startswith(JSON_TOKEN) for token in tokens) else tokens
        return words
    try:
        if kind == "L":
            return np.array([_LOGICALS[token] for token in tokens], dtype=bool)
        if not odd and kind == "R":
            return np.fromiter(map(float, tokens), dtype=np.float64, count=len(tokens))
        if not odd:
            return np.fromiter(map(int, tokens), dtype=np.int64, count=len(tokens))
    except (KeyError, ValueError, OverflowError):
        pass  # convert one by one, to find the invalid value, or to read Fortran's numbers
    read, expected = _READERS[kind]
    values: list[float] = []
    for i, token in enumerate(tokens):
        value = read(token)
        if value is None:
            raise XyzError(f"expected {expected} in column {name[:40]}, got {token[:40]!r}", 2 + i // width)
        values.append(value)
    return np.array(values, dtype={"L": bool, "R": np.float64, "I": np.int64}[kind])


def _integer(token: str) -> int | None:
    value = real(token)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


_READERS: dict[str, tuple[Callable[[str], float | None], str]] = {
    "L": (_LOGICALS.get, "T or F"),
    "R": (real, "a number"),
    "I": (_integer, "an integer"),
}


def _numbers(species, numbers) -> np.ndarray:
    """Return the atomic numbers from one column of elements, or from two that agree."""
    if species is not None:
        found = np.array([_atomic_number(symbol, i) for i, symbol in enumerate(species)])
        if numbers is not None and (found != numbers).any():
            i = int(np.flatnonzero(found != numbers)[0])
            raise XyzError(f"species {species[i]!r} and Z {numbers[i]} of atom {i} differ", 2 + i)
        return found
    if ((numbers < 0) | (numbers > _HIGHEST_Z)).any():
        i = int(np.flatnonzero((numbers < 0) | (numbers > _HIGHEST_Z))[0])
        raise XyzError(f"unknown element {numbers[i]} of atom {i}", 2 + i)
    return numbers


def _atomic_number(symbol: str, index: int) -> int:
    found = atomic_numbers.get(symbol)
    if found is None:
        found = atomic_numbers.get(symbol[:40].capitalize())
    if found is None:
        raise XyzError(f"unknown element {symbol[:40]!r} of atom {index}", 2 + index)
    return found


def _positions(header: Header, positions: np.ndarray) -> np.ndarray:
    if header.fractional:
        return positions @ header.cell
    return positions if header.length == 1 else positions * header.length


def _set_constraints(atoms: Atoms, columns: dict) -> None:
    mask = columns.get("move_mask")
    if mask is None or mask.dtype.kind not in "biuf":
        return
    del columns["move_mask"]
    free = mask.astype(bool)
    if free.ndim == 1:
        atoms.set_constraint(FixAtoms(mask=~free))
    else:
        atoms.set_constraint([FixCartesian(i, mask=~row) for i, row in enumerate(free)])


def _set_results(atoms: Atoms, columns: dict) -> None:
    """Store results, under ASE's names, in a calculator and other columns in ``arrays``."""
    results = {}
    for given, values in columns.items():
        name = _ASE_NAMES.get(given, given)
        width = 1 if values.ndim == 1 else values.shape[1]
        if width in _RESULTS.get(name, ()) and values.dtype.kind in "iuf":
            results[name] = values
        elif given in atoms.arrays or name in atoms.arrays:
            raise XyzError(f"Properties: the column {given[:40]!r} is given twice", 1)
        else:
            atoms.arrays[given] = values
    for key in [key for key in atoms.info if key in _RESULTS_OF_FRAME]:
        value = atoms.info[key]
        if key == "stress":
            if is_stress(value):
                results[key] = _voigt(atoms.info.pop(key))
        elif key in ("energy", "free_energy", "magmom"):
            if is_energy(value):
                results[key] = atoms.info.pop(key)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            results[key] = atoms.info.pop(key)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)


def _voigt(stress: np.ndarray) -> np.ndarray:
    """Return the components xx yy zz yz xz xy of a stress given by six or nine numbers."""
    stress = np.asarray(stress, dtype=float)
    return stress if stress.shape == (6,) else stress.reshape(3, 3)[_VOIGT]
