"""Read xyz and extxyz files."""

from pathlib import Path

from ase import Atoms

from ..progress import ProgressCallback, in_blocks
from .reading_notes import ReadingNotes
from .xyz_checks import XyzError, check_memory, frame_bounds, line_of, read_xyz_bytes
from .xyz_frame import read_frame

_FRAMES_PER_BLOCK = 50


def read_xyz(path: Path, progress: ProgressCallback | None, notes: ReadingNotes) -> list[Atoms]:
    """Return the frames of an xyz file; raise a ValueError that names frame and line if it is invalid."""
    data = read_xyz_bytes(path)
    bounds = frame_bounds(data, path.name)
    check_memory(data, bounds, path.name)
    frames: list[Atoms] = []
    for first, last in in_blocks(len(bounds) - 1, _FRAMES_PER_BLOCK, "reading", progress):
        for i in range(first, last):
            try:
                frames.append(read_frame(data[bounds[i] : bounds[i + 1]], notes.about(i)))
            except XyzError as error:
                line = line_of(data, bounds[i]) + error.line
                raise ValueError(f"{path.name}, frame {i}, line {line}: {error}") from None
    return frames
