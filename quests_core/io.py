"""Read any ASE format, extxyz(.gz) fast; write subsets without losing a byte."""

import gzip
import io
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from ._validation import check_choice, check_frame_indices, check_frames, geometry_fault
from .atomic_write import atomic_write
from .frame_writer import frames_bytes
from .other_formats import read_with_ase, reason
from .progress import ProgressCallback, in_blocks
from .regular import check_regular
from .xyz_text import Fault, check_frame, check_memory, frame_bounds, is_extxyz, line_of, read_bytes

_FORCE_KEYS = ("REF_forces", "forces", "force", "dft_forces", "DFT_forces")
_ENERGY_KEYS = ("REF_energy", "energy", "free_energy", "dft_energy", "DFT_energy")
_FRAMES_PER_BLOCK = 50
_NUMBERS = "iuf"
_DIGITS_APART = re.compile(r"[0-9]_[0-9]")
_UNDERSCORED = re.compile(r"(\S+?)\s*=\s*\"?([-+0-9.eE]*[0-9]_[-+0-9._eE]*)\"?(?=\s|$)")


def read(path: str | os.PathLike, progress: ProgressCallback | None = None) -> list[Atoms]:
    """Read all frames of a file, with energy, forces, stress, info and arrays.

    Every multi-frame format that ASE reads will do, and each of them compressed with gzip. Energy,
    forces and stress of an extxyz file are in the frame's calculator, as ASE leaves them; see
    `atoms_energy` and `atoms_forces`.

    Parameters
    ----------
    path : str or path-like
        The file; its format is taken from its name (without ``.gz``) and content.
    progress : callable, optional
        See `quests_core.progress`; told for extxyz files.

    Returns
    -------
    list of ase.Atoms
        At least one frame; each has atoms, finite positions and a usable cell.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file cannot be used; the message says why, and names frame and line where known. Only regular
        files are opened, and links to them.

    Examples
    --------
    >>> import os, tempfile
    >>> from ase.build import bulk
    >>> path = os.path.join(tempfile.mkdtemp(), "two.xyz")
    >>> _ = write_subset(path, [bulk("Cu"), bulk("Ag")], [0, 1])
    >>> [str(atoms.symbols) for atoms in read(path)]
    ['Cu', 'Ag']
    """
    path = Path(path)
    check_regular(path)
    frames = _read_extxyz(path, progress) if is_extxyz(path) else read_with_ase(path)
    return checked_frames(frames, path.name)


def checked_frames(frames: list[Atoms], name: str) -> list[Atoms]:
    """Return the frames of a file, or raise a ValueError that names the first one that cannot be used."""
    if not frames:
        raise ValueError(f"{name}: the file holds no frames")
    for i, atoms in enumerate(frames):
        fault = geometry_fault(atoms) if len(atoms) else "it has no atoms"
        if fault:
            raise ValueError(f"{name}, frame {i}: {fault}")
    return frames


def _parse_extxyz(data: bytes) -> list[Atoms]:
    text = data.decode("utf-8")
    frames = ase.io.read(io.StringIO(text), index=":", format="extxyz")
    if _DIGITS_APART.search(text):
        for atoms, comment in zip(frames, _comments(text), strict=False):
            for key, value in _UNDERSCORED.findall(comment):
                if key in atoms.info:
                    # Python, and so ASE, takes the label 1_2 for the number 12.
                    atoms.info[key] = value
    return frames


def _comments(text: str) -> Iterator[str]:
    lines = iter(text.split("\n"))
    for count in lines:
        if not count.strip():
            return
        yield next(lines)
        next(islice(lines, int(count), int(count)), None)


def _read_extxyz(path: Path, progress: ProgressCallback | None) -> list[Atoms]:
    data = read_bytes(path)
    bounds = frame_bounds(data, path.name)
    check_memory(data, bounds, path.name)
    frames: list[Atoms] = []
    for first, last in in_blocks(len(bounds) - 1, _FRAMES_PER_BLOCK, "reading", progress):
        for i in range(first, last):
            try:
                check_frame(data[bounds[i] : bounds[i + 1]])
            except Fault as fault:
                line = line_of(data, bounds[i]) + fault.line
                raise ValueError(f"{path.name}, frame {i}, line {line}: {fault}") from None
        try:
            block = _parse_extxyz(data[bounds[first] : bounds[last]])
        except Exception:
            # Whatever it was that ASE could not digest: find the frame, so that the user can.
            block = []
        if len(block) != last - first:
            block = [_parse_frame(data, bounds, i, path.name) for i in range(first, last)]
        frames += block
    return frames


def _parse_frame(data: bytes, bounds: np.ndarray, index: int, name: str) -> Atoms:
    text, where = data[bounds[index] : bounds[index + 1]], f"{name}, frame {index}"
    if int(text.partition(b"\n")[0]) == 0:
        raise ValueError(f"{where}: it has no atoms")
    try:
        (atoms,) = _parse_extxyz(text)
    except Exception as error:
        raise ValueError(f"{where}, line {line_of(data, bounds[index])}: {reason(error)}") from error
    return atoms


def parse_frame(block: bytes) -> Atoms:
    """Return the frame that a text says; a ValueError where it cannot be read."""
    check_frame(block)
    return _parse_extxyz(block)[0]


def atoms_forces(atoms: Atoms) -> np.ndarray | None:
    """Return the forces that label a frame, or None if it has none.

    Parameters
    ----------
    atoms : ase.Atoms
        A frame as read: the calculator's results count first, then the arrays ``REF_forces``,
        ``forces``, ``force``, ``dft_forces``, ``DFT_forces``. Nothing is computed.

    Returns
    -------
    ndarray of shape (n_atoms, 3) or None
        eV/Å.

    Examples
    --------
    >>> atoms_forces(Atoms("H")) is None
    True
    """
    for forces in _labels(atoms, "forces", atoms.arrays, _FORCE_KEYS):
        if np.shape(forces) == (len(atoms), 3) and np.asarray(forces).dtype.kind in _NUMBERS:
            return np.asarray(forces, dtype=np.float64)
    return None


def atoms_energy(atoms: Atoms) -> float | None:
    """Return the energy that labels a frame, or None if it has none.

    Parameters
    ----------
    atoms : ase.Atoms
        A frame as read: the calculator's results count first, then the info ``REF_energy``,
        ``energy``, ``free_energy``, ``dft_energy``, ``DFT_energy``. Nothing is computed.

    Returns
    -------
    float or None
        eV.

    Examples
    --------
    >>> atoms_energy(Atoms("H", info={"REF_energy": -13.6}))
    -13.6
    """
    for energy in _labels(atoms, "energy", atoms.info, _ENERGY_KEYS):
        # A bare `energy` in a comment is a logical, and no energy.
        if np.ndim(energy) == 0 and np.asarray(energy).dtype.kind in _NUMBERS:
            return float(energy)
    return None


def _labels(atoms, name, store, keys) -> Iterator:
    results = getattr(atoms.calc, "results", {})
    if results.get(name) is not None:
        yield results[name]
    yield from (store[key] for key in keys if key in store)


def write_subset(
    path: str | os.PathLike,
    source: str | os.PathLike | Sequence[Atoms],
    indices: Sequence[int],
    order: str = "file",
    overwrite: bool = False,
) -> Path:
    """Write chosen frames as extxyz.

    Frames of an extxyz file (compressed or not) are copied byte for byte. The result is written to
    a temporary file in the target's folder and then renamed, so that a file with the target's name
    is always whole; the source is never written to. A file that is replaced keeps its permissions, and
    of a link the file that it leads to is replaced.

    Parameters
    ----------
    path : str or path-like
        The target; compressed if its name ends in ``.gz``.
    source : str, path-like or sequence of ase.Atoms
        A file that `read` reads, or frames.
    indices : sequence of int
        The chosen frames, each once, such as ``selection.order[:100]``.
    order : {"file", "rank"}
        Write the frames as they stand in the source, or in the order of `indices`.
    overwrite : bool
        Whether a file that is there already may be replaced.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    FileExistsError
        If the target exists and `overwrite` is not set.
    TypeError, ValueError
        If an argument is not as described, or the target is the source or not a regular file.

    Examples
    --------
    >>> import os, tempfile
    >>> from ase.build import bulk
    >>> path = os.path.join(tempfile.mkdtemp(), "subset.xyz")
    >>> write_subset(path, [bulk("Cu"), bulk("Ag"), bulk("Au")], [2, 0], order="rank").name
    'subset.xyz'
    >>> [str(atoms.symbols) for atoms in read(path)]
    ['Au', 'Cu']
    """
    path = Path(path)
    check_choice(order, "order", ("file", "rank"))
    is_file = isinstance(source, str | os.PathLike)
    if is_file and path.exists() and os.path.samefile(path, source):
        raise ValueError(f"path: expected another file than the source, got {path}")
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{path} exists; set overwrite=True to replace it")
    data = subset_bytes(source, indices, order)
    content = gzip.compress(data, mtime=0) if path.suffix.lower() == ".gz" else data
    atomic_write(path, content, overwrite=overwrite)
    return path


def subset_bytes(source, indices: Sequence[int], order: str = "file") -> bytes:
    """Return what `write_subset` writes, not compressed."""
    is_file = isinstance(source, str | os.PathLike)
    if is_file and is_extxyz(source):
        data = read_bytes(Path(source))
        bounds = frame_bounds(data, Path(source).name)
        chosen = _chosen(indices, len(bounds) - 1, order)
        return _join([data[bounds[i] : bounds[i + 1]] for i in chosen])
    frames = read(source) if is_file else check_frames(source)
    return frames_bytes(frames, _chosen(indices, len(frames), order))


def _chosen(indices, n_frames: int, order: str) -> np.ndarray:
    indices = check_frame_indices(indices, n_frames, "indices", unique=True)
    if len(indices) == 0:
        raise ValueError("indices: expected at least 1 frame, got 0")
    return np.sort(indices) if order == "file" else indices


def _join(blocks: list[bytes]) -> bytes:
    """Join frames; one that lacks its final line end, as the last of a file may, gets it."""
    line_end = b"\r\n" if b"\r\n" in blocks[0] else b"\n"
    joined = [b if b.endswith(b"\n") else b + line_end for b in blocks[:-1]]
    return b"".join([*joined, blocks[-1]])
