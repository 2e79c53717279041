"""Read an xyz or extxyz file, frame by frame."""

from pathlib import Path

from ase import Atoms

from ..progress import ProgressCallback, in_blocks
from .reading_notes import ReadingNotes
from .xyz_checks import XyzError, check_memory, frame_bounds, line_of, read_xyz_bytes
from .xyz_frame import read_frame

_FRAMES_PER_BLOCK = 50


def read_xyz(path: Path, progress: ProgressCallback | None, notes: ReadingNotes) -> list[Atoms]:
    """Return the frames of an xyz file; a ValueError that names frame and line where one cannot be read."""
    data = read_xyz_bytes(path)
    bounds = frame_bounds(data, path.name)
    check_memory(data, bounds, path.name)
    frames: list[Atoms] = []
    for first, last in in_blocks(len(bounds) - 1, _FRAMES_PER_BLOCK, "reading", progress):
        for i in range(first, last):
            try:
                frames.append(read_frame(data[bounds[i] : bounds[i + 1]], notes.about(i)))
            except XyzError as fault:
                line = line_of(data, bounds[i]) + fault.line
                raise ValueError(f"{path.name}, frame {i}, line {line}: {fault}") from None
    return frames
