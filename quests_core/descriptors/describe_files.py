"""Descriptors of files, frame by frame, in a store on disk."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from ..io.iread import iread_file
from ..io.isolated import label_of
from ..io.labels import GivenLabels, atoms_energy, atoms_forces
from ..io.pool import pool_paths, pool_sha256, source_names
from ..progress import ProgressCallback
from ..store.manifest import Manifest, content_key
from ..store.writer import Chunk, StoreWriter
from ..utils.checksum import sha256_of, size_and_time
from ..utils.regular import check_regular

# Environments of a chunk, at least, unless its file ends: 8 MB of descriptors for k = 32.
CHUNK_ENVS = 16_384


def describe_files(
    files,
    folder: Path,
    parameters: Mapping[str, Any],
    n_columns: int,
    describe: Callable[[list[Atoms]], np.ndarray],
    progress: ProgressCallback | None = None,
) -> None:
    """Write the descriptors of files to a store, or the rest of them to one that is not complete.

    Parameters
    ----------
    files : str, path-like or sequence of them
        See `quests_core.iread`.
    folder : Path
        The store.
    parameters : mapping
        Everything besides the files that determines the content; ``energy_key``, ``forces_key`` and
        ``label_key`` name the labels to use.
    n_columns : int
        Number of columns of the descriptors.
    describe : callable
        Returns the descriptors of frames, ``(n_envs, n_columns)``.
    progress : callable, optional
        See `quests_core.progress`; called with the bytes of the files that were read.

    Raises
    ------
    OSError, ValueError
        If a file cannot be used; the message names file and frame. What was stored before stays.
    """
    paths = pool_paths(files) or [Path(os.fspath(files))]
    for path in paths:
        check_regular(path)
    names = source_names(paths)
    states = [size_and_time(path) for path in paths]
    sha256 = sha256_of(paths[0]) if len(paths) == 1 else pool_sha256(paths, names)
    key = content_key(sha256, parameters)
    before, total = 0, sum(size for size, _ in states)
    with StoreWriter(folder, Manifest(key, parameters, tuple(names), n_columns)) as writer:
        for i, path in enumerate(paths):
            if i == writer.manifest.file and not writer.manifest.complete:

                def on_read(n_bytes: int, before: int = before) -> None:
                    if progress is not None:
                        progress("descriptors", before + n_bytes, total)

                _describe_file(path, writer, parameters, describe, on_read)
                if size_and_time(path) != states[i]:
                    raise ValueError(f"{path} changed while it was read; write a new store")
                writer.next_file()
            before += states[i][0]
        if not writer.manifest.complete:
            writer.finish()
    if progress is not None:
        progress("descriptors", total, total)


def _describe_file(path: Path, writer: StoreWriter, parameters, describe, on_read) -> None:
    labels = GivenLabels(path.name, parameters["energy_key"], parameters["forces_key"])
    labels.found.update(writer.manifest.found)
    frames = iread_file(path, labels, [], writer.manifest.n_read, on_read)
    for chunk in _chunks(frames):
        first = writer.manifest.n_read
        try:
            descriptors = describe(chunk)
        except ValueError:
            _raise_located(path, first, chunk, describe)
            raise
        writer.append(_as_chunk(chunk, descriptors, parameters["label_key"]), labels.found)


def _raise_located(path: Path, first: int, frames: list[Atoms], describe) -> None:
    """Raise the error about the first frame without descriptors, with its file and its number in it."""
    for i, atoms in enumerate(frames):
        try:
            describe([atoms])
        except ValueError as error:
            message = str(error).removeprefix("frame 0: ")
            raise ValueError(f"{path.name}, frame {first + i}: {message}") from error


def _chunks(frames: Iterator[Atoms]) -> Iterator[list[Atoms]]:
    chunk: list[Atoms] = []
    n_envs = 0
    for atoms in frames:
        chunk.append(atoms)
        n_envs += len(atoms)
        if n_envs >= CHUNK_ENVS:
            yield chunk
            chunk, n_envs = [], 0
    if chunk:
        yield chunk


def _as_chunk(frames: list[Atoms], descriptors: np.ndarray, label_key: str | None) -> Chunk:
    energies = [atoms_energy(atoms) for atoms in frames]
    return Chunk(
        descriptors=descriptors,
        numbers=np.concatenate([atoms.numbers for atoms in frames]),
        forces=np.concatenate([_forces(atoms) for atoms in frames]),
        sizes=np.array([len(atoms) for atoms in frames]),
        energies=np.array([np.nan if energy is None else energy for energy in energies]),
        labels=[label_of(atoms, label_key) for atoms in frames],
    )


def _forces(atoms: Atoms) -> np.ndarray:
    forces = atoms_forces(atoms)
    return np.full((len(atoms), 3), np.nan) if forces is None else forces
