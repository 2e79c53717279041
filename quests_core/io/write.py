"""Write subsets of frames, byte for byte if the source is an extxyz file."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from ..utils.arrays import Indices
from ..utils.atomic_write import atomic_write
from ..utils.validation import check_choice, check_frame_indices, check_frames
from .compressed import check_can_compress, compress
from .frame_writer import frames_bytes
from .pool import pool_paths
from .read import read
from .xyz_checks import frame_bounds, is_extxyz, read_xyz_bytes


def write_subset(
    path: str | os.PathLike,
    source: str | os.PathLike | Sequence[str | os.PathLike] | Sequence[Atoms],
    indices: Indices,
    order: str = "file",
    overwrite: bool = False,
) -> Path:
    """Write selected frames as extxyz.

    Frames of an extxyz file, compressed or not, are copied byte for byte. The target is written atomically:
    under its name, a file is always complete. The source is never modified. If the source has another format,
    use the `notes` of `read` to learn what reading it ignores, drops or invents. A file that is replaced
    keeps its permissions; if it is a link, the file that it points to is replaced.

    Parameters
    ----------
    path : str or path-like
        The target; compressed if its name ends in ``.gz``, ``.bz2``, ``.xz`` or, on Python 3.14, ``.zst``.
    source : str, path-like, sequence of them, or sequence of ase.Atoms
        One or several files supported by `read`, or frames.
    indices : sequence of int
        The selected frames, each once, such as ``selection.order[:100]``.
    order : {"file", "rank"}
        Write the frames in the order of the source, or in the order of `indices`.
    overwrite : bool
        Whether to replace an existing file.

    Returns
    -------
    pathlib.Path
        The target.

    Raises
    ------
    FileExistsError
        If the target exists and `overwrite` is False.
    TypeError, ValueError
        If an argument is invalid, or the target is the source or not a regular file.

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
    files: list = pool_paths(source) or [source] * isinstance(source, str | os.PathLike)
    if path.exists() and any(os.path.exists(file) and os.path.samefile(path, file) for file in files):
        raise ValueError(f"path: expected another file than the source, got {path}")
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{path} exists; set overwrite=True to replace it")
    check_can_compress(path.name)
    data = subset_bytes(source, indices, order)
    atomic_write(path, compress(data, path.name), overwrite=overwrite)
    return path


def subset_bytes(source, indices: Indices, order: str = "file") -> bytes:
    """Return the uncompressed content that `write_subset` writes."""
    if pool_paths(source) is not None:
        frames = read(source)
        return frames_bytes(frames, _chosen(indices, len(frames), order))
    is_file = isinstance(source, str | os.PathLike)
    if is_file and is_extxyz(source):
        data = read_xyz_bytes(Path(source))
        bounds = frame_bounds(data, Path(source).name)
        chosen = _chosen(indices, len(bounds) - 1, order)
        return join_frames([data[bounds[i] : bounds[i + 1]] for i in chosen])
    frames = read(source) if is_file else check_frames(source)
    return frames_bytes(frames, _chosen(indices, len(frames), order))


def _chosen(indices, n_frames: int, order: str) -> np.ndarray:
    indices = check_frame_indices(indices, n_frames, "indices", unique=True)
    if len(indices) == 0:
        raise ValueError("indices: expected at least 1 frame, got 0")
    return np.sort(indices) if order == "file" else indices


def join_frames(blocks: Sequence[bytes]) -> bytes:
    """Join the texts of frames, with a line end after each that lacks one, as the last of a file may."""
    return b"".join(joined_frames(blocks))


def joined_frames(blocks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield the parts of the text that `join_frames` returns.

    Examples
    --------
    >>> list(joined_frames([b"1\n\nCu 0 0 0", b"1\n\nAg 0 0 0"]))
    [b'1\n\nCu 0 0 0', b'\n', b'1\n\nAg 0 0 0']
    """
    line_end, is_missing = b"\n", False
    for i, block in enumerate(blocks):
        if i == 0 and b"\r\n" in block:
            line_end = b"\r\n"
        if is_missing:
            yield line_end
        yield block
        is_missing = not block.endswith(b"\n")
