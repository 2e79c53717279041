"""Read a store of descriptors by mapping its arrays into memory."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols

from ..io.labels import are_usable
from .manifest import Manifest

_BLOCK_ROWS = 2**20


@dataclass(frozen=True, eq=False)
class DescriptorStore:
    """A complete store of descriptors; its arrays are read from the disk when they are used.

    Attributes
    ----------
    path : Path
        The folder.
    manifest : Manifest
        Parameters, sources and sizes.
    descriptors : ndarray of shape (n_envs, d)
        Å⁻¹, double precision.
    offsets : ndarray of shape (n_frames + 1,)
        First row of each frame, and ``n_envs`` at the end.
    numbers : ndarray of shape (n_envs,)
        Atomic numbers.
    forces : ndarray of shape (n_envs, 3)
        eV/Å; NaN for frames without usable forces. Stores of earlier versions hold them as in the file.
    energies : ndarray of shape (n_frames,)
        eV; NaN for frames without a finite energy. Stores of earlier versions hold it as in the file.
    """

    path: Path
    manifest: Manifest
    descriptors: np.memmap
    offsets: np.ndarray
    numbers: np.ndarray
    forces: np.ndarray
    energies: np.ndarray
    _labels: np.ndarray
    _sources: np.ndarray

    @classmethod
    def open(cls, path: str | os.PathLike) -> "DescriptorStore":
        """Open a store.

        Raises
        ------
        FileNotFoundError
            If `path` is not a store.
        ValueError
            If the store is not complete, or damaged.
        """
        folder = Path(path).absolute()
        manifest = Manifest.load(folder)
        if not manifest.complete:
            raise ValueError(
                f"store: {path} is not complete: it has {manifest.n_frames:,} frames; "
                "call descriptors with the same arguments to resume it"
            )
        n_envs, n_frames, d = manifest.n_envs, manifest.n_frames, manifest.n_columns
        shapes = {
            "descriptors": (n_envs, d), "offsets": (n_frames + 1,), "numbers": (n_envs,),
            "forces": (n_envs, 3), "energies": (n_frames,), "labels": (n_frames,), "sources": (n_frames,),
        }  # fmt: skip
        arrays = {name: _mapped(folder / f"{name}.npy", shape) for name, shape in shapes.items()}
        labels, sources = arrays.pop("labels"), arrays.pop("sources")
        return cls(folder, manifest, **arrays, _labels=labels, _sources=sources)

    @property
    def labels(self) -> tuple[str, ...]:
        """Label of each frame, or ""."""
        return tuple(map(self.manifest.labels.__getitem__, self._labels.tolist()))

    @property
    def sources(self) -> tuple[str, ...]:
        """Name of the file of each frame."""
        return tuple(map(self.manifest.sources.__getitem__, self._sources.tolist()))

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols of the elements of all frames, sorted."""
        there = np.flatnonzero(np.bincount(self.numbers))
        return tuple(sorted(chemical_symbols[z] for z in there))

    def has_forces(self) -> np.ndarray:
        """Return whether each frame has atoms, and usable forces on all of them."""
        found = np.diff(self.offsets) > 0
        # In blocks, as the forces need not fit in memory.
        for first in range(0, len(self.forces), _BLOCK_ROWS):
            rows = first + np.flatnonzero(~are_usable(self.forces[first : first + _BLOCK_ROWS]))
            found[np.searchsorted(self.offsets, rows, side="right") - 1] = False
        return found

    def check_parameters(self, k: int, cutoff: float) -> None:
        """Raise a ValueError unless the descriptors have these parameters and distinguish no elements."""
        own = self.manifest.parameters
        if own["k"] == k and own["cutoff"] == cutoff and own["species"] is None:
            return
        kind = "" if own["species"] is None else " that distinguish elements"
        raise ValueError(
            f"store: expected descriptors of k = {k} and cutoff {cutoff:g} Å in {self.path.name}, got those "
            f"of k = {own['k']} and cutoff {own['cutoff']:g} Å{kind}"
        )

    def read_rows(self, first: int, last: int) -> np.ndarray:
        """Return a copy of the descriptors ``first:last``, read without mapping the file."""
        d = self.manifest.n_columns
        offset = self.descriptors.offset + 8 * d * first
        count = max(0, last - first) * d
        rows = np.fromfile(self.path / "descriptors.npy", np.float64, count, offset=offset)
        if len(rows) < count:
            raise ValueError(f"store: {self.path / 'descriptors.npy'} was cut off after it was opened")
        return rows.reshape(-1, d)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return a copy of some rows of the descriptors, read without mapping the file.

        The system maps many pages around each row of a mapped file that is read.
        """
        out = np.empty((len(indices), self.manifest.n_columns))
        with (self.path / "descriptors.npy").open("rb", buffering=0) as file:
            for row, index in zip(out, indices.tolist(), strict=True):
                file.seek(self.descriptors.offset + row.nbytes * index)
                if file.readinto(row.data) != row.nbytes:
                    raise ValueError(f"store: {file.name} was cut off after it was opened")
        return out


def read_stored(path: Path, indices: np.ndarray) -> np.ndarray:
    """Return some rows of the descriptors of a store, in their order, consecutive ones at once."""
    store, first = DescriptorStore.open(path), int(indices[0])
    is_one_run = (np.diff(indices) == 1).all()
    return store.read_rows(first, first + len(indices)) if is_one_run else store.rows(indices)


def _mapped(path: Path, shape: tuple[int, ...]) -> np.memmap:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"store: {path} cannot be read ({error})") from error
    if array.shape != shape:
        raise ValueError(f"store: expected shape {shape} in {path}, got {array.shape}")
    return array
