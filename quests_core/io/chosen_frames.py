"""Some frames of files, read without the others: their texts in a file, or they themselves in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, overload

import numpy as np
from ase import Atoms

from .ase_formats import iread_with_ase
from .dataset import DataSet
from .labels import GivenLabels
from .pool import source_names, with_source
from .reading_notes import ReadingNotes
from .xyz_checks import frame_blocks, is_extxyz, read_xyz_chunks
from .xyz_file import read_block


class ChosenFrame(NamedTuple):
    """A frame, its number in the set, and its text if the set is a single extxyz file."""

    frame: int
    atoms: Atoms
    text: bytes | None


def iread_chosen(
    source: Path | tuple[Path, ...],
    frames: Iterable[int],
    energy_key: str | None = None,
    forces_key: str | None = None,
) -> Iterator[ChosenFrame]:
    r"""Yield some frames of a file, or of several as one set, in ascending order, as `read` returns them.

    Of extxyz files, a few MB are in memory at a time, and the other frames are not parsed.

    Parameters
    ----------
    source : Path or tuple of Path
        The file, or several.
    frames : iterable of int
        Numbers of the frames.
    energy_key, forces_key : str, optional
        See `read`.

    Raises
    ------
    OSError, ValueError
        If a file cannot be read, or has no such frame.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.xyz")
    >>> _ = path.write_text("1\n\nCu 0 0 0\n1\n\nAg 0 0 0\n")
    >>> [(one.frame, one.text) for one in iread_chosen(path, [1])]
    [(1, b'1\n\nAg 0 0 0\n')]
    """
    wanted = np.unique(np.asarray(list(frames), dtype=np.int64))
    is_pool = isinstance(source, tuple)
    paths = source if isinstance(source, tuple) else (source,)
    names, first, n_yielded = source_names(paths), 0, 0
    for path, name in zip(paths, names, strict=True):
        # The number of frames of a file is known only at its end.
        if n_yielded == len(wanted):
            return
        labels, end = GivenLabels(path.name, energy_key, forces_key), first
        chosen = set(wanted[n_yielded:].tolist())
        last = int(wanted[-1])
        for end, atoms, text in _frames(path, first, chosen):
            if atoms is not None:
                labels.use(end - first, atoms)
                (made,) = with_source([atoms], name, []) if is_pool else [atoms]
                n_yielded += 1
                yield ChosenFrame(end, made, None if is_pool else text)
            if end == last:
                return
        first = end + 1
    if n_yielded < len(wanted):
        raise ValueError(f"{', '.join(names)}: expected more than {wanted[-1]} frames, got {first}")


def _frames(path: Path, first: int, chosen: set[int]) -> Iterator[tuple[int, Atoms | None, bytes | None]]:
    """Yield number, frame and text of each frame of a file; None for those that are not chosen."""
    notes = ReadingNotes()
    if is_extxyz(path):
        for block in frame_blocks(read_xyz_chunks(path), path.name):
            i = first + block.frame
            atoms = read_block(block, path.name, notes) if i in chosen else None
            yield i, atoms, block.text
        return
    for i, atoms in enumerate(iread_with_ase(path, notes), first):
        yield i, atoms if i in chosen else None, None


@dataclass(frozen=True)
class ChosenFrames:
    """Some frames of a set in memory, by their numbers, with what is known of all frames.

    Takes the place of a `DataSet` where a subset is written.

    Attributes
    ----------
    frames : mapping of int to Atoms
        The chosen frames.
    labels : tuple of str
        Label of every frame.
    offsets : ndarray of shape (n_frames + 1,)
        First environment of every frame, and their number.
    locked : tuple of int
        Isolated atoms.
    notes : tuple of str
        Notes for the user on the chosen frames.
    energy_key, forces_key : str or None
        Keys given by the user.
    """

    frames: Mapping[int, Atoms]
    labels: Sequence[str]
    offsets: np.ndarray
    locked: Sequence[int]
    notes: tuple[str, ...] = ()
    energy_key: str | None = None
    forces_key: str | None = None


# Frames of which a subset is written.
Source = DataSet | ChosenFrames


class TextsInFile(Sequence[bytes]):
    r"""Texts in a file, each of which is read when it is used.

    Parameters
    ----------
    file : binary file
        A new file, open for reading and writing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     texts = TextsInFile(file)
    ...     texts.append(b"first\n")
    ...     texts.append(b"second\n")
    ...     texts.in_order([1, 0])[0]
    b'second\n'
    """

    def __init__(self, file: BinaryIO, bounds: list[tuple[int, int]] | None = None):
        self._file = file
        self._bounds: list[tuple[int, int]] = [] if bounds is None else bounds

    @property
    def n_bytes(self) -> int:
        """Length of all texts."""
        return sum(end - start for start, end in self._bounds)

    def append(self, text: bytes) -> None:
        """Write a text at the end of the file."""
        start = self._file.seek(0, 2)
        self._file.write(text)
        self._bounds.append((start, start + len(text)))

    def in_order(self, indices: Iterable[int]) -> "TextsInFile":
        """Return the texts of `indices`, in this order."""
        return TextsInFile(self._file, [self._bounds[i] for i in indices])

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._bounds)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> "TextsInFile": ...

    def __getitem__(self, index: int | slice) -> "bytes | TextsInFile":
        """Return a text, or those of a slice."""
        if isinstance(index, slice):
            return TextsInFile(self._file, self._bounds[index])
        start, end = self._bounds[index]
        self._file.seek(start)
        return self._file.read(end - start)
