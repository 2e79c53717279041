"""Several files of structures, which are read as one set."""

import glob
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ase import Atoms

from ..progress import ProgressCallback
from ..utils.checksum import sha256_of

# Key in ``info`` of the file that a frame comes from.
SOURCE = "source"


class NoFramesError(ValueError):
    """A file contains no frames; of several files that are one set, it is left out."""


def no_frames(name: str, why: Sequence[str] = ()) -> NoFramesError:
    """Return the error about a file without frames, with notes that say why.

    Examples
    --------
    >>> str(no_frames("pw.out", ["it was read as an output of pw.x, and holds no result"]))
    'pw.out: the file contains no frames: it was read as an output of pw.x, and holds no result'
    """
    return NoFramesError(": ".join((name, "the file contains no frames", *why)))


def pooled(frames: Iterable[Atoms], path: Path, name: str, notes: list[str]) -> Iterator[Atoms]:
    """Yield the frames of one of several files, with its name in ``info["source"]``.

    A file without frames, such as the output of a calculation that has not converged, is noted. Errors name
    the file as `name`, which tells it from the others.
    """
    try:
        yield from with_source(frames, name, notes)
    except NoFramesError as error:
        notes.append(f"left out: {str(error).removeprefix(f'{path.name}: ')}")
    except ValueError as error:
        if not str(error).startswith((f"{path.name}:", f"{path.name},")):
            raise
        raise ValueError(f"{name}{str(error).removeprefix(path.name)}") from error


def pool_paths(source: Any) -> list[Path] | None:
    """Return the files of a pattern or of a sequence of paths; None if `source` is something else.

    Raises
    ------
    FileNotFoundError
        If no file matches a pattern.
    ValueError
        If the same file is named twice.

    Examples
    --------
    >>> [path.name for path in pool_paths(["b.xyz", "a.xyz"])]
    ['b.xyz', 'a.xyz']
    >>> pool_paths("a.xyz") is None
    True
    """
    if isinstance(source, str | os.PathLike):
        return _matches(source) if is_pattern(source) else None
    if not (
        isinstance(source, Sequence) and source and all(isinstance(one, str | os.PathLike) for one in source)
    ):
        return None
    paths = [path for one in source for path in (_matches(one) if is_pattern(one) else [Path(one)])]
    if len({path.absolute() for path in paths}) < len(paths):
        raise ValueError("path: expected different files, got one of them twice")
    return paths


def paths_of(source: str | os.PathLike | Sequence[Path]) -> tuple[Path, ...]:
    """Return the paths of a source: a file, or several as one set.

    Examples
    --------
    >>> [path.name for path in paths_of("a.xyz")], [path.name for path in paths_of((Path("a"), Path("b")))]
    (['a.xyz'], ['a', 'b'])
    """
    return (Path(source),) if isinstance(source, str | os.PathLike) else tuple(source)


def is_pattern(path: str | os.PathLike) -> bool:
    """Return whether a path is a pattern of names, such as ``data/*.xyz``, and not the name of a file."""
    return glob.has_magic(os.fspath(path)) and not os.path.lexists(path)


def _matches(pattern: str | os.PathLike) -> list[Path]:
    found = [Path(path) for path in sorted(glob.glob(os.fspath(pattern))) if os.path.isfile(path)]
    if not found:
        raise FileNotFoundError(f"{pattern}: no such file")
    return found


def source_names(paths: Sequence[Path]) -> list[str]:
    """Return the names of files, with their folders if they differ only by these.

    Examples
    --------
    >>> source_names([Path("/data/run1/all.xyz"), Path("/data/run2/all.xyz")])
    ['run1/all.xyz', 'run2/all.xyz']
    """
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    folder = os.path.commonpath([path.absolute().parent for path in paths])
    return [path.absolute().relative_to(folder).as_posix() for path in paths]


def frame_name(atoms: Atoms, frame: int) -> str:
    """Return the number of a frame, and the file it comes from if it is one of several.

    Examples
    --------
    >>> frame_name(Atoms("H", info={"source": "b/pw.out"}), 11)
    'frame 11 (b/pw.out)'
    """
    source = atoms.info.get(SOURCE)
    return f"frame {frame} ({source:.200})" if isinstance(source, str) else f"frame {frame}"


def pool_sha256(paths: Sequence[Path], names: Sequence[str]) -> str:
    """Return a hash of the names and contents of files, in their order."""
    lines = [f"{sha256_of(path)} {name}\n" for path, name in zip(paths, names, strict=True)]
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def read_pool(
    read: Callable[..., list[Atoms]], paths: Sequence[Path], names: Sequence[str],
    progress: ProgressCallback | None = None, energy_key: str | None = None, forces_key: str | None = None,
    notes: list[str] | None = None,
) -> list[Atoms]:  # fmt: skip
    """Return the frames of several files, each with the name of its file in ``info["source"]``.

    `read` reads a file; the other arguments are those of `quests_core.read`. Files without frames are noted.
    """
    frames: list[Atoms] = []
    notes = [] if notes is None else notes
    for path, name in zip(paths, names, strict=True):
        found: list[str] = []
        opened = _opened(read, path, progress, energy_key, forces_key, found)
        frames += pooled(opened, path, name, found)
        notes += [f"{name}: {sentence}" for sentence in found]
    if not frames:
        raise no_frames_at_all(notes)
    return frames


def no_frames_at_all(notes: Sequence[str]) -> NoFramesError:
    """Return the error about several files without frames."""
    return NoFramesError(f"no file contains frames: {'; '.join(notes):.300}")


def _opened(read: Callable[..., list[Atoms]], path: Path, *arguments) -> Iterator[Atoms]:
    yield from read(path, *arguments)


def with_source(frames: Iterable[Atoms], name: str, notes: list[str]) -> Iterator[Atoms]:
    """Yield frames with the name of their file in ``info["source"]``; note if it replaces another value."""
    is_replaced = False
    for atoms in frames:
        is_replaced = is_replaced or atoms.info.get(SOURCE, name) != name
        atoms.info[SOURCE] = name
        yield atoms
    if is_replaced:
        notes.append(f"The value of {SOURCE!r} was replaced by the name of the file.")
