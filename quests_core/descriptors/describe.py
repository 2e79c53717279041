"""Descriptors of atomic environments: X1 and X2, their multicomponent form, or a custom function.

Compiled functions, and the treatment of ties at the k-th neighbour, are in `quests_core.descriptors.x1_x2`.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from ..environments import Environments
from ..io.pool import pool_paths
from ..io.read import read
from ..progress import ProgressCallback
from ..utils.arrays import read_only
from ..utils.memory import available, check_fits, format_bytes
from ..utils.tasks import check_client
from ..utils.threads import get_num_threads, parallel_blocks
from ..utils.validation import check_count, check_frames, check_positive
from .cell_list import COINCIDENT, CROWDED, MOST_NEIGHBORS
from .describe_files import describe_files
from .x1_x2 import describe_frames

if TYPE_CHECKING:
    from distributed import Client

_BLOCK_ATOMS = 1000
# Bytes that need no check.
_SMALL = 2**26


def _offsets(frames) -> np.ndarray:
    return np.concatenate([[0], np.cumsum([len(atoms) for atoms in frames], dtype=np.int64)])


class _Geometry(NamedTuple):
    """Atoms of all frames, in one array for each property."""

    positions: np.ndarray
    offsets: np.ndarray
    cells: np.ndarray
    pbcs: np.ndarray


def _geometry(frames) -> _Geometry:
    return _Geometry(
        np.concatenate([np.empty((0, 3)), *(atoms.positions for atoms in frames)]),
        _offsets(frames),
        np.array([atoms.cell.array for atoms in frames], dtype=np.float64).reshape(-1, 3, 3),
        np.array([atoms.pbc for atoms in frames], dtype=bool).reshape(-1, 3),
    )


def _default_descriptors(geometry: _Geometry, k, cutoff, progress, n_before=0, n_total=None) -> np.ndarray:
    """Return X1 and X2 of all atoms of all frames, ``(n_envs, 2k - 1)``.

    They are atoms `n_before` to ``n_before + n_envs`` of `n_total` in the progress.
    """
    positions, offsets, cells, pbcs = geometry
    n_frames, n_envs = len(cells), int(offsets[-1])
    out = np.zeros((n_envs, 2 * k - 1))

    def work(first: int, last: int) -> None:
        status, frame, atom, other = describe_frames(
            positions, offsets, cells, pbcs, k, cutoff, first, last, out
        )
        if status == COINCIDENT:
            raise ValueError(f"frame {frame}: atoms {atom} and {other} are at the same position")
        if status == CROWDED:
            raise ValueError(
                f"frame {frame}: atom {atom} has more than {MOST_NEIGHBORS:,} possible neighbours within the "
                f"cutoff of {cutoff} Å; are the positions in Å?"
            )
        if status:
            raise ValueError(f"frame {frame}: the cell is too thin for a cutoff of {cutoff} Å")

    def report(step: str, done: int, total: int) -> None:
        n_done = round(n_envs * done / total) if total else n_envs
        progress(step, n_before + n_done, n_envs if n_total is None else n_total)

    frames_per_block = max(1, int(_BLOCK_ATOMS * n_frames / max(n_envs, 1)))
    parallel_blocks(work, n_frames, frames_per_block, "descriptors", None if progress is None else report)
    return out


def _multicomponent_descriptors(geometry: _Geometry, numbers, k, cutoff, species, progress) -> np.ndarray:
    """Concatenate the plain descriptor and, for each element, the descriptor of its atoms alone."""
    members = [np.flatnonzero(numbers == atomic_numbers[symbol]) for symbol in species]
    n_rows, n_columns = len(numbers), 2 * k - 1
    n_total = n_rows + sum(map(len, members))
    out = np.zeros((n_rows, (1 + len(species)) * n_columns))
    out[:, :n_columns] = _default_descriptors(geometry, k, cutoff, progress, 0, n_total)
    n_before = n_rows
    for e, rows in enumerate(members, start=1):
        # Frames without the element become empty.
        offsets = np.searchsorted(rows, geometry.offsets)
        alone = geometry._replace(positions=geometry.positions[rows], offsets=offsets)
        columns = slice(e * n_columns, (e + 1) * n_columns)
        out[rows, columns] = _default_descriptors(alone, k, cutoff, progress, n_before, n_total)
        n_before += len(rows)
    return out


def _user_descriptors(frames, descriptor_fn, progress) -> list[np.ndarray]:
    blocks: list[np.ndarray] = []
    for i, atoms in enumerate(frames):
        block = np.asarray(descriptor_fn(atoms), dtype=np.float64)
        expected = (len(atoms), blocks[0].shape[1] if blocks else "d")
        if block.ndim != 2 or len(block) != len(atoms) or (blocks and block.shape != expected):
            raise ValueError(
                f"descriptor_fn: expected shape {str(expected).replace(chr(39), '')} for frame {i}, "
                f"got {block.shape}"
            )
        blocks.append(block)
        if progress is not None:
            progress("descriptors", i + 1, len(frames))
    return blocks


def check_species(species, frames) -> list[str]:
    """Return sorted chemical symbols, those of the frames for "auto"."""
    if isinstance(species, str):
        if species != "auto":
            raise ValueError(f"species: expected None, 'auto' or a list of symbols, got {species!r}")
        return sorted({chemical_symbols[z] for atoms in frames for z in set(atoms.numbers.tolist())})
    unknown = [symbol for symbol in species if symbol not in atomic_numbers]
    if unknown:
        raise ValueError(f"species: expected chemical symbols, got {unknown[0]!r}")
    return sorted(set(species))


def descriptors(
    frames: Sequence[Atoms] | str | os.PathLike | Sequence[str | os.PathLike],
    k: int = 32,
    cutoff: float = 5.0,
    species: Sequence[str] | str | None = None,
    descriptor_fn: Callable[[Atoms], np.ndarray] | None = None,
    progress: ProgressCallback | None = None,
    store: str | os.PathLike | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    label_key: str | None = None,
    memory_limit: int | str | None = None,
    client: "Client | None" = None,
) -> Environments:
    r"""Return the descriptors of the environments of all atoms.

    With the cutoff weight :math:`w(r) = (1 - (r / r_c)^2)^2` for :math:`r \le r_c`, else 0:

    * X1, k values: :math:`w(r_{ij}) / r_{ij}` for the k nearest neighbours j of atom i, nearest first,
      padded with zeros;
    * X2, k - 1 values: each row of :math:`M_{jl} = \sqrt{w(r_{ij}) w(r_{il})} / r_{jl}` over these
      neighbours (diagonal 0) is sorted in descending order; the mean of the k rows is taken at each rank,
      and the last rank dropped.

    Cells may be skewed, left-handed or smaller than the cutoff; any axes may be periodic. Atoms tied for the
    k-th neighbour are averaged, so that equivalent atoms have equal descriptors; see the docstring of
    `quests_core.descriptors.x1_x2`.

    Parameters
    ----------
    frames : sequence of ase.Atoms, path, or sequence of paths
        Structures; positions and cells in Å. Or their files: a path, several, or a pattern; see `read`.
    k : int
        Number of nearest neighbours, at least 2.
    cutoff : float
        r_c, Å.
    species : sequence of str or "auto", optional
        Chemical symbols for the multicomponent descriptor: the plain descriptor, followed for each element in
        alphabetical order by the descriptor of its atoms in the structure without all others (zero for the
        atoms of other elements). "auto" uses the elements of the frames. By default elements are not
        distinguished.
    descriptor_fn : callable, optional
        Custom descriptor: ``descriptor_fn(atoms)`` returns an array of shape ``(n_atoms, d)``. `k`, `cutoff`
        and `species` are then ignored.
    progress : callable, optional
        See `quests_core.progress`.
    store : path-like, optional
        A folder, created if it does not exist, to which the descriptors of files are written in chunks; the
        result is that of `Environments.open`, and neither the files nor the descriptors need fit in memory. A
        store that is complete is opened, and one that is not, because the process was killed, is continued
        after its last chunk; the files are hashed in both cases.
    memory_limit : int or str, optional
        With `store`: that of `Environments.open`. Writing holds one chunk in memory.
    client : dask.distributed.Client, optional
        With `store`: the workers of a Dask cluster parse and describe the files, which they read under the
        same paths; this process splits them and writes the store, which is the same, byte for byte. It holds
        up to six chunks for each thread of the workers.
    energy_key, forces_key, label_key : str, optional
        With `store`: keys of the energies, forces and labels that are stored beside the descriptors; by
        default they are recognised as by `read`.

    Returns
    -------
    Environments
        Descriptors of shape ``(n_envs, 2k - 1)``, or ``(n_envs, (n_elements + 1)(2k - 1))`` with `species`;
        Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; the message names the frame for non-finite coordinates, coincident atoms
        and unusable cells. If the store belongs to other files or parameters.
    OSError
        If the scheduler of `client` is gone, or several workers died while they ran the same task.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> from ase.build import bulk, molecule
    >>> envs = descriptors([bulk("Cu", a=3.58), molecule("CH3CH2OH")])
    >>> len(envs), envs.X.shape
    (2, (10, 63))
    >>> envs[0][0, [0, 12, 18]].round(5).tolist()  # the first three shells of copper
    [0.21847, 0.06634, 0.01217]
    """
    k = check_count(k, "k", minimum=2)
    _check_matrices_fit(k)
    cutoff = check_positive(cutoff, "cutoff")
    if store is not None:
        if descriptor_fn is not None:
            raise ValueError("descriptor_fn: expected None with store, whose content it would not identify")
        keys = {"energy_key": energy_key, "forces_key": forces_key, "label_key": label_key}
        _store(frames, k, cutoff, species, Path(store), keys, progress, client)
        return Environments.open(store, memory_limit)
    if client is not None:
        raise ValueError("client: expected together with store, got it alone")
    files = _files(frames)
    frames = check_frames(frames if files is None else read(files, progress))
    if descriptor_fn is not None:
        return Environments.from_frames(_user_descriptors(frames, descriptor_fn, progress))
    n_columns = (2 * k - 1) * (1 if species is None else 1 + len(check_species(species, frames)))
    offsets = _offsets(frames)
    n_rows = int(offsets[-1])
    # The rows, and the copies that `entropy` and `select` need.
    check_fits(
        4 * 8 * n_rows * n_columns,
        f"{n_rows:,} environments of {n_columns:,} numbers each",
        "use fewer frames, for example parts of the file that are compressed first, or a smaller k",
    )
    if species is None:
        X = _default_descriptors(_geometry(frames), k, cutoff, progress)
    else:
        numbers = np.concatenate([np.empty(0, int), *(atoms.numbers for atoms in frames)])
        symbols = check_species(species, frames)
        X = _multicomponent_descriptors(_geometry(frames), numbers, k, cutoff, symbols, progress)
    return Environments(read_only(X, copy=False), offsets)


def _check_matrices_fit(k: int) -> None:
    """Raise a ValueError if the matrices of X2, one of k × k numbers per thread, exceed the memory."""
    bytes_of_k_1 = 8 * get_num_threads()
    if k * k * bytes_of_k_1 < _SMALL or (free := available()) is None or k * k * bytes_of_k_1 <= free:
        return
    raise ValueError(
        f"k: expected at most {isqrt(free // bytes_of_k_1):,}, as k × k numbers per thread must fit in the "
        f"{format_bytes(free)} of memory that are free, got {k}"
    )


def _files(frames) -> str | os.PathLike | Sequence[str | os.PathLike] | None:
    """Return the argument `frames` if it names files, or None."""
    return frames if isinstance(frames, str | os.PathLike) or pool_paths(frames) is not None else None


def _store(frames, k, cutoff, species, store: Path, keys, progress, client) -> None:
    files = _files(frames)
    if files is None:
        raise TypeError("frames: expected a path or a sequence of paths with store, got structures")
    if species == "auto":
        raise ValueError("species: expected a list of symbols with store, got 'auto'")
    symbols = None if species is None else check_species(species, ())
    parameters = {"k": k, "cutoff": cutoff, "species": symbols, **keys}
    describe = partial(_matrix, k=k, cutoff=cutoff, species=symbols)
    n_columns = (2 * k - 1) * (1 if symbols is None else 1 + len(symbols))
    client = None if client is None else check_client(client)
    describe_files(files, store, parameters, n_columns, describe, progress, client)


def _matrix(frames: list[Atoms], k: int, cutoff: float, species: list[str] | None) -> np.ndarray:
    return descriptors(frames, k, cutoff, species).X
