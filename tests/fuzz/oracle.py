"""A slow and strict reader of xyz files, independent of the library."""

import gzip
import math
import re
from typing import NamedTuple

_NUMBER = re.compile(
    r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][-+]?[0-9]+)?|[-+]?(?:nan|inf|infinity)", re.IGNORECASE
)
_SPACE = " \t\r"
# In the order in which they count; the files that are mutated have no others.
PREFIXES = ("ref", "", "dft")
CLOSING = {"{": "}", "[": "]"}


class Frame(NamedTuple):
    """Content of a frame: elements, positions, cell, periodic axes, forces or None, energy or None, label."""

    elements: list[str]
    positions: list[list[float]]
    cell: list[float]
    pbc: list[bool]
    forces: list[list[float]] | None
    energy: float | None


def number(text: str) -> float:
    """Return a number as any program would read it."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"no number: {text!r}")
    return float(text.replace("D", "e").replace("d", "e"))


def _words(line: str) -> list[str]:
    return [word for word in re.split(r"[ \t\r]+", line) if word]


def _word(line: str, at: int, value: bool) -> tuple[str, int]:
    """Return a word and its end; in a value, an equals sign is an ordinary character."""
    first, text = at, ""
    while at < len(line) and line[at] not in _SPACE and (value or line[at] != "=" or at == first):
        char = line[at]
        if char == '"' or (char == "'" and at == first):
            at += 1
            while line[at] != char:
                at += line[at] == "\\"
                text += "\n" if line[at - 1 : at + 1] == "\\n" else line[at]
                at += 1
        elif char in CLOSING and at == first:
            depth, quoted = 0, False
            while True:
                if line[at] == "\\":
                    at += 1
                elif line[at] == '"':
                    quoted = not quoted
                elif not quoted and line[at] in (char, CLOSING[char]):
                    depth += 1 if line[at] == char else -1
                    if not depth:
                        break
                text += line[at] if at > first else ""
                at += 1
        else:
            if char == "\\" and line[at + 1 : at + 2] in list(" \t=\"'{}[]\\,"):
                at += 1
            text += line[at]
        at += 1
    return text, at


def _after_blanks(line: str, at: int) -> int:
    while at < len(line) and line[at] in _SPACE:
        at += 1
    return at


def _items(line: str) -> list[tuple[str, str | None]]:
    """Return the keys and values of a comment; raise an IndexError if a quote or bracket is not closed."""
    items, at = [], _after_blanks(line, 0)
    while at < len(line):
        key, at = _word(line, at, False)
        at = _after_blanks(line, at)
        if line[at : at + 1] != "=":
            items.append((key, None))
            continue
        begin, at = at + 1, _after_blanks(line, at + 1)
        value = ""
        if at < len(line) and (at == begin or line[at] != "="):
            value, end = _word(line, at, at == begin)
            is_key = line[_after_blanks(line, end) :][:1] == "=" and line[at] not in CLOSING
            if at > begin and is_key:
                value = ""
            else:
                at = end
        items.append((key, value))
        at = _after_blanks(line, at)
    return items


def _label(key: str) -> tuple[int, bool, str] | None:
    """Return the rank of a key and the quantity that it names."""
    found = re.fullmatch("(ref|dft)?[_-]?(free[_-]?)?(energy|energies|forces?|stress|virials?)", key.lower())
    if not found or (found[1] is None and key[0] in "_-"):
        return None
    return PREFIXES.index(found[1] or ""), bool(found[2]), found[3].rstrip("s").replace("energie", "energy")


def _comment(line: str) -> dict[str, str]:
    """Return the values of a comment, with keys of the structure in lower case."""
    try:
        items = _items(line)
    except IndexError:
        used = "(lattice|properties|pbc|config_type|energy|forces?|stress|virials?)"
        if re.search(used + "[ \t]*=", line, re.IGNORECASE):
            raise
        return {}
    valued = [(key, value) for key, value in items if value is not None]
    structure = {"lattice", "properties", "pbc", "config_type"}
    sure = {key for key, _ in valued if key.lower() in structure or re.match("(?i)(ref|dft)_", key)}
    if not valued or (len(valued) < len(items) and not sure):
        return {}
    found = {}
    for key, value in valued:
        name = key.lower() if key.lower() in structure else key
        if (name in structure or _label(key)) and key.lower() in map(str.lower, found):
            raise ValueError(f"{key} twice")
        found[name] = value
    return found


def _numbers_or_none(text: str) -> float | None:
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    return number(parts[0]) if len(parts) == 1 and _NUMBER.fullmatch(parts[0]) else None


def _frame(comment: str, lines: list[str]) -> Frame:
    keys = _comment(comment)
    properties = keys.get("properties", "species:S:1:pos:R:3").split(":")
    columns, start = {}, 0
    for name, kind, width in zip(*[iter(properties)] * 3, strict=True):
        name = {"symbols": "species", "positions": "pos", "numbers": "Z"}.get(name.lower(), name)
        name = name.lower() if name.lower() in ("species", "pos") else name
        columns[name] = (kind, slice(start, start + int(width)))
        start += int(width)
    rows = [_words(line) for line in lines]
    if keys and any(len(row) != start for row in rows):
        raise ValueError("columns")
    if any(len(row) < 4 for row in rows):
        raise ValueError("columns")
    names = "species" if "species" in columns else "Z"
    forces = sorted((_label(name), name) for name in columns if (_label(name) or " ")[-1] == "force")
    forces = columns[forces[0][1]] if forces else None
    position = columns["pos"]
    lattice = [0.0] * 9
    if "lattice" in keys:
        lattice = [number(x) for x in re.split(r"[\s,]+", keys["lattice"].strip())]
    if len(lattice) != 9:
        raise ValueError("Lattice")
    given = ["T" if "lattice" in keys else "F"] * 3
    if "pbc" in keys:
        given = re.split(r"[\s,]+", keys["pbc"].strip(" \t[]{}()"))
    pbc = [{"T": True, "F": False, "1": True, "0": False, "True": True, "False": False}[x] for x in given]
    energies = sorted((_label(key), key) for key in keys if (_label(key) or " ")[-1] == "energy")
    # A result of the calculator, as the key `energy` alone becomes one, counts first.
    energies = sorted((key for _, key in energies), key=lambda key: key != "energy")
    return Frame(
        [str(int(e)) if names == "Z" else e for e in (row[columns[names][1]][0] for row in rows)],
        [[number(x) for x in row[position[1]]] for row in rows],
        lattice,
        pbc,
        [[number(x) for x in row[forces[1]]] for row in rows] if forces else None,
        next((e for key in energies if (e := _numbers_or_none(keys[key])) is not None), None),
    )


def parse(data: bytes) -> list[Frame]:
    """Return the frames of a file; any exception means that it is ambiguous or invalid."""
    while data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    lines = data.decode("utf-8").split("\n")
    frames, at = [], 0
    while at < len(lines):
        if not "".join(lines[at:]).strip():
            break
        head = lines[at].strip(_SPACE)
        if not re.fullmatch("[0-9]{1,9}", head) or at + 2 + int(head) > len(lines):
            raise ValueError(f"no frame: {head!r}")
        end = at + 2 + int(head)
        frames.append(_frame(lines[at + 1], lines[at + 2 : end]))
        at = end
    return frames


def same(a: float, b: float) -> bool:
    """Return whether two numbers are equal, NaN only to NaN."""
    return (math.isnan(a) and math.isnan(b)) or a == b
