"""Write a store of descriptors chunk by chunk, so that a killed process can be resumed."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .array_file import ArrayFile
from .manifest import NAME, Manifest

if sys.platform != "win32":
    import fcntl


class Chunk(NamedTuple):
    """Consecutive frames of one file; rows of the first three arrays are environments."""

    descriptors: np.ndarray  # (n_envs, d), Å⁻¹
    numbers: np.ndarray  # atomic numbers, (n_envs,)
    forces: np.ndarray  # (n_envs, 3), eV/Å; NaN without usable forces
    sizes: np.ndarray  # number of environments of each frame, (n_frames,)
    energies: np.ndarray  # (n_frames,), eV; NaN without a finite energy
    labels: list[str]  # "" without label


class StoreWriter:
    """Append chunks to a store; a context manager.

    A chunk is stored when the manifest, which is replaced atomically after the arrays are on the disk, counts
    it; what a killed process wrote after that is overwritten.

    Parameters
    ----------
    folder : Path
        The store. It is created, or continued if it has the key of `manifest`.
    manifest : Manifest
        The manifest of the empty store.

    Attributes
    ----------
    manifest : Manifest
        The current manifest.

    Raises
    ------
    ValueError
        If the folder is something else, belongs to other files or parameters, or another process writes it.
    OSError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: Path, manifest: Manifest):
        self._folder, self._paths = folder, manifest.paths
        with _errors_about(folder):
            self.manifest = _create_or_load(folder, manifest)
            self._open(manifest.n_columns)

    def _open(self, d: int) -> None:
        folder = self._folder
        self._per_env = {
            "descriptors": ArrayFile(folder / "descriptors.npy", "float64", (d,)),
            "numbers": ArrayFile(folder / "numbers.npy", "uint8"),
            "forces": ArrayFile(folder / "forces.npy", "float64", (3,)),
        }
        self._per_frame = {
            "energies": ArrayFile(folder / "energies.npy", "float64"),
            "labels": ArrayFile(folder / "labels.npy", "int32"),
            "sources": ArrayFile(folder / "sources.npy", "int32"),
        }
        # The first row of each frame, and of the next one.
        self._offsets = ArrayFile(folder / "offsets.npy", "int64")

    def __enter__(self) -> "StoreWriter":
        """Lock the store."""
        if sys.platform != "win32":
            try:
                fcntl.flock(self._per_env["descriptors"].fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.close()
                raise ValueError(f"store: another process is writing {self._folder}") from None
            except OSError:
                # The file system has no locks.
                pass
        # Another process may have written chunks before the store was locked.
        self.manifest = Manifest.load(self._folder)
        if self.manifest.paths != self._paths:
            # The same files, elsewhere.
            self._save(paths=self._paths)
        return self

    def __exit__(self, *_) -> None:
        """Close the files, and unlock the store."""
        self.close()

    def close(self) -> None:
        """Close the files."""
        with ExitStack() as stack:
            for file in self._files():
                stack.callback(file.close)

    def append(self, chunk: Chunk, found: set[str]) -> None:
        """Store frames of the current file; `found` is that of its `GivenLabels`."""
        old = self.manifest
        codes = {label: code for code, label in enumerate(old.labels)}
        numbers = [codes.setdefault(label, len(codes)) for label in chunk.labels]
        for name, file in self._per_env.items():
            file.write(old.n_envs, getattr(chunk, name))
        self._per_frame["energies"].write(old.n_frames, chunk.energies)
        self._per_frame["labels"].write(old.n_frames, np.array(numbers))
        self._per_frame["sources"].write(old.n_frames, np.full(len(numbers), old.file))
        ends = old.n_envs + np.cumsum(chunk.sizes)
        self._offsets.write(old.n_frames, np.concatenate([[old.n_envs], ends]))
        for file in self._files():
            file.sync()
        self._save(
            n_frames=old.n_frames + len(numbers),
            n_envs=old.n_envs + len(chunk.descriptors),
            n_read=old.n_read + len(numbers),
            found=tuple(sorted(found)),
            labels=tuple(codes),
        )

    def next_file(self) -> None:
        """Begin the next file."""
        self._save(file=self.manifest.file + 1, n_read=0, found=())

    def finish(self) -> None:
        """Mark the store as complete."""
        for file in self._per_env.values():
            file.finish(self.manifest.n_envs)
        for file in self._per_frame.values():
            file.finish(self.manifest.n_frames)
        self._offsets.finish(self.manifest.n_frames + 1)
        self._save(complete=True)

    def _save(self, **changes) -> None:
        manifest = replace(self.manifest, **changes)
        manifest.save(self._folder)
        self.manifest = manifest

    def _files(self) -> list[ArrayFile]:
        return [*self._per_env.values(), *self._per_frame.values(), self._offsets]


@contextmanager
def _errors_about(folder: Path) -> Iterator[None]:
    """Turn an error of the system, which names no argument, into one about the store."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        why = "a file" if folder.is_file() else error.strerror
        raise OSError(f"store: expected a folder that can be written, got {folder} ({why})") from error


def _create_or_load(folder: Path, manifest: Manifest) -> Manifest:
    """Return the manifest of a store; create the store if the folder is empty or does not exist."""
    folder.mkdir(exist_ok=True)
    if not (folder / NAME).exists():
        if any(not name.startswith(".") for name in os.listdir(folder)):
            raise ValueError(f"store: expected a new folder, or a store, got {folder} with other files")
        manifest.save(folder)
        return manifest
    found = Manifest.load(folder)
    if found.key != manifest.key:
        differing = [
            f"{name} = {value!r}, not {manifest.parameters[name]!r}"
            for name, value in found.parameters.items()
            if value != manifest.parameters.get(name)
        ]
        why = ", ".join(differing) or "other files, or other content in them"
        raise ValueError(
            f"store: expected a new folder, or a store of the same files, got {folder} with {why}"
        )
    return found
