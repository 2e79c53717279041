"""Interpret the comment line of a frame: columns, cell and periodic axes; everything else becomes ``info``.

A comment consists of keys and values (extxyz), is written by i-PI or CP2K, or is a sentence. It consists of
keys and values if it contains ``Lattice``, ``Properties``, ``pbc``, ``config_type`` or a label with a
prefix, such as ``REF_energy``, or if it contains nothing but ``key=value``.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from ase.geometry import cellpar_to_cell
from ase.units import Bohr, Hartree

from .label_names import FORCES, LabelName, label_name
from .xyz_checks import XyzError
from .xyz_comment import Item, UnclosedError, parse
from .xyz_values import LOGICALS, real

_LONGEST_COMMENT = 10_000_000
_STRUCTURE = ("lattice", "properties", "pbc", "fractional")
_USED = (*_STRUCTURE, "config_type")
_KEYS_OF_EXTXYZ = ("lattice", "properties", "pbc", "config_type")
# With one of these keys, an unclosed quote is an error, not an apostrophe.
_EXTENDED = re.compile(
    r"(?:lattice|properties|pbc|config_type|energy|forces?|stress|virials?)[ \t]*+=", re.IGNORECASE
)
_WIDTH = re.compile(r"[1-9][0-9]{0,3}")
_BETWEEN = re.compile(r"[\s,]+")
_KINDS = ("R", "I", "S", "L")
_PLAIN_COLUMNS = [("species", "S", 1), ("pos", "R", 3)]
_SYNONYMS = {"species": "species", "symbols": "species", "pos": "pos", "positions": "pos"}
_UNIT_KEY = re.compile(r"(?:(?:length|distance|pos|position|coord|coordinate)s?_?)?units?", re.IGNORECASE)
_OTHER_UNITS = ("bohr", "au", "a.u.", "atomic", "atomic_unit", "atomic_units", "nm", "nanometer", "pm")
_MATRICES = ("stress", "virial")
_IPI_WORD = re.compile(r"(\w{1,40})[\[{(](\w{1,40})[\]})](:?)")
_IPI_POSITIONS = ("positions", "x_centroid")
# Of the trajectory of an MD, or of a relaxation, which has no time.
_CP2K = re.compile(
    r"i ?= {0,9}([0-9]{1,18}), (?:time ?= {0,19}([-+.0-9Ee]{1,40}), )?E ?= {0,19}([-+.0-9Ee]{1,40})"
)
_LENGTHS = {"angstrom": 1.0, "atomic_unit": Bohr, "bohr": Bohr, "nanometer": 10.0, "picometer": 0.01}

NoteCallback = Callable[[str], None]


class Header(NamedTuple):
    """The content of a comment.

    Attributes
    ----------
    info : dict
        Values without another meaning.
    columns : list of (name, kind, width)
        The columns; elements and positions are named ``species``, ``Z`` and ``pos``.
    has_columns : bool
        Whether lines must have exactly these columns; otherwise further columns are ignored.
    cell : ndarray of shape (3, 3) or None
        The lattice vectors as rows, Å.
    pbc : tuple of bool
        The periodic axes.
    length : float
        Unit of the positions, Å.
    fractional : bool
        Whether positions are fractional coordinates.
    """

    info: dict
    columns: list[tuple[str, str, int]]
    has_columns: bool = False
    cell: np.ndarray | None = None
    pbc: tuple[bool, ...] = (False, False, False)
    length: float = 1.0
    fractional: bool = False


def read_header(comment: str, note: NoteCallback) -> Header:
    """Interpret a comment; raise an `XyzError` if the value of a key that is needed is invalid.

    Examples
    --------
    >>> read_header('pbc="T F F" note="a b"', print).pbc
    (True, False, False)
    >>> read_header("water, energy = 3 or energy = 4", print).info
    the comment is a sentence, from which no energy is taken
    {'comment': 'water, energy = 3 or energy = 4'}
    """
    if len(comment) > _LONGEST_COMMENT:
        raise XyzError(f"the comment has {len(comment):,} characters", 1)
    if found := _CP2K.fullmatch(comment.strip()):
        return _from_cp2k(found, note)
    try:
        items = parse(comment)
    except UnclosedError as error:
        if _EXTENDED.search(comment):
            raise XyzError(str(error), 1) from None
        items = []
    if _is_extended(items):
        return _extended(items, note)
    words = [item.key for item in items if item.raw is None]
    if any(_IPI_WORD.fullmatch(word) for word in words[:60]):
        ipi = _from_ipi(words, comment.strip())
        if ipi is not None:
            return ipi
    if any(label_name(item.key) for item in items if item.raw is not None):
        note("the comment is a sentence, from which no energy is taken")
    return Header({"comment": comment.strip()} if comment.strip() else {}, _PLAIN_COLUMNS)


def _is_extended(items: list[Item]) -> bool:
    keys = [item.key for item in items if item.raw is not None]
    if not keys:
        return False
    if len(keys) == len(items):
        return True
    names = map(label_name, keys)
    return any(key.lower() in _KEYS_OF_EXTXYZ for key in keys) or any(n and n.prefix for n in names)


def _extended(items: list[Item], note: NoteCallback) -> Header:
    used, info = _by_key(items, note)
    _note_words_before_labels(items, note)
    cell = _lattice(used["lattice"]) if "lattice" in used else None
    pbc = _pbc(used["pbc"]) if "pbc" in used else (cell is not None,) * 3
    columns = _columns(used["properties"].text) if "properties" in used else _PLAIN_COLUMNS
    fractional = used["fractional"].value if "fractional" in used else False
    if not isinstance(fractional, bool) or (fractional and cell is None):
        reason = "a Lattice" if isinstance(fractional, bool) else "T or F"
        raise XyzError(f"fractional: expected {reason}, got {used['fractional'].source[:40]!r}", 1)
    return Header(info, columns, True, cell, pbc, 1.0, fractional)


def _note_words_before_labels(items: list[Item], note: NoteCallback) -> None:
    """Add a note on a word before a label, to which it may belong, as in ``kinetic energy = 0.5``."""
    for word, item in pairwise(items):
        if word.raw is None and item.raw is not None and label_name(item.key):
            note(f"the word {word.key[:40]!r} before {item.key[:40]!r} is read as a flag")


def _by_key(items: list[Item], note: NoteCallback) -> tuple[dict[str, Item], dict]:
    """Return the items that define the structure, by key in lower case, and the values of all others."""
    used: dict[str, Item] = {}
    labels: set[str] = set()
    info: dict = {}
    for item in items:
        lower = item.key.lower()
        if item.raw is None:
            # A word is a flag, unless there is a value with the same key.
            if lower not in _STRUCTURE:
                info.setdefault(item.key, True)
            continue
        name = label_name(item.key)
        if lower in _USED or name:
            if lower in used or lower in labels:
                raise XyzError(f"the key {item.key[:40]!r} is given more than once", 1)
            labels.add(lower)
        elif item.key in info and info[item.key] is not True:
            note(f"the key {item.key[:40]!r} is given more than once; the last value is used")
        if lower in _STRUCTURE:
            used[lower] = item
        else:
            _check_units(item)
            info[item.key] = _info_value(item, name)
    return used, info


def _info_value(item: Item, name: LabelName | None):
    if item.key.lower() == "uid":
        return item.text
    if name and name.quantity != FORCES and (value := real(item.text)) is not None:
        return value
    value = item.value
    if item.key in _MATRICES and isinstance(value, np.ndarray) and value.shape == (9,):
        return value.reshape(3, 3, order="F")
    return value


def _check_units(item: Item) -> None:
    if _UNIT_KEY.fullmatch(item.key[:40]) and item.text.lower() in _OTHER_UNITS:
        raise XyzError(f"{item.key}={item.text}: expected positions in Å; convert them first", 1)


def _lattice(item: Item) -> np.ndarray:
    value = item.value
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "if":
        numbers = [real(token) for token in _BETWEEN.split(item.text.strip())[:10]]
        value = np.array(numbers) if None not in numbers else np.empty(0)
    if value.shape not in ((9,), (3, 3)):
        raise XyzError(f"Lattice: expected nine numbers, got {item.text[:80]!r}", 1)
    return value.reshape(3, 3).astype(float)


def _pbc(item: Item) -> tuple[bool, ...]:
    tokens = item.text[:80].strip(" \t[]{}()").replace(",", " ").split()
    logicals = {**LOGICALS, "1": True, "0": False}
    found = tuple(logicals[token] for token in tokens if token in logicals)
    if len(tokens) != 3 or len(found) != 3 or len(item.text) > 80:
        raise XyzError(f"pbc: expected three of T and F, got {item.text[:40]!r}", 1)
    return found


def _columns(text: str) -> list[tuple[str, str, int]]:
    parts = text.split(":")
    found = [*zip(parts[::3], parts[1::3], parts[2::3], strict=False)]
    if len(parts) % 3 or not all(n and k in _KINDS and _WIDTH.fullmatch(width) for n, k, width in found):
        raise XyzError(f"Properties: expected name:kind:width and so on, got {text[:80]!r}", 1)
    columns = [(_SYNONYMS.get(name.lower(), name), kind, int(width)) for name, kind, width in found]
    columns = [("Z" if name == "numbers" else name, kind, width) for name, kind, width in columns]
    known = {name: (kind, width) for name, kind, width in columns}
    for name, kind, width in columns:
        label = label_name(name)
        if label and label.quantity == FORCES and (kind not in "RI" or width != 3):
            raise XyzError(f"Properties: expected {name[:40]}:R:3, got {name[:40]}:{kind}:{width}", 1)
    if len(known) < len(columns):
        raise XyzError(f"Properties: a column is named twice in {text[:80]!r}", 1)
    if known.get("pos") not in (("R", 3), ("I", 3)):
        raise XyzError(f"Properties: expected pos:R:3 among the columns, got {text[:80]!r}", 1)
    elements = {"species": ("S", 1), "Z": ("I", 1)}
    given = [name for name in elements if name in known]
    if not given or any(known[name] != elements[name] for name in given):
        raise XyzError(f"Properties: expected species:S:1 or Z:I:1 among the columns, got {text[:80]!r}", 1)
    return columns


def _from_cp2k(found: re.Match[str], note: NoteCallback) -> Header:
    """Interpret a comment of CP2K: step, time in fs, and energy in Hartree."""
    step, time, energy = found[1], found[2] and real(found[2]), real(found[3])
    if energy is None:
        raise XyzError(f"CP2K's comment: expected a number after E =, got {found[3][:40]!r}", 1)
    note("the energy of CP2K is converted from Hartree; the file has no cell, so it is not periodic")
    times = {} if time is None else {"time": float(time)}
    return Header({"step": int(step), **times, "energy": float(energy) * Hartree}, _PLAIN_COLUMNS)


def _from_ipi(words: list[str], comment: str) -> Header | None:
    """Interpret a comment of i-PI, with its units; return None if i-PI did not write it."""
    cell, units = None, {}
    for i, word in enumerate(words):
        found = _IPI_WORD.fullmatch(word)
        if found and found[1] == "CELL":
            cell = _ipi_cell(found[2], words[i + 1 : i + 7])
        elif found and not found[3]:
            units[found[1]] = found[2]
    name = next((name for name in units if name in _IPI_POSITIONS), None)
    if cell is None and name is None:
        return None
    if name is None:
        got = ", ".join(units) or "no unit"
        raise XyzError(f"i-PI's comment: expected positions{{unit}}, got {got[:80]}", 1)
    if cell is not None and "cell" not in units:
        raise XyzError("i-PI's comment: expected cell{unit} with CELL, got none", 1)
    for what in (name, "cell"):
        if what in units and units[what] not in _LENGTHS:
            raise XyzError(f"i-PI's comment: unknown unit {units[what]!r} of {what}", 1)
    if cell is not None:
        cell = cell * _LENGTHS[units["cell"]]
    return Header(
        {"comment": comment}, _PLAIN_COLUMNS, False, cell, (cell is not None,) * 3, _LENGTHS[units[name]]
    )


def _ipi_cell(kind: str, words: list[str]) -> np.ndarray:
    if kind != "abcABC":
        raise XyzError(f"i-PI's comment: expected CELL(abcABC), got CELL({kind})", 1)
    numbers = np.array([value for word in words if (value := real(word)) is not None])
    if len(numbers) < 6 or not ((numbers[:3] > 0) & (numbers[3:] > 0) & (numbers[3:] < 180)).all():
        raise XyzError("i-PI's comment: expected three lengths and three angles after CELL(abcABC)", 1)
    with np.errstate(invalid="ignore"):
        return cellpar_to_cell(numbers)
