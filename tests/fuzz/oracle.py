"""Another reading of xyz files, slow and strict, which shares nothing with the library's."""

import gzip
import math
import re
from typing import NamedTuple

_NUMBER = re.compile(
    r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?(?:nan|inf|infinity)", re.IGNORECASE
)
_ITEM = re.compile(r"""([^\s="'{}\[\]]+)(?:\s*=\s*("[^"]*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|[^\s"'{}\[\]]+))?""")
_SPACE = " \t\r"
FORCES = ("forces", "REF_forces", "force", "dft_forces", "DFT_forces")
ENERGIES = ("energy", "REF_energy", "free_energy", "dft_energy", "DFT_energy")


class Frame(NamedTuple):
    """What a frame says: elements, positions, cell, periodic axes, forces or None, energy or None, label."""

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
    return float(text)


def _words(line: str) -> list[str]:
    return [word for word in re.split(r"[ \t\r]+", line) if word]


def _comment(line: str) -> dict[str, str]:
    if not re.search(
        r"\b(lattice|properties|pbc|config_type|\w*(energy|stress|virial))\s*=", line, re.IGNORECASE
    ):
        return {}
    found, bare, at = {}, set(), 0
    line = line.strip()
    while at < len(line):
        match = _ITEM.match(line, at)
        if match is None:
            raise ValueError(f"no comment: {line[at:]!r}")
        key, value = match.groups()
        if key in bare or key in found:
            raise ValueError(f"{key} twice")
        if value is None:
            bare.add(key)
        else:
            found[key] = value[1:-1] if value[0] in "\"'{[" else value
        at = match.end()
        while at < len(line) and line[at].isspace():
            at += 1
    return found


def _numbers_or_none(text: str) -> float | None:
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    return number(parts[0]) if len(parts) == 1 and _NUMBER.fullmatch(parts[0]) else None


def _frame(comment: str, lines: list[str]) -> Frame:
    keys = _comment(comment)
    properties = keys.get("Properties", "species:S:1:pos:R:3").split(":")
    columns, start = {}, 0
    for name, kind, width in zip(*[iter(properties)] * 3, strict=True):
        columns[name] = (kind, slice(start, start + int(width)))
        start += int(width)
    rows = [_words(line) for line in lines]
    if keys and any(len(row) != start for row in rows):
        raise ValueError("columns")
    if any(len(row) < 4 for row in rows):
        raise ValueError("columns")
    names = "species" if "species" in columns else "Z" if "Z" in columns else "symbols"
    forces = next((columns[name] for name in FORCES if name in columns), None)
    position = columns.get("pos") or columns["positions"]
    lattice = (
        [number(x) for x in re.split(r"[\s,]+", keys["Lattice"].strip())] if "Lattice" in keys else [0.0] * 9
    )
    if len(lattice) != 9:
        raise ValueError("Lattice")
    given = (
        re.split(r"[\s,]+", keys["pbc"].strip()) if "pbc" in keys else ["T" if "Lattice" in keys else "F"] * 3
    )
    pbc = [{"T": True, "F": False, "1": True, "0": False, "True": True, "False": False}[x] for x in given]
    return Frame(
        [str(int(e)) if names == "Z" else e for e in (row[columns[names][1]][0] for row in rows)],
        [[number(x) for x in row[position[1]]] for row in rows],
        lattice,
        pbc,
        [[number(x) for x in row[forces[1]]] for row in rows] if forces else None,
        next((e for key in ENERGIES if key in keys and (e := _numbers_or_none(keys[key])) is not None), None),
    )


def parse(data: bytes) -> list[Frame]:
    """Return the frames of a file; any exception means that it says nothing clear."""
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
    """Say whether two numbers are the same, NaN being only NaN."""
    return (math.isnan(a) and math.isnan(b)) or a == b
