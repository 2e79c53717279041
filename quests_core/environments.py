"""Descriptors of atomic environments, grouped by frame."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from .kernel_sums.merging import MergedRows, Merging, merge_rows
from .kernel_sums.partition import Rows
from .kernel_sums.shards import Shards, rows_within
from .kernel_sums.tiles import References, Tiles
from .progress import ProgressCallback
from .store.descriptor_store import DescriptorStore, read_stored
from .utils.arrays import Indices, ranges, read_only
from .utils.mapped_arrays import ArraysInMemory, MappedArrays
from .utils.memory import available, parse_bytes
from .utils.validation import (
    check_environment_matrix,
    check_environments,
    check_frame_indices,
    check_not_negative,
    check_offsets,
)

# Memory for each environment of a store of which the tiles are in files, and for all of them: measured.
_MAPPED_BYTES, _MAPPED_BYTES_FIXED = 300, 40_000_000


@dataclass(frozen=True, eq=False)
class Environments:
    """Descriptors of atomic environments, grouped by frame.

    The rows of all frames are stored in one matrix; frame ``i`` consists of the rows
    ``offsets[i]:offsets[i + 1]``. Frames may be empty.

    Parameters
    ----------
    X : array_like of shape (n_envs, d)
        Finite descriptors, one per row, in Å⁻¹ for the default descriptor. Stored as C-contiguous float64.
    offsets : array_like of shape (n_frames + 1,)
        First row of each frame, and ``n_envs`` at the end: starts at 0 and does not decrease.

    Attributes
    ----------
    store : DescriptorStore or None
        The store that was opened, with forces, energies, labels and elements; see `open`.
    memory_limit : int or None
        Bytes that a computation on an opened store may take.

    Notes
    -----
    `X` and `offsets` are read-only copies, because results computed from them are cached: changing the given
    arrays later has no effect, and writing to `X` is an error. An array that is already read-only, and not a
    view of a writable one, is shared instead of copied. To change descriptors, create new `Environments` from
    ``envs.X.copy()``.

    Raises
    ------
    TypeError
        If an array cannot be converted to numbers.
    ValueError
        If a shape is invalid, a value is not finite (the message names the frame), or the offsets
        do not increase from 0 to ``n_envs``.

    Examples
    --------
    >>> envs = Environments([[0.0, 0.1], [0.2, 0.1], [0.3, 0.3]], offsets=[0, 2, 3])
    >>> len(envs), envs.n_envs, envs.sizes.tolist()
    (2, 3, [2, 1])
    >>> envs.take([1]).X.tolist()
    [[0.3, 0.3]]
    >>> envs.X[0] = 0.0
    Traceback (most recent call last):
        ...
    ValueError: assignment destination is read-only
    """

    X: np.ndarray
    offsets: np.ndarray
    store: DescriptorStore | None = field(default=None, init=False, repr=False)
    memory_limit: int | None = field(default=None, init=False, repr=False)

    def __post_init__(self):
        """Validate the arrays, and store read-only ones."""
        offsets = check_offsets(self.offsets)
        X = check_environment_matrix(self.X, "X", offsets)
        # A converted array is new, and need not be copied.
        is_new = isinstance(self.X, np.ndarray) and X is not self.X and not np.may_share_memory(X, self.X)
        object.__setattr__(self, "X", read_only(X, copy=not is_new))
        object.__setattr__(self, "offsets", read_only(offsets, copy=False))

    def __reduce__(self):
        """Pickle and copy only the arrays, or the path of the store, without cached tiles and blocks."""
        if self.store is not None:
            return type(self).open, (self.store.path, self.memory_limit)
        return type(self), (self.X, self.offsets)

    @classmethod
    def open(cls, store: str | os.PathLike, memory_limit: int | str | None = None) -> "Environments":
        """Open a store of descriptors, without reading them into memory.

        `X` is mapped from the disk: its rows are read when they are used. Finite numbers were checked when
        the store was written, and are not checked again.

        Parameters
        ----------
        store : path-like
            A folder that `descriptors` wrote.
        memory_limit : int or str, optional
            Memory that a computation may take beyond what the process holds: bytes, or a text such as
            ``"2GB"``; by default half of what is available. A limit below about 50 MB is exceeded. Where a
            set needs more, tiles are in files, and results the same. Below 300 bytes per environment,
            `entropy`, `diversity`, `delta_entropy`, `overlap`, `log_kernel_sum` and `estimate_entropy` work
            in shards, and other functions refuse.

        Raises
        ------
        FileNotFoundError
            If `store` is not a store.
        ValueError
            If it is not complete, or damaged, or if the limit is invalid.

        Examples
        --------
        >>> import os, tempfile
        >>> from ase.build import bulk
        >>> from quests_core import descriptors, write_subset
        >>> folder = tempfile.mkdtemp()
        >>> path = write_subset(os.path.join(folder, "cu.xyz"), [bulk("Cu", cubic=True)], [0])
        >>> envs = descriptors(path, store=os.path.join(folder, "cu.envs"))
        >>> Environments.open(os.path.join(folder, "cu.envs"))
        Environments(n_frames=1, n_envs=4, d=63)
        >>> envs.store.numbers.tolist()
        [29, 29, 29, 29]
        """
        limit = None if memory_limit is None else parse_bytes(memory_limit, "memory_limit")
        opened = DescriptorStore.open(store)
        envs = object.__new__(cls)
        object.__setattr__(envs, "X", np.asarray(opened.descriptors))
        object.__setattr__(envs, "offsets", read_only(check_offsets(np.array(opened.offsets)), copy=False))
        object.__setattr__(envs, "store", opened)
        object.__setattr__(envs, "memory_limit", limit)
        return envs

    @classmethod
    def from_frames(cls, blocks: Sequence[np.ndarray]) -> "Environments":
        """Create environments from one ``(n_atoms, d)`` matrix per frame."""
        blocks = [np.asarray(block, dtype=np.float64) for block in blocks]
        offsets = np.concatenate([[0], np.cumsum([len(block) for block in blocks], dtype=np.int64)])
        filled = [block for block in blocks if len(block)]
        X = np.concatenate(filled) if filled else np.empty((0, 1))
        return cls(read_only(X, copy=False), offsets)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the descriptor matrix of each frame."""
        return (self[i] for i in range(len(self)))

    def __getitem__(self, frame: int) -> np.ndarray:
        """Return the ``(n_atoms, d)`` descriptors of one frame."""
        if not -len(self) <= frame < len(self):
            raise IndexError(f"frame {frame} of {len(self)} frames")
        frame %= len(self)
        return self.X[self.offsets[frame] : self.offsets[frame + 1]]

    def __repr__(self) -> str:
        """Return a summary."""
        return f"Environments(n_frames={len(self)}, n_envs={self.n_envs}, d={self.X.shape[1]})"

    @property
    def n_envs(self) -> int:
        """Number of environments in all frames."""
        return len(self.X)

    @property
    def sizes(self) -> np.ndarray:
        """Number of environments of each frame, shape (n_frames,)."""
        return np.diff(self.offsets)

    @property
    def frame_index(self) -> np.ndarray:
        """Frame of each environment, shape (n_envs,)."""
        return np.repeat(np.arange(len(self)), self.sizes)

    @property
    def shards(self) -> Shards | None:
        """The rows in shards, if they are in a store and even mapped tiles would exceed the memory limit."""
        return None if self.store is None else self._shards_of(self.store.read_rows, self.n_envs)

    def _shards_of(self, read, n_rows: int, weights: np.ndarray | None = None) -> Shards | None:
        """Return rows in shards, if even mapped tiles of them would exceed the memory limit."""
        limit = self._exceeded(n_rows)
        if limit is None or n_rows * _MAPPED_BYTES <= limit - _MAPPED_BYTES_FIXED:
            return None
        return Shards(read, n_rows, rows_within(limit, self.X.shape[1]), weights)

    def _exceeded(self, n_rows: int) -> int | None:
        """Return the memory limit of the store, if tiles of some rows in memory would exceed it."""
        if self.store is None:
            return None
        limit, free = self.memory_limit, available()
        if limit is None:
            limit = n_rows * 10**6 if free is None else free // 2
        return None if n_rows <= rows_within(limit, self.X.shape[1]) else limit

    def merged(self, tolerance: float, progress: ProgressCallback | None = None) -> MergedRows:
        """Merge environments within a distance of each other, as `entropy` and others do for `merge`.

        Of several tolerances, the result for the last one is kept.

        Parameters
        ----------
        tolerance : float
            Largest distance of an environment from the one that represents it, Å⁻¹: `merge` bandwidths.
        progress : callable, optional
            See `quests_core.progress`.

        Returns
        -------
        MergedRows
            Its length is the number of environments that remain; `merging` has their rows, their weights, and
            the number of the one that represents each environment.

        Examples
        --------
        >>> envs = Environments([[0.0], [0.3], [0.1]], [0, 3])
        >>> merged = envs.merged(0.15)
        >>> len(merged), merged.merging.weights.tolist(), merged.merging.representative.tolist()
        (2, [2, 1], [0, 1, 0])
        """
        tolerance = check_not_negative(tolerance, "tolerance")
        kept = self._kept_merged.get("last")
        if kept is None or kept[0] != tolerance:
            merging = merge_rows(self.X, tolerance, self.arrays, progress, self.store)
            self._kept_merged["last"] = kept = tolerance, self._merged_rows(merging)
        return kept[1]

    @cached_property
    def _kept_merged(self) -> dict[str, tuple[float, MergedRows]]:
        return {}

    @cached_property
    def kept_orders(self) -> dict[str, tuple]:
        """The last order of a selection method that others need, with what determines it."""
        return {}

    def _merged_rows(self, merging: Merging) -> MergedRows:
        rows, weights, n = merging.rows, merging.weights, len(merging.rows)
        if self.store is None:
            return MergedRows(merging)
        store = self.store
        stored = Rows(
            lambda indices: partial(read_stored, store.path, rows[indices]), n, self.X.shape[1],
            self.memory_limit, weights,
        )  # fmt: skip

        def read(first: int, last: int) -> np.ndarray:
            return np.array(merging.values[first:last])

        empty = np.empty if self._exceeded(n) is None else self.arrays.empty
        return MergedRows(merging, empty, self._shards_of(read, n, weights), stored)

    @property
    def stored_rows(self) -> Rows | None:
        """The rows for other processes, which read them from the store, if they are in one."""
        if self.store is None:
            return None
        part = partial(partial, read_stored, self.store.path)
        return Rows(part, self.n_envs, self.X.shape[1], self.memory_limit)

    @cached_property
    def tiles(self) -> Tiles:
        """The rows sorted into tiles, as required by kernel sums; computed once.

        Those of a store that exceeds its memory limit are in files, and the same to the last bit.
        """
        self.check_tiles_fit()
        return Tiles.from_rows(self.X, empty=self.arrays.empty)

    def check_tiles_fit(self) -> None:
        """Raise a ValueError if even tiles in files would exceed the memory limit."""
        if self.shards is not None:
            raise ValueError(
                f"envs: {self.n_envs:,} environments need a memory limit of about "
                f"{(self.n_envs * _MAPPED_BYTES + _MAPPED_BYTES_FIXED) / 1e6:,.0f} MB, below which only "
                "entropy, diversity, delta_entropy, overlap, log_kernel_sum and estimate_entropy work; open "
                "the store with a larger memory_limit, or take() a part of its frames"
            )

    @cached_property
    def arrays(self) -> ArraysInMemory:
        """What makes arrays for computations: in files, for a store that exceeds its memory limit."""
        limit = self._exceeded(self.n_envs)
        if limit is None or self.store is None:
            return ArraysInMemory()
        return MappedArrays(self.store.path, limit, (self.store.descriptors,))

    @cached_property
    def blocks(self) -> References:
        """The frames as blocks of references; computed once.

        Contains the rows in the axes of `tiles` and in tile order within each frame, their first `CHUNK_AXES`
        axes, and the box of each frame in these axes.
        """
        # Sorting integers that encode frame and position is several times as fast as `lexsort`.
        positions = np.sort(self.frame_index * self.n_envs + self.tiles.positions) % max(1, self.n_envs)
        tiles = self.tiles
        rows = np.take(tiles.rows, positions, axis=0, out=tiles.empty(tiles.rows.shape), mode="clip")
        return References.of_blocks(rows, self.offsets, tiles.empty)

    def rows(self, frames: Indices) -> np.ndarray:
        """Return the row numbers of the environments of `frames`, in that order."""
        frames = check_frame_indices(frames, len(self), "frames")
        return ranges(self.offsets[frames], self.sizes[frames])

    def take(self, frames: Indices) -> "Environments":
        """Return the environments of `frames`, in that order."""
        frames = check_frame_indices(frames, len(self), "frames")
        X = read_only(self.X[self.rows(frames)], copy=False)
        return Environments(X, np.concatenate([[0], np.cumsum(self.sizes[frames])]))


def as_environments(envs) -> Environments:
    """Return `Environments` of at least one frame; each row of a plain matrix becomes a frame."""
    if not isinstance(envs, Environments):
        X = check_environments(envs)
        envs = Environments(X, np.arange(len(X) + 1))
    if len(envs) == 0:
        raise ValueError("envs: expected at least 1 frame, got 0")
    return envs


def store_of(envs: Environments, name: str = "envs") -> DescriptorStore:
    """Return the store of opened environments; raise a TypeError, which begins with `name`, without one."""
    if envs.store is None:
        raise TypeError(f"{name}: expected an opened store, got environments in memory")
    return envs.store
