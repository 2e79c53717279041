"""Divide a file into parts of consecutive frames, which other processes parse."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ase import Atoms

from ..utils.regular import open_regular
from .ase_formats import iread_with_ase
from .compressed import is_compressed
from .labels import GivenLabels
from .read import check_frame
from .reading_notes import ReadingNotes
from .xyz_checks import FrameBlock, frame_blocks, is_extxyz, read_xyz_chunks
from .xyz_file import read_block


class FramePart(NamedTuple):
    """Consecutive frames of a file.

    Of an uncompressed extxyz file, the place of the text is given; of another one, the text; and of a file in
    another format, the frames.
    """

    path: Path
    frame: int  # number of the first frame
    line: int  # line at which it starts, counted from 1
    offset: int  # byte at which it starts
    n_bytes: int  # length of the text
    end: int  # bytes of the file that were read up to its end, compressed if the file is
    content: bytes | list[Atoms] | None


def frame_parts(path: Path, n_skipped: int, n_envs: int) -> Iterator[FramePart]:
    """Divide a file, without its first frames, into parts of at least `n_envs` atoms, unless the file ends.

    Raises the errors of `frame_bounds`, after the parts before the error.
    """
    if not is_extxyz(path):
        yield from _parsed_parts(path, n_skipped, n_envs)
        return
    content_is_sent, n_read = is_compressed(path), 0

    def on_read(n_bytes: int) -> None:
        nonlocal n_read
        n_read = n_bytes

    blocks: list[FrameBlock] = []
    offset, n_atoms = 0, 0
    for block in frame_blocks(read_xyz_chunks(path, on_read), path.name):
        if block.frame >= n_skipped:
            blocks.append(block)
            n_atoms += int(block.text.partition(b"\n")[0])
        offset += len(block.text)
        if n_atoms >= n_envs:
            yield _text_part(path, blocks, offset, n_read, content_is_sent)
            blocks, n_atoms = [], 0
    if blocks:
        yield _text_part(path, blocks, offset, n_read, content_is_sent)


def _text_part(path: Path, blocks: list[FrameBlock], end: int, n_read: int, is_sent: bool) -> FramePart:
    n_bytes = sum(len(block.text) for block in blocks)
    text = b"".join(block.text for block in blocks) if is_sent else None
    # The last chunk that was read may reach beyond the part.
    n_read = n_read if is_sent else end
    return FramePart(path.absolute(), blocks[0].frame, blocks[0].line, end - n_bytes, n_bytes, n_read, text)


def _parsed_parts(path: Path, n_skipped: int, n_envs: int) -> Iterator[FramePart]:
    n_read, size = 0, path.stat().st_size

    def on_read(n_bytes: int) -> None:
        nonlocal n_read
        n_read = n_bytes

    def part(end: int) -> FramePart:
        return FramePart(path.absolute(), first, 0, 0, 0, end, frames)

    first, n_atoms = n_skipped, 0
    frames: list[Atoms] = []
    for atoms in iread_with_ase(path, ReadingNotes(), n_skipped, on_read):
        # Not before the next frame is there: the last part ends with the file.
        if n_atoms >= n_envs:
            yield part(n_read)
            first, n_atoms, frames = first + len(frames), 0, []
        frames.append(atoms)
        n_atoms += len(atoms)
    if frames:
        yield part(size)


def read_part(part: FramePart, labels: GivenLabels) -> list[Atoms]:
    """Return the frames of a part, as `quests_core.iread` yields them.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read, or was changed; if a frame is invalid, with its number and line.
    """
    frames = part.content if isinstance(part.content, list) else _parsed(part)
    for i, atoms in enumerate(frames, part.frame):
        check_frame(atoms, i, part.path.name)
        labels.use(i, atoms)
    return frames


def _parsed(part: FramePart) -> list[Atoms]:
    text = part.content if isinstance(part.content, bytes) else _read(part)
    notes, name = ReadingNotes(), part.path.name
    return [read_block(block, name, notes) for block in frame_blocks([text], name, part.frame, part.line)]


def _read(part: FramePart) -> bytes:
    with open_regular(part.path) as file:
        file.seek(part.offset)
        text = file.read(part.n_bytes)
    if len(text) < part.n_bytes:
        raise ValueError(f"{part.path} changed while it was read; write a new store")
    return text
