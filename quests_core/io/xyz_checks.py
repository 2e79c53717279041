"""Read an xyz file as text, and split it into frames and lines."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..utils import memory
from .compressed import SPLIT, plain_name, read_bytes, read_chunks

_SUFFIXES = (".xyz", ".extxyz")
_CHUNK = 1 << 20
# Control characters, and invisible characters that Python treats as white space.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\ufeff]"
)


def is_extxyz(path: str | os.PathLike) -> bool:
    """Return whether a name has the suffix of an xyz or extxyz file, compressed or not."""
    return plain_name(Path(path).name.lower()).endswith(_SUFFIXES)


def read_xyz_bytes(path: Path) -> bytes:
    """Return the content of an xyz file, decompressed; raise an error early if it is not an xyz file."""
    return read_bytes(path, lambda data: _check_beginning(data, path.name))


def read_xyz_chunks(path: Path, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield the content of an xyz file in chunks; `on_read` is that of `read_chunks`."""
    return read_chunks(path, lambda data: _check_beginning(data, path.name), on_read)


def _check_beginning(data: bytes, name: str) -> None:
    line = data.lstrip()[:100].partition(b"\n")[0].strip()
    if (data.lstrip() or len(data) >= _CHUNK) and not line.isdigit():
        raise ValueError(f"{name}, frame 0, line 1: expected the number of atoms, got {_shown(line)}")


def _shown(text: bytes) -> str:
    return repr(text[:40].decode("ascii", "replace"))


def frame_bounds(
    data: bytes, name: str = "extxyz", first_frame: int = 0, first_line: int = 0, is_end: bool = True
) -> np.ndarray:
    """Return the offsets of the frames of an xyz file in bytes, and the end of the last frame.

    Only the structure is checked: a line with the number of atoms, a comment, and a line for each atom.
    Raises a ValueError that names frame and line otherwise.

    Parameters
    ----------
    data : bytes
        The file, or a part of it that starts at the beginning of a frame.
    name : str
        Name of the file, for messages.
    first_frame, first_line : int
        Number of frames and of lines before the part.
    is_end : bool
        Whether the file ends with the part; otherwise the last frame may be incomplete, and is left out.
    """
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 0x0A)
    if is_end and len(data) and not data.endswith(b"\n"):
        ends = np.append(ends, len(data) - 1)
    bounds: list[int] = []
    line, start = 0, 0
    while line < len(ends):
        count = data[start : ends[line] + 1].strip()
        if not count and not data[start:].strip():
            break
        where = f"{name}, frame {first_frame + len(bounds)}, line {first_line + line + 1}"
        # Longer numbers exceed any file, and Python refuses to convert very long ones.
        if not count.isdigit() or len(count) > 18:
            raise ValueError(f"{where}: expected the number of atoms, got {_shown(count)}")
        last = line + 1 + int(count)
        if last >= len(ends):
            if not is_end:
                break
            raise ValueError(
                f"{where}: the frame is cut off: {int(count)} atoms announced, "
                f"{max(0, len(ends) - line - 2)} lines follow the comment"
            )
        bounds.append(start)
        start, line = int(ends[last]) + 1, last + 1
    return np.array([*bounds, start], dtype=np.int64)


class FrameBlock(NamedTuple):
    """The text of a frame, its number, and the line, counted from 1, at which it starts."""

    text: bytes
    frame: int
    line: int


def frame_blocks(chunks: Iterable[bytes], name: str, frame: int = 0, line: int = 1) -> Iterator[FrameBlock]:
    r"""Split the text of an xyz file, given in chunks, into frames; hold a few chunks in memory.

    `frame` and `line` are those at which the text starts. Raises the errors of `frame_bounds`, after the
    frames before the error.

    Examples
    --------
    >>> [one.text for one in frame_blocks([b"1\n\nCu 0", b" 0 0\n1\n", b"\nAg 0 0 0"], "two.xyz")]
    [b'1\n\nCu 0 0 0\n', b'1\n\nAg 0 0 0']
    """
    data, waiting, n_waiting = b"", [], 0
    for chunk in chain(chunks, [None]):
        is_end = chunk is None
        if chunk is not None:
            waiting.append(chunk)
            n_waiting += len(chunk)
            # A large frame is searched again only when twice as much of it has been read.
            if n_waiting < len(data):
                continue
            memory.check_fits(3 * (len(data) + n_waiting), f"{name}: reading frame {frame}", SPLIT)
        data, waiting, n_waiting = b"".join([data, *waiting]), [], 0
        bounds = frame_bounds(data, name, frame, line - 1, is_end)
        for start, end in pairwise(bounds.tolist()):
            block = data[start:end]
            yield FrameBlock(block, frame, line)
            frame, line = frame + 1, line + block.count(b"\n")
        data = data[bounds[-1] :]


def line_of(data: bytes, start: int) -> int:
    """Return the number of the line, counted from 1, that starts at a byte offset."""
    return data.count(b"\n", 0, start) + 1


def check_memory(data: bytes, bounds: np.ndarray, name: str) -> None:
    """Raise a ValueError if the frames of a file would not fit in memory; the factors are measured."""
    largest = int(np.diff(bounds).max(initial=0))
    n_bytes = 2 * len(data) + 4_000 * (len(bounds) - 1) + 12 * largest
    memory.check_fits(n_bytes, f"{name}: reading its {len(bounds) - 1:,} frames", SPLIT)


class XyzError(ValueError):
    """An error in the text of a frame, with its line counted from 0."""

    def __init__(self, message: str, line: int):
        super().__init__(message)
        self.line = line


def frame_lines(block: bytes) -> tuple[str, list[str]]:
    """Return the comment and the atoms' lines of a frame.

    Raises
    ------
    XyzError
        If the text is not UTF-8, or contains control or invisible characters.
    """
    try:
        _, comment, *lines = block.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise XyzError("the text is not UTF-8", block.count(b"\n", 0, error.start)) from error
    text = "\n".join([comment, *lines])
    if found := _UNSEEN.search(text):
        line = 1 + text.count("\n", 0, found.start())
        raise XyzError(f"expected text, got the character U+{ord(found[0]):04X}", line)
    return comment, lines
