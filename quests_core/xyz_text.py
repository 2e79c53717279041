"""An xyz file as text: its bytes, where its frames are, and what makes a frame's text ambiguous.

ASE reads generously: a column that a line has too many, a forces column whose ``Properties`` are cut
short, an unclosed quote, a bare ``energy`` change or lose numbers without a word. Here such a frame is
refused, with its line, before ASE sees it.
"""

import gzip
import os
import re
import zlib
from pathlib import Path

import numpy as np

from . import memory
from .regular import open_regular

_SUFFIXES = (".xyz", ".extxyz")
_CHUNK = 1 << 20
_LONGEST_COMMENT = 10_000_000
_SPLIT = "split the file, or read it on a machine with more memory"
# A comment with one of these is no free text.
_EXTENDED = re.compile(r"\b(lattice|properties|pbc|config_type|\w*(energy|stress|virial))\s*=", re.IGNORECASE)
# Control characters, and what Python takes for white space and nobody sees.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\ufeff]"
)
_QUOTED = re.compile(r"\\.|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\{(?:[^}\\]|\\.)*\}|\[(?:[^\]\\]|\\.)*\]")
# What Python takes for a number and nobody else does.
_ODD_NUMBER = re.compile(r"[_\u0080-\U0010ffff]")
_PBC = re.compile(r"\s*(?:(?:T|F|True|False|true|false|TRUE|FALSE|0|1)(?:[\s,]+|$)){3}")
_LOGICALS = {"T", "F", "True", "False"}
_COLUMN = re.compile(r"([^:]+):([RISL]):([1-9][0-9]{0,3})(?::|$)")


def is_extxyz(path: str | os.PathLike) -> bool:
    """Say whether a name is that of an xyz or extxyz file, compressed or not."""
    return Path(path).name.lower().removesuffix(".gz").endswith(_SUFFIXES)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, decompressed if it is a gzip file; what would not fit is refused."""
    with open_regular(path) as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            size = os.fstat(file.fileno()).st_size
            memory.check_fits(3 * size, f"{path.name}: reading it", _SPLIT)
            # Not what is written to it meanwhile.
            return file.read(size)
        free = memory.available()
        chunks, n_bytes = [], 0
        try:
            with gzip.GzipFile(fileobj=file) as plain:
                while chunk := plain.read(_CHUNK):
                    if not chunks:
                        _check_beginning(chunk, path)
                    chunks.append(chunk)
                    n_bytes += len(chunk)
                    # A few bytes can unpack to any number of them.
                    if free is not None and 3 * n_bytes > free:
                        memory.check_fits(3 * n_bytes + free, f"{path.name}: unpacking it", _SPLIT)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path.name}: the gzip data are damaged or cut off ({error})") from error
    return b"".join(chunks)


def _check_beginning(data: bytes, path: Path) -> None:
    """Refuse what cannot be an xyz file before all of it is unpacked."""
    line = data.lstrip()[:100].partition(b"\n")[0].strip()
    if is_extxyz(path) and (data.lstrip() or len(data) == _CHUNK) and not line.isdigit():
        raise ValueError(f"{path.name}, frame 0, line 1: expected the number of atoms, got {_shown(line)}")


def _shown(text: bytes) -> str:
    return repr(text[:40].decode("ascii", "replace"))


def frame_bounds(data: bytes, name: str = "extxyz") -> np.ndarray:
    """Return the byte at which each frame of an xyz file starts, and the end of the last one.

    Only the structure is read: a line with the number of atoms, a comment, a line for each atom.
    Raises a ValueError that names frame and line where the file departs from it.
    """
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 0x0A)
    if len(data) and not data.endswith(b"\n"):
        ends = np.append(ends, len(data) - 1)
    bounds, line, start = [], 0, 0
    while line < len(ends):
        count = data[start : ends[line] + 1].strip()
        if not count and not data[start:].strip():
            break
        where = f"{name}, frame {len(bounds)}, line {line + 1}"
        # No file has a number of atoms of more digits, and Python refuses to read very many.
        if not count.isdigit() or len(count) > 18:
            raise ValueError(f"{where}: expected the number of atoms, got {_shown(count)}")
        last = line + 1 + int(count)
        if last >= len(ends):
            raise ValueError(
                f"{where}: the frame is cut off: {int(count)} atoms announced, "
                f"{max(0, len(ends) - line - 2)} lines follow the comment"
            )
        bounds.append(start)
        start, line = int(ends[last]) + 1, last + 1
    return np.array([*bounds, start], dtype=np.int64)


def line_of(data: bytes, start: int) -> int:
    """Return the number of the line, from 1, that starts at a byte."""
    return data.count(b"\n", 0, start) + 1


def check_memory(data: bytes, bounds: np.ndarray, name: str) -> None:
    """Refuse a file whose frames would not fit in memory; the factors are measured, and generous."""
    largest = int(np.diff(bounds).max(initial=0))
    n_bytes = 2 * len(data) + 4_000 * (len(bounds) - 1) + 12 * largest
    memory.check_fits(n_bytes, f"{name}: reading its {len(bounds) - 1:,} frames", _SPLIT)


class Fault(ValueError):
    """What is wrong with the text of a frame, and in which of its lines, from 0."""

    def __init__(self, message: str, line: int):
        super().__init__(message)
        self.line = line


def check_frame(block: bytes) -> None:
    """Raise a `Fault` where the text of a frame could be read in two ways.

    Refused are: text that is not UTF-8, or has control characters; a comment of keys and values in which a
    quote is not closed, a key is given twice, or ``Lattice`` or ``Properties`` are not spelt so;
    ``Properties`` that do not name three columns of position and the element; lines with more or fewer
    columns than ``Properties`` says, or than others; numbers with underscores or other than ASCII digits;
    logicals that are not T or F.
    """
    try:
        _, comment, *lines = block.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise Fault("the text is not UTF-8", block.count(b"\n", 0, error.start)) from error
    _check_characters([comment, *lines])
    columns = _check_comment(comment)
    _check_widths(lines, columns)
    if columns is not None:
        _check_tokens(lines, columns)
    else:
        _check_tokens(lines, [("species", "S", 1), ("pos", "R", 3)])


def _check_characters(lines: list[str]) -> None:
    if _UNSEEN.search("\n".join(lines)):
        i = next(i for i, line in enumerate(lines) if _UNSEEN.search(line))
        found = _UNSEEN.search(lines[i]).group()
        raise Fault(f"expected text, got the character U+{ord(found):04X}", 1 + i)


def _check_comment(comment: str) -> list[tuple[str, str, int]] | None:
    """Return the columns that the comment names, None where it names none."""
    if len(comment) > _LONGEST_COMMENT:
        raise Fault(f"the comment has {len(comment):,} characters", 1)
    if not _EXTENDED.search(comment):
        # Free text, in which a quote is an apostrophe.
        return None
    bare = _QUOTED.sub("¤", comment)
    if set(bare) & set("\"'{}[]"):
        raise Fault("a quote or bracket in the comment is not closed", 1)
    words = [word.partition("=") for word in re.sub(r"\s*=\s*", "=", bare).split()]
    keys = [key for key, equals, _ in words if equals]
    # A key without a value counts as true, and would take the place of the number before.
    keys += [key for key, equals, _ in words if not equals and key in keys]
    for key in keys:
        if key.lower() in ("lattice", "properties") and key not in ("Lattice", "Properties"):
            raise Fault(f"expected the key {key.capitalize()!r}, got {key!r}", 1)
        if keys.count(key) > 1:
            raise Fault(f"the key {key[:40]!r} is given more than once", 1)
    for key, value in re.findall(r"\b(Lattice|\w*(?:energy|stress|virial))\s*=\s*(\"[^\"]*\"|\S+)", comment):
        if _ODD_NUMBER.search(value):
            raise Fault(f"{key}: expected numbers, got {value[:40]}", 1)
    pbc = re.search(r"\bpbc\s*=\s*(\"[^\"]*\"|'[^']*'|[\[{][^\]}]*[\]}]|\S+)", comment)
    if pbc and not _PBC.fullmatch(pbc[1].strip("\"'[]{}")):
        raise Fault(f"pbc: expected three of T and F, got {pbc[1][:40]}", 1)
    found = re.search(r"(?:^|\s)Properties\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))", comment)
    # Without, there are four columns, and no others that nothing tells the meaning of.
    return _columns(next(filter(None, found.groups()), "")) if found else _columns("species:S:1:pos:R:3")


def _columns(text: str) -> list[tuple[str, str, int]]:
    found = _COLUMN.findall(text)
    columns = [(name, kind, int(width)) for name, kind, width in found]
    if ":".join(":".join(parts) for parts in found) != text or not columns:
        raise Fault(f"Properties: expected name:kind:width and so on, got {text[:80]!r}", 1)
    known = {name: (kind, width) for name, kind, width in columns}
    for name, kind, width in columns:
        if name.lower().endswith(("force", "forces")) and (kind not in "RI" or width != 3):
            raise Fault(f"Properties: expected {name}:R:3, got {name}:{kind}:{width}", 1)
    if len(known) < len(columns):
        raise Fault(f"Properties: a column is named twice in {text[:80]!r}", 1)
    if known.get("pos", known.get("positions")) not in (("R", 3), ("I", 3)):
        raise Fault(f"Properties: expected pos:R:3 among the columns, got {text[:80]!r}", 1)
    elements = known.get("species", known.get("symbols")), known.get("Z", known.get("numbers"))
    if ("S", 1) not in elements and ("I", 1) not in elements:
        raise Fault(f"Properties: expected species:S:1 or Z:I:1 among the columns, got {text[:80]!r}", 1)
    if None not in elements:
        raise Fault("Properties: expected one column of elements, got species and Z", 1)
    return columns


def _check_widths(lines: list[str], columns) -> None:
    widths = [len(line.split()) for line in lines]
    if not widths:
        return
    expected = widths[0] if columns is None else sum(width for _, _, width in columns)
    expected = max(4, expected) if columns is None else expected
    if set(widths) != {expected}:
        i = next(i for i, width in enumerate(widths) if width != expected)
        raise Fault(f"expected {expected} columns for atom {i}, got {widths[i]}", 2 + i)


def _check_tokens(lines: list[str], columns) -> None:
    odd, start = bool(_ODD_NUMBER.search("\n".join(lines))), 0
    for name, kind, width in columns:
        if kind == "L" or (kind != "S" and odd):
            for i, line in enumerate(lines):
                for token in line.split()[start : start + width]:
                    if token not in _LOGICALS if kind == "L" else _ODD_NUMBER.search(token):
                        expected = "T or F" if kind == "L" else "a number"
                        raise Fault(f"expected {expected} in column {name}, got {token[:40]!r}", 2 + i)
        start += width
