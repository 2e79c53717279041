"""Edit a frame of an extxyz file as text: change keys and columns, keep every other character.

Reading numbers and writing them again would not preserve how they were written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .xyz_comment import Item, parse
from .xyz_values import quote, real

_PLAIN = "species:S:1:pos:R:3"


@dataclass
class FrameText:
    r"""A frame of an extxyz file, parsed into comment, columns and lines.

    Attributes
    ----------
    comment : str
        The comment line.
    columns : list of [name, kind, width]
        The columns of ``Properties``.
    lines : list of str
        The lines of the atoms.

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

    comment: str
    columns: list[list]
    lines: list[str]
    line_end: str = "\n"
    _changed_columns: bool = field(default=False, repr=False)

    @classmethod
    def of(cls, block: bytes) -> "FrameText":
        """Parse the bytes of a frame whose comment consists of keys and values."""
        line_end = "\r\n" if b"\r\n" in block else "\n"
        _, comment, *lines = block.decode("utf-8").rstrip("\r\n").split("\n")
        frame = cls(comment.rstrip("\r"), [], [line.rstrip("\r") for line in lines], line_end)
        properties = frame._item(lambda key: key.lower() == "properties")
        parts = (properties.text if properties else _PLAIN).split(":")
        frame.columns = [[n, k, int(w)] for n, k, w in zip(*[iter(parts)] * 3, strict=True)]
        return frame

    def _item(self, matches: Callable[[str], bool]) -> Item | None:
        items = parse(self.comment)
        return next((item for item in items if item.raw is not None and matches(item.key)), None)

    def _replace(self, item: Item, text: str) -> None:
        end = item.start + len(item.source)
        self.comment = self.comment[: item.start] + text + self.comment[end:]

    @property
    def keys(self) -> list[str]:
        """The keys that have a value, in order."""
        return [item.key for item in parse(self.comment) if item.raw is not None]

    def get(self, key: str) -> str | None:
        """Return the text of a key's value without quotes, or None without a value."""
        item = self._item(key.__eq__)
        return item.text if item else None

    def value(self, key: str):
        """Return the parsed value of a key, or None without a value."""
        item = self._item(key.__eq__)
        return item.value if item else None

    def has_column(self, name: str) -> bool:
        """Return whether there is a column of that name."""
        return any(column[0] == name for column in self.columns)

    def numbers(self, name: str) -> np.ndarray:
        """Return the numbers of a column of kind R or I, shape (n_atoms, width)."""
        start = 0
        for column, _, width in self.columns:
            if column == name:
                rows = [line.split()[start : start + width] for line in self.lines]
                return np.array([[*map(real, row)] for row in rows], dtype=np.float64)
            start += width
        raise KeyError(name)

    def set(self, key: str, value: str) -> None:
        """Set the value of a key, in place or at the end of the comment."""
        text, item = f"{quote(key)}={quote(value)}", self._item(key.__eq__)
        if item:
            self._replace(item, text)
        else:
            self.comment = f"{self.comment} {text}" if self.comment.strip() else text

    def rename(self, key: str, new: str) -> None:
        """Rename a key."""
        item = self._item(key.__eq__)
        if item and item.raw is not None:
            before_value = item.source.removesuffix(item.raw)
            equals = before_value[before_value.rindex("=") :]
            self._replace(item, f"{quote(new)}{equals}{item.raw}")

    def rename_column(self, name: str, new: str) -> None:
        """Rename a column."""
        for column in self.columns:
            if column[0] == name:
                column[0], self._changed_columns = new, True

    def add_column(self, name: str, kind: str, values: list[str]) -> None:
        """Add a column of width 1; `kind` is S, R, I or L."""
        width = sum(column[2] for column in self.columns)
        for i, value in enumerate(values):
            tokens = self.lines[i].split()
            # Drop what follows the named columns.
            line = " ".join(tokens[:width]) if len(tokens) > width else self.lines[i].rstrip()
            self.lines[i] = f"{line} {value}"
        self.columns.append([name, kind, 1])
        self._changed_columns = True

    def replace_column(self, name: str, values: np.ndarray) -> None:
        """Replace the numbers of a column, in full precision."""
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
        """Return the text of the frame in a file."""
        if self._changed_columns:
            properties = ":".join(f"{n}:{k}:{w}" for n, k, w in self.columns)
            item = self._item(lambda key: key.lower() == "properties")
            self.set(item.key if item else "Properties", properties)
        return (
            self.line_end.join([str(len(self.lines)), self.comment, *self.lines]) + self.line_end
        ).encode()
