"""Read any ASE format, extxyz(.gz) fast; write subsets without losing a byte."""

import gzip
import io
import os
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import ase.db
import ase.io
import numpy as np
from ase import Atoms

from ._validation import check_choice, check_frame_indices, check_frames, geometry_fault
from .extxyz import frame_bytes
from .progress import ProgressCallback, in_blocks

_XYZ_SUFFIXES = (".xyz", ".extxyz")
_FORCE_KEYS = ("REF_forces", "forces", "force", "dft_forces", "DFT_forces")
_ENERGY_KEYS = ("REF_energy", "energy", "free_energy", "dft_energy", "DFT_energy")
_FRAMES_PER_BLOCK = 50


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
        If the file cannot be used; the message says why, and names frame and line where known.

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
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    frames = _read_extxyz(path, progress) if is_extxyz(path) else _read_with_ase(path)
    if not frames:
        raise ValueError(f"{path.name}: the file holds no frames")
    for i, atoms in enumerate(frames):
        fault = geometry_fault(atoms) if len(atoms) else "it has no atoms"
        if fault:
            raise ValueError(f"{path.name}, frame {i}: {fault}")
    return frames


def is_extxyz(path: str | os.PathLike) -> bool:
    """Say whether a name is that of an xyz or extxyz file, compressed or not."""
    return Path(path).name.lower().removesuffix(".gz").endswith(_XYZ_SUFFIXES)


def _read_bytes(path: Path) -> bytes:
    """Return the content of a file, decompressed if it is a gzip file."""
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name}: the gzip data are damaged or cut off ({error})") from error


def frame_bounds(data: bytes, name: str = "extxyz") -> np.ndarray:
    """Return the byte at which each frame of an xyz file starts, and the end of the last one.

    Only the structure is read: a line with the number of atoms, a comment, a line for each atom.
    Raises a ValueError that names frame and line where the file departs from it.
    """
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 0x0A)
    if len(data) and not data.endswith(b"\n"):
        ends = np.append(ends, len(data) - 1)
    bounds, line, start = [], 0, 0
    while line < len(ends):
        count = data[start : ends[line] + 1].strip()
        if not count and not data[start:].strip():
            break
        where = f"{name}, frame {len(bounds)}, line {line + 1}"
        if not count.isdigit():
            shown = count[:40].decode("ascii", "replace")
            raise ValueError(f"{where}: expected the number of atoms, got {shown!r}")
        last = line + 1 + int(count)
        if last >= len(ends):
            raise ValueError(
                f"{where}: the frame is cut off: {int(count)} atoms announced, "
                f"{max(0, len(ends) - line - 2)} lines follow the comment"
            )
        bounds.append(start)
        start, line = int(ends[last]) + 1, last + 1
    return np.array([*bounds, start], dtype=np.int64)


def _parse_extxyz(data: bytes) -> list[Atoms]:
    return ase.io.read(io.StringIO(data.decode("utf-8")), index=":", format="extxyz")


def _read_extxyz(path: Path, progress: ProgressCallback | None) -> list[Atoms]:
    data = _read_bytes(path)
    bounds = frame_bounds(data, path.name)
    frames: list[Atoms] = []
    for first, last in in_blocks(len(bounds) - 1, _FRAMES_PER_BLOCK, "reading", progress):
        try:
            block = _parse_extxyz(data[bounds[first] : bounds[last]])
        except Exception:
            # Whatever it was that ASE could not digest: find the frame, so that the user can.
            block = []
        if len(block) != last - first:
            block = [_parse_frame(data[bounds[i] : bounds[i + 1]], path.name, i) for i in range(first, last)]
        frames += block
    return frames


def _parse_frame(data: bytes, name: str, index: int) -> Atoms:
    if data.lstrip().startswith(b"0"):
        raise ValueError(f"{name}, frame {index}: it has no atoms")
    try:
        (atoms,) = _parse_extxyz(data)
    except Exception as error:
        raise ValueError(f"{name}, frame {index}: {_reason(error)}") from error
    return atoms


def _read_with_ase(path: Path) -> list[Atoms]:
    try:
        if path.suffix.lower() == ".db":
            with ase.db.connect(path, serial=True) as database:
                return database_frames(database)
        if path.suffix.lower() != ".gz":
            return ase.io.read(path, index=":", do_not_split_by_at_sign=True)
        # ASE would seek in the compressed stream, which takes minutes.
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder, path.stem)
            plain.write_bytes(_read_bytes(path))
            return ase.io.read(plain, index=":", do_not_split_by_at_sign=True)
    except Exception as error:
        raise ValueError(f"{path.name}: cannot be read: {_reason(error)}") from error


def database_frames(database) -> list[Atoms]:
    """Return all frames of an ASE database, each with its row's key-value pairs in its info."""
    frames = []
    for row in database.select():
        atoms = row.toatoms()
        atoms.info.update(row.key_value_pairs)
        frames.append(atoms)
    return frames


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{text:.200}" if text else type(error).__name__


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
    forces = _label(atoms, "forces", atoms.arrays, _FORCE_KEYS)
    if forces is None or np.shape(forces) != (len(atoms), 3):
        return None
    return np.asarray(forces, dtype=np.float64)


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
    energy = _label(atoms, "energy", atoms.info, _ENERGY_KEYS)
    return None if energy is None or np.ndim(energy) else float(energy)


def _label(atoms, name, store, keys):
    results = getattr(atoms.calc, "results", {})
    if results.get(name) is not None:
        return results[name]
    return next((store[key] for key in keys if key in store), None)


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
    is always whole; the source is never written to.

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
        If an argument is not as described, or the target is the source.

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
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; set overwrite=True to replace it")
    data = subset_bytes(source, indices, order)
    write_whole(path, gzip.compress(data, mtime=0) if path.suffix.lower() == ".gz" else data)
    return path


def subset_bytes(source, indices: Sequence[int], order: str = "file") -> bytes:
    """Return what `write_subset` writes, not compressed."""
    is_file = isinstance(source, str | os.PathLike)
    if is_file and is_extxyz(source):
        data = _read_bytes(Path(source))
        bounds = frame_bounds(data, Path(source).name)
        chosen = _chosen(indices, len(bounds) - 1, order)
        return _join([data[bounds[i] : bounds[i + 1]] for i in chosen])
    frames = read(source) if is_file else check_frames(source)
    return b"".join(frame_bytes(frames[i]) for i in _chosen(indices, len(frames), order))


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


def write_whole(path: Path, data: bytes) -> None:
    """Write to a temporary file beside `path`, then rename it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; a written subset has the permissions of any new file.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
