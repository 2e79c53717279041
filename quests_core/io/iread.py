"""Read files of structures frame by frame."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ase import Atoms

from ..progress import ProgressCallback
from ..utils.regular import check_regular
from .ase_formats import iread_with_ase
from .labels import GivenLabels
from .pool import no_frames, no_frames_at_all, pool_paths, pooled, source_names
from .read import check_frame
from .reading_notes import ReadingNotes
from .xyz_checks import is_extxyz
from .xyz_file import iread_xyz


def iread(
    path: str | os.PathLike | Sequence[str | os.PathLike],
    progress: ProgressCallback | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    notes: list[str] | None = None,
) -> Iterator[Atoms]:
    """Yield the frames of one or several files one by one, as `read` returns them.

    Of an extxyz file, compressed or not, a few MB and the current frame are in memory at a time. A database
    of ASE (``.db``, ``.aselmdb``) and a Parquet file in the layout of ColabFit are read row by row, and a
    file in another format as a whole, one file after the other.

    Parameters
    ----------
    path : str, path-like or sequence of them
        The file, several files or a pattern; see `read`.
    progress : callable, optional
        See `quests_core.progress`; called with the bytes read of all files, as the number of frames is
        unknown.
    energy_key, forces_key : str, optional
        See `read`. If no frame of a file has a value of such a key, an error follows its last frame.
    notes : list of str, optional
        Notes for the user on a file are appended after its last frame.

    Yields
    ------
    ase.Atoms
        The frames, in the order of `read`.

    Raises
    ------
    TypeError, FileNotFoundError, ValueError
        See `read`. A path is checked at once, the content while it is read: frames before an error are
        yielded.

    Examples
    --------
    >>> import os, tempfile
    >>> from ase.build import bulk
    >>> from quests_core import write_subset
    >>> path = os.path.join(tempfile.mkdtemp(), "two.xyz")
    >>> _ = write_subset(path, [bulk("Cu"), bulk("Ag")], [0, 1])
    >>> sum(len(atoms) for atoms in iread(path))
    2
    """
    paths = pool_paths(path)
    names: list[str] | None = None
    if paths is not None:
        names = source_names(paths)
    elif isinstance(path, str | os.PathLike):
        paths = [Path(path)]
    else:
        raise TypeError(f"path: expected a path or a sequence of paths, got {type(path).__name__}")
    for one in paths:
        check_regular(one)
    return _iread(paths, names, progress, energy_key, forces_key, notes)


def _iread(paths, names, progress, energy_key, forces_key, notes) -> Iterator[Atoms]:
    before, total = 0, sum(path.stat().st_size for path in paths)
    is_empty, notes = True, [] if notes is None else notes
    for i, path in enumerate(paths):

        def on_read(n_bytes: int, before: int = before) -> None:
            if progress is not None:
                progress("reading", before + n_bytes, total)

        found: list[str] = []
        labels = GivenLabels(path.name, energy_key, forces_key)
        frames = iread_file(path, labels, found, on_read=on_read)
        for atoms in frames if names is None else pooled(frames, path, names[i], found):
            is_empty = False
            yield atoms
        notes += found if names is None else [f"{names[i]}: {sentence}" for sentence in found]
        before += path.stat().st_size
    if is_empty:
        raise no_frames_at_all(notes)


def iread_file(
    path: Path,
    labels: GivenLabels,
    notes: list[str],
    n_skipped: int = 0,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[Atoms]:
    """Yield the frames of one file, without the first `n_skipped`; see `iread`.

    Skipped frames are not checked. `on_read` is called with the number of
    bytes of the file that were read so far; notes are appended after the last frame.
    """
    found = ReadingNotes()
    frames = (iread_xyz if is_extxyz(path) else iread_with_ase)(path, found, n_skipped, on_read)
    n_frames = n_skipped
    for atoms in frames:
        check_frame(atoms, n_frames, path.name)
        labels.use(n_frames, atoms)
        n_frames += 1
        yield atoms
    if n_frames == 0:
        raise no_frames(path.name, found.sentences())
    labels.finish(found)
    notes += found.sentences()
