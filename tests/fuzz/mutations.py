"""Faults of files: each function damages a valid file in one way."""

import functools
import gzip
from pathlib import Path
from typing import NamedTuple

from . import bases

NASTY = (
    "nan", "NaN", "inf", "-inf", "1e999", "1e308", "-0", "+.5", "1.", "1d3", "0x10", "1_0", "1_0.5",
    "T", "F",
    "True", "", "-", ".", "e5", "1,5", "１２", "٣", "1e-320", "99999999999999999999", "None", "null", "*****",
    "1.0.0", "--1", "C", "Xx", "6", "H2", "X", '"', "{", "]", "=", "a=b", "\\", "\x00", "\x0b",
    "\u2028", "\xa0", "\x1c",
)  # fmt: skip


class Case(NamedTuple):
    """A file to be read.

    Attributes
    ----------
    kind : str
        The mutation.
    name : str
        The name under which it is stored.
    data : bytes
        Its content.
    good : bool
        Whether it is valid and must be read.
    """

    kind: str
    name: str
    data: bytes
    good: bool = False


def _pick(rng, items):
    return items[int(rng.integers(len(items)))]


def _on_lines(change):
    @functools.wraps(change)
    def mutate(rng, data: bytes) -> bytes:
        lines = data.decode().split("\n")
        change(rng, lines)
        return "\n".join(lines).encode("utf-8", "surrogateescape")

    return mutate


def _headers(lines) -> list[int]:
    found, at = [], 0
    while at < len(lines) and lines[at].strip().isdigit():
        found.append(at)
        at += 2 + int(lines[at])
    return found


def _atom_line(rng, lines) -> int:
    at = _pick(rng, _headers(lines))
    return at + 2 + int(rng.integers(int(lines[at])))


def _replace_token(rng, line: str, new: str) -> str:
    tokens = line.split()
    tokens[int(rng.integers(len(tokens)))] = new
    return " ".join(tokens)


def cut(rng, data):
    return data[: int(rng.integers(len(data)))]


def cut_at_space(rng, data):
    places = [i for i, byte in enumerate(data) if byte in b' \n=":']
    return data[: _pick(rng, places) + int(rng.integers(2))]


@_on_lines
def count(rng, lines):
    at = _pick(rng, _headers(lines))
    n = int(lines[at])
    new = (
        "0",
        "1",
        "1000000",
        "9" * 5000,
        "-1",
        f"{n}.0",
        f"+{n}",
        f"{n - 1}",
        f"{n + 1}",
        f" {n} ",
        f"{n}_0",
        "²",
        f"{n} x",
    )
    lines[at] = _pick(rng, new)


@_on_lines
def column(rng, lines):
    i = _atom_line(rng, lines)
    tokens = lines[i].split()
    j = int(rng.integers(len(tokens)))
    k = int(rng.integers(len(tokens)))
    what = int(rng.integers(5))
    if what == 0:
        del tokens[j]
    elif what == 1:
        tokens.insert(j, "0.5")
    elif what == 2:
        tokens[j], tokens[k] = tokens[k], tokens[j]
    elif what == 3:
        tokens[j] = tokens[j].replace(".", " .", 1)
    else:
        tokens[j : j + 2] = ["".join(tokens[j : j + 2])]
    lines[i] = " ".join(tokens)


@_on_lines
def token(rng, lines):
    i = _atom_line(rng, lines)
    lines[i] = _replace_token(rng, lines[i], _pick(rng, NASTY))


@_on_lines
def not_a_number(rng, lines):
    i = _atom_line(rng, lines)
    tokens = lines[i].split()
    tokens[int(rng.integers(1, len(tokens)))] = _pick(rng, ("nan", "inf", "-inf", "NaN"))
    lines[i] = " ".join(tokens)


@_on_lines
def comment(rng, lines):
    i = _pick(rng, _headers(lines)) + 1
    text = lines[i]
    what = int(rng.integers(7))
    place = int(rng.integers(len(text) + 1))
    if what == 0:
        text = text[:place]
    elif what == 1:
        text = text[:place] + text[place + 1 :]
    elif what == 2:
        text = text[:place] + _pick(rng, NASTY) + text[place:]
    elif what == 3:
        text = text.replace('"', "", 1)
    elif what == 4:
        text = " ".join([text, _pick(rng, text.split() or [""])])
    elif what == 5:
        text = _replace_token(rng, text, _pick(rng, NASTY)) if text.split() else "="
    else:
        text += _pick(
            rng, (" energy", " energy=abc", " energy=1_0", " energy=nan", " forces=3",
                  " a=_JSON [[1,2],[3]]",
                  ' b="_JSON ' + "[" * 5000 + '"', " pbc=T", " Lattice=3", " cut='", " stress=0",
                  " dipole=x",
                  " energy=1 2", " numbers=3", " positions=4", " Properties", ' virial="1 2"',
                  " config_type=007",
                  " free_energy=T", " charges=2", " pbc=\"T X F\"", " config_type=1_2", " REF_energy=-3"),
        )  # fmt: skip
    lines[i] = text


@_on_lines
def cell(rng, lines):
    i = _pick(rng, _headers(lines)) + 1
    new = _pick(
        rng, ("0 0 0 0 0 0 0 0 0", "4 0 0 4 0 0 0 0 4", "4 0 0 0 0 0 0 0 4", "1e-3 0 0 0 1e-3 0 0 0 1e-3",
              "0.1 0 0 0 0.1 0 0 0 0.1", "1e-9 0 0 0 4 0 0 0 4", "1e300 0 0 0 1e300 0 0 0 1e300",
              "4 0 0 0 4 0 0 0",
              "4 0 0 0 4 0 0 0 4 1", "nan 0 0 0 4 0 0 0 4", "4 0 0 0 inf 0 0 0 4", "-4 0 0 0 4 0 0 0 4",
              "4 0 0 4 1e-7 0 0 0 4", "1 1 0 1 0 1 0 1 1", "4 0 0 0 4 0 0 0 0.02", "4;0;0 0 4 0 0 0 4", ""),
    )  # fmt: skip
    rest = lines[i].split('"', 2)[-1] if "Lattice" in lines[i] else " " + lines[i].replace("'", "")
    lines[i] = f'Lattice="{new}"{rest}'


@_on_lines
def duplicate_atoms(rng, lines):
    at = _pick(rng, _headers(lines))
    n = int(lines[at])
    j, k = (at + 2 + int(i) for i in rng.integers(n, size=2))
    lines[j] = lines[k]


@_on_lines
def lines_moved(rng, lines):
    j, k = (int(i) for i in rng.integers(len(lines), size=2))
    what = int(rng.integers(3))
    if what == 0:
        del lines[j]
    elif what == 1:
        lines.insert(k, lines[j])
    else:
        lines[j], lines[k] = lines[k], lines[j]


@_on_lines
def crowded(rng, lines):
    factor = float(_pick(rng, (1e-3, 1e-5, 1e-7, 1e4, 1e12, 1e200)))
    for at in _headers(lines):
        for i in range(at + 2, at + 2 + int(lines[at])):
            tokens = lines[i].split()
            tokens[1:4] = [repr(float(t) * factor) for t in tokens[1:4]]
            lines[i] = " ".join(tokens)


@_on_lines
def empty_frame(rng, lines):
    at = _pick(rng, [*_headers(lines), len(lines) - 1])
    lines[at:at] = _pick(
        rng, (["0", ""], ["0", "Properties=species:S:1:pos:R:3"], ["1", ""], ["1"], ["1", "", ""], [""])
    )


@_on_lines
def properties(rng, lines):
    new = _pick(
        rng, ("species:S:1", "pos:R:3", "species:S:1:pos:R", "species:S:1:pos:R:2", "species:S:1:pos:S:3",
              "species:S:1:pos:R:3:forces:R", "species:S:1:pos:L:3", "pos:R:3:species:S:1",
              "species:S:1:pos:R:4",
              "species:S:1:pos:R:3:pos:R:3", "species:S:1:pos:R:0", "species:S:1:pos:R:99999999", "", ":::",
              "species:S:1:pos:R:3:forces:S:3", "species:S:1:pos:R:3:forces:L:3",
              "species:S:1:forces:R:3:pos:R:3",
              "species:S:1:Z:I:1:pos:R:3", "species:S:1:pos:R:3:forces:I:3", "species:S:1:pos:R:-3",
              "species:S:1:pos:R:3:forces:R:2:x:R:1", "species:S:1:pos:R:3:force:R:3",
              "species:S:1:POS:R:3"),
    )  # fmt: skip
    for i in (at + 1 for at in _headers(lines)):
        before, key, rest = lines[i].partition("Properties=")
        tail = rest.partition(" ")[2] if key else rest
        lines[i] = f"{before} Properties={new} {tail}"


def bytes_changed(rng, data):
    data = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        place, what = int(rng.integers(len(data))), int(rng.integers(3))
        if what == 0:
            data[place] = int(rng.integers(256))
        elif what == 1:
            data.insert(place, int(rng.integers(256)))
        else:
            del data[place]
    return bytes(data)


def encoded(rng, data):
    text = data.decode()
    what = int(rng.integers(8))
    if what < 4:
        return text.encode(("utf-16", "utf-16-le", "utf-32", "utf-8-sig")[what])
    place = int(rng.integers(len(data)))
    return data[:place] + (b"\xe9", b"\x00", "\u2028".encode(), "\u0663".encode())[what - 4] + data[place:]


def line_ends(rng, data):
    return data.replace(b"\n", _pick(rng, (b"\r", b"\n\n", b"\x0b", b"\x85", b"\r\r\n")))


def spliced(rng, data):
    other = _pick(rng, bases.xyz_files())
    return data[: int(rng.integers(len(data)))] + other[int(rng.integers(len(other))) :]


TEXT = (
    cut, cut_at_space, count, column, token, not_a_number, comment, cell, duplicate_atoms, lines_moved,
    crowded,
    empty_frame, properties, bytes_changed, encoded, line_ends, spliced,
)  # fmt: skip


def _harmless(rng, data: bytes) -> tuple[str, bytes]:
    """Return a file that is valid although it looks odd."""
    what = int(rng.integers(7))
    if what == 0:
        return "good: CRLF", data.replace(b"\n", b"\r\n")
    if what == 1:
        return "good: no line end", data[:-1]
    if what == 2:
        return "good: blank lines behind", data + b"\n  \n\t\n"
    if what == 3:
        return "good: tabs and spaces", data.replace(b" ", b" \t ") if b'"' not in data else data.replace(
            b"\nC", b"\n  C"
        )
    if what == 4:
        return "good: twice", data + data
    if what == 5:
        return "good: one atom", b"1\n\nH 0 0 0\n" + data
    return "good: as it is", data


def _bomb(rng) -> tuple[str, bytes]:
    """Return a small file that unpacks to 3 GB, from concatenated gzip members."""
    what = int(rng.integers(4))
    unit = (bytes(1 << 20), b"1\n\nH 0 0 0\n" * 90_000, b"a" * (1 << 20), b"H 0 0 0\n" * 130_000)[what]
    head = (b"", b"", b"1\n", b"500000000\n\n")[what]
    member = gzip.compress(unit * 64, mtime=0)
    data = gzip.compress(head, mtime=0) + member * 48
    return ("zeros", "frames", "one line", "one frame")[what], data


def _packed(rng, data: bytes) -> tuple[str, bytes, bool]:
    whole, what = gzip.compress(data, mtime=0), int(rng.integers(7))
    if what == 0:
        return "gz cut", whole[: int(rng.integers(1, len(whole)))], False
    if what == 1:
        return "gz bytes changed", bytes_changed(rng, whole), False
    if what == 2:
        return "gz twice", gzip.compress(whole, mtime=0), False
    if what == 3:
        return "gz two members", whole + gzip.compress(data, mtime=0), True
    if what == 4:
        return "gz that is none", data, True
    if what == 5:
        return "gz with rubbish behind", whole + b"rubbish", False
    return "gz", whole, True


def case(rng, number: int, trap: Path, bombs: int) -> Case:
    """Return the file with a number: mostly text, some compressed, in other formats, or pickles."""
    data = _pick(rng, bases.xyz_files())
    share = number % 20
    if bombs and number % (20 * bombs) == 0:
        kind, data = _bomb(rng)
        return Case(f"gz bomb: {kind}", "bomb.xyz.gz", data)
    if share == 1:
        kind, data = _harmless(rng, data)
        return Case(kind, "a file.xyz", data, True)
    if share in (2, 3):
        kind, data, good = _packed(rng, data)
        return Case(kind, "packed.xyz.gz", data, good)
    if share == 4:
        name, content = _pick(rng, list(bases.other_files().items()))
        return Case(f"{name} as xyz", "other.xyz", content)
    if share == 5:
        name, content = _pick(rng, list(bases.other_files().items()))
        change = _pick(rng, (cut, bytes_changed))
        return Case(f"{name} changed", name, change(rng, content))
    if share == 6:
        names = (
            "p.xyz",
            "p.traj",
            "p.db",
            "p.json",
            "p.pkl",
            "p.bundle",
            "p.gpw",
            "p.py",
            "p.dat",
            "p.xyz.gz",
            "p",
        )
        return Case("pickle", _pick(rng, names), bases.pickled(trap))
    change = _pick(rng, TEXT)
    return Case(change.__name__, "mutated.xyz", change(rng, data))
