"""Read xyz and extxyz files, all frames at once or one by one."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ase import Atoms

from ..progress import ProgressCallback, in_blocks
from .reading_notes import ReadingNotes
from .xyz_checks import (
    FrameBlock,
    XyzError,
    check_memory,
    frame_blocks,
    frame_bounds,
    line_of,
    read_xyz_bytes,
    read_xyz_chunks,
)
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
                raise _located(error, path.name, i, line_of(data, bounds[i])) from None
    return frames


def iread_xyz(
    path: Path, notes: ReadingNotes, n_skipped: int = 0, on_read: Callable[[int], None] | None = None
) -> Iterator[Atoms]:
    """Yield the frames of an xyz file one by one, without the first `n_skipped`, which are not parsed.

    Raises the errors of `read_xyz`, after the frames before the error. `on_read` is called with the number of
    bytes of the file that were read so far.
    """
    for block in frame_blocks(read_xyz_chunks(path, on_read), path.name):
        if block.frame >= n_skipped:
            yield read_block(block, path.name, notes)


def read_block(block: FrameBlock, name: str, notes: ReadingNotes) -> Atoms:
    """Return the frame of a block of the file `name`; raise a ValueError that names frame and line."""
    try:
        return read_frame(block.text, notes.about(block.frame))
    except XyzError as error:
        raise _located(error, name, block.frame, block.line) from None


def _located(error: XyzError, name: str, frame: int, first_line: int) -> ValueError:
    return ValueError(f"{name}, frame {frame}, line {first_line + error.line}: {error}")
