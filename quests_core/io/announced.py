"""Check the number of atoms announced in a file, for formats whose reader in ASE does not."""

import re
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from ase import Atoms

from ..utils.regular import open_regular

_RMC6F = re.compile(r"Number of atoms:\s{0,9}([0-9]{1,18})")
_COUNTS: dict[str, Callable[[list[str]], str]] = {
    "gromacs": lambda head: head[1],
    "gen": lambda head: head[0].split()[0],
    "dlp4": lambda head: head[1].split()[2],
    "mol": lambda head: head[3][:3],
    "sdf": lambda head: head[3][:3],
    "rmc6f": lambda head: next(found[1] for line in head if (found := _RMC6F.match(line))),
}
_HEAD_LINES, _LINE_LENGTH = 100, 1000


def check_announced(path: Path, kind: str, frames: Sequence[Atoms]) -> None:
    """Raise a ValueError if the file announces another number of atoms than `frames` contain."""
    if kind not in _COUNTS or len(frames) != 1:
        return
    with open_regular(path) as file:
        lines = islice(iter(lambda: file.readline(_LINE_LENGTH), b""), _HEAD_LINES)
        head = [line.decode("utf-8", "replace") for line in lines]
    try:
        announced = int(_COUNTS[kind](head))
    except (ValueError, IndexError, StopIteration):
        # The reader did not need the number.
        return
    if announced != len(frames[0]):
        raise ValueError(f"{announced:,} atoms are announced, {len(frames[0]):,} found")
