"""A frame of an extxyz file as text: keys and columns change, every other character stays.

Reading a file into numbers and writing these again would round them; text does not.
"""

import io
import re
from dataclasses import dataclass, field

import ase.io
import numpy as np
from ase import Atoms

_CLOSING = {'"': '"', "'": "'", "{": "}", "[": "]"}
_PLAIN = "species:S:1:pos:R:3"
_PLAIN_VALUE = re.compile(r"[^\s=,\"'{}\[\]\\]+")


def _chunks(comment: str) -> list[str]:
    """Split a comment line at white space that stands in no quotes or brackets."""
    chunks, now, closing, escaped = [], "", "", False
    for char in comment.strip():
        if char.isspace() and not closing and not escaped:
            chunks.append(now)
            now = ""
            continue
        now += char
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif closing:
            closing = "" if char == closing else closing
        else:
            closing = _CLOSING.get(char, "")
    joined: list[str] = []
    for chunk in filter(None, [*chunks, now]):
        # White space around the equals sign belongs to neither key nor value.
        if joined and (chunk.startswith("=") or (joined[-1].endswith("=") and not chunk.startswith("="))):
            joined[-1] += chunk
        else:
            joined.append(chunk)
    return joined


def _quoted(value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class FrameText:
    r"""One frame, taken apart.

    Attributes
    ----------
    items : list of [key, text]
        The comment line's parts, as they stand there; for ``key=value`` the key, else "".
    columns : list of [name, kind, width]
        What ``Properties`` says.
    lines : list of str
        The atoms' lines.

    Examples
    --------
    >>> frame = FrameText.of(b'1\nenergy=-1.50 Properties=species:S:1:pos:R:3\nCu 0 0 0.10\n')
    >>> frame.rename("energy", "REF_energy")
    >>> frame.add_column("tag", "I", ["7"])
    >>> print(frame.to_bytes().decode(), end="")
    1
    REF_energy=-1.50 Properties=species:S:1:pos:R:3:tag:I:1
    Cu 0 0 0.10 7
    """

    items: list[list[str]]
    columns: list[list]
    lines: list[str]
    line_end: str = "\n"
    _changed_columns: bool = field(default=False, repr=False)

    @classmethod
    def of(cls, block: bytes) -> "FrameText":
        """Take the bytes of one frame apart."""
        line_end = "\r\n" if b"\r\n" in block else "\n"
        _, comment, *lines = block.decode("utf-8").rstrip("\r\n").split("\n")
        items = [[_key(chunk), chunk] for chunk in _chunks(comment)]
        frame = cls(items, [], [line.rstrip("\r") for line in lines], line_end)
        parts = (frame.get("Properties") or _PLAIN).split(":")
        frame.columns = [[n, k, int(w)] for n, k, w in zip(*[iter(parts)] * 3, strict=True)]
        return frame

    def get(self, key: str) -> str | None:
        """Return the value of a key without its quotes, None where there is none."""
        for name, text in self.items:
            if name == key:
                value = text.partition("=")[2].strip()
                quoted = len(value) > 1 and _CLOSING.get(value[0]) == value[-1]
                return re.sub(r"\\(.)", r"\1", value[1:-1] if quoted else value)
        return None

    def has_column(self, name: str) -> bool:
        """Say whether there is a column of that name."""
        return any(column[0] == name for column in self.columns)

    def set(self, key: str, value: str) -> None:
        """Give a key a value, in its place or at the end."""
        text = f"{_quoted(key)}={_quoted(value)}"
        for item in self.items:
            if item[0] == key:
                item[1] = text
                return
        self.items.append([key, text])

    def rename(self, key: str, new: str) -> None:
        """Give a value another key."""
        for item in self.items:
            if item[0] == key:
                item[:] = [new, f"{new}={item[1].partition('=')[2]}"]

    def rename_column(self, name: str, new: str) -> None:
        """Give a column another name."""
        for column in self.columns:
            if column[0] == name:
                column[0], self._changed_columns = new, True

    def add_column(self, name: str, kind: str, values: list[str]) -> None:
        """Add a column of width 1; `kind` is S, R, I or L."""
        width = sum(column[2] for column in self.columns)
        for i, value in enumerate(values):
            tokens = self.lines[i].split()
            # What stands behind the columns that are named is no column.
            line = " ".join(tokens[:width]) if len(tokens) > width else self.lines[i].rstrip()
            self.lines[i] = f"{line} {value}"
        self.columns.append([name, kind, 1])
        self._changed_columns = True

    def replace_column(self, name: str, values: np.ndarray) -> None:
        """Write the numbers of a column anew, exactly."""
        start = 0
        for column in self.columns:
            if column[0] == name:
                break
            start += column[2]
        else:
            raise KeyError(name)
        values = np.asarray(values).reshape(len(self.lines), -1)
        for i, row in enumerate(values.tolist()):
            tokens = self.lines[i].split()
            tokens[start : start + len(row)] = map(repr, row)
            self.lines[i] = " ".join(tokens)

    def to_bytes(self) -> bytes:
        """Return the frame as it stands in a file."""
        if self._changed_columns:
            self.set("Properties", ":".join(f"{n}:{k}:{w}" for n, k, w in self.columns))
            for item in self.items:
                if item[0] == "Properties":
                    item[1] = item[1].replace('"', "")
        comment = " ".join(text for _, text in self.items)
        return (self.line_end.join([str(len(self.lines)), comment, *self.lines]) + self.line_end).encode()


def _key(chunk: str) -> str:
    key, equals, _ = chunk.partition("=")
    return key.strip().strip("\"'") if equals else ""


def frame_bytes(atoms: Atoms) -> bytes:
    """Return a frame as extxyz from which the same numbers are read, to the last bit."""
    buffer = io.StringIO()
    ase.io.write(buffer, [atoms], format="extxyz")
    frame = FrameText.of(buffer.getvalue().encode())
    results = getattr(atoms.calc, "results", {})
    for name, kind, width in frame.columns:
        if kind != "R":
            continue
        values = atoms.positions if name == "pos" else results.get(name, atoms.arrays.get(name))
        if values is not None and np.size(values) == width * len(atoms):
            frame.replace_column(name, np.asarray(values, dtype=float))
    return frame.to_bytes()
