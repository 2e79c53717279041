"""Descriptors of files, frame by frame, in a store on disk."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from ..io.iread import iread_file
from ..io.labels import GivenLabels
from ..io.pool import no_frames, no_frames_at_all, pool_paths, pool_sha256, pooled, source_names
from ..io.reading_notes import ReadingNotes
from ..progress import ProgressCallback
from ..store.manifest import Manifest, content_key
from ..store.writer import StoreWriter
from ..utils.checksum import sha256_of, size_and_time
from ..utils.regular import check_regular
from .describe_parts import described_parts
from .frame_chunks import described_chunk

# Environments of a chunk, at least, unless its file ends: 8 MB of descriptors for k = 32.
CHUNK_ENVS = 16_384


def describe_files(
    files,
    folder: Path,
    parameters: Mapping[str, Any],
    n_columns: int,
    describe: Callable[[list[Atoms]], np.ndarray],
    progress: ProgressCallback | None = None,
    client=None,
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
    client : Client, optional
        Its workers describe the chunks; see `quests_core.descriptors.describe_parts`.

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
    places = tuple(str(path.absolute()) for path in paths)
    with StoreWriter(folder, Manifest(key, parameters, tuple(names), n_columns, paths=places)) as writer:
        if not writer.manifest.complete:
            if client is None:
                _describe_here(paths, states, writer, describe, progress)
            else:
                _describe_on_workers(client, paths, states, writer, describe, progress)
            if writer.manifest.n_envs == 0:
                raise no_frames_at_all([f"{name}: no frames" for name in names])
            writer.finish()
    if progress is not None:
        total = sum(size for size, _ in states)
        progress("descriptors", total, total)


def _describe_here(paths, states, writer: StoreWriter, describe, progress) -> None:
    before, total = 0, sum(size for size, _ in states)
    for i, path in enumerate(paths):
        if i == writer.manifest.file:

            def on_read(n_bytes: int, before: int = before) -> None:
                if progress is not None:
                    progress("descriptors", before + n_bytes, total)

            _describe_file(path, writer, describe, on_read)
            _end_file(path, states[i], writer)
        before += states[i][0]


def _describe_on_workers(client, paths, states, writer: StoreWriter, describe, progress) -> None:
    first, parameters = writer.manifest, writer.manifest.parameters
    keys = parameters["energy_key"], parameters["forces_key"]
    labels = [GivenLabels(path.name, *keys) for path in paths]

    def end_files(next_file: int) -> None:
        while (file := writer.manifest.file) < next_file:
            if writer.manifest.n_read:
                labels[file].finish(ReadingNotes())
            elif len(paths) == 1:
                raise no_frames(paths[file].name)
            _end_file(paths[file], states[file], writer)

    if first.file < len(paths):
        labels[first.file].found.update(first.found)
    position = first.file, first.n_read
    with closing(
        described_parts(client, paths, position, CHUNK_ENVS, parameters, describe, progress)
    ) as parts:
        for file, chunk, found in parts:
            end_files(file)
            labels[file].merge(found)
            writer.append(chunk, labels[file].found)
    end_files(len(paths))


def _end_file(path: Path, state, writer: StoreWriter) -> None:
    if size_and_time(path) != state:
        raise ValueError(f"{path} changed while it was read; write a new store")
    writer.next_file()


def _describe_file(path: Path, writer: StoreWriter, describe, on_read) -> None:
    parameters = writer.manifest.parameters
    labels = GivenLabels(path.name, parameters["energy_key"], parameters["forces_key"])
    labels.found.update(writer.manifest.found)
    frames = iread_file(path, labels, [], writer.manifest.n_read, on_read)
    if writer.manifest.paths[1:]:
        frames = pooled(frames, path, path.name, [])
    for chunk in _chunks(frames):
        first, label_key = writer.manifest.n_read, parameters["label_key"]
        writer.append(described_chunk(chunk, describe, path.name, first, label_key), labels.found)


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
