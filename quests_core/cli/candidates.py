"""The frames that ``compress`` selects from: in memory, or in files with a store of their descriptors."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from ase import Atoms

from ..environments import Environments, store_of
from ..io.chosen_frames import ChosenFrames, TextsInFile, iread_chosen
from ..io.dataset import DataSet
from ..io.element_filter import frames_with_elements, frames_with_numbers
from ..io.frame_keys import SOURCE, Content, keyed_content, keyed_texts
from ..io.frame_writer import frames_bytes
from ..io.isolated import is_isolated, is_isolated_label
from ..io.labels import label_notes, usable_energy
from ..io.pool import paths_of
from ..kernel_sums.shards import rows_within
from ..utils.checksum import size_and_time
from ..utils.memory import available, format_bytes

Kind = str | Mapping[str, str]
# Memory of frames whose keys are changed, for each byte of their text, and for each frame: measured.
_PER_BYTE, _PER_FRAME = 12, 10_000


class Candidates(Protocol):
    """The frames of a file, or of several as one set."""

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        ...

    @property
    def isolated(self) -> Sequence[int]:
        """Frames that are isolated atoms."""
        ...

    def matching(self, elements: Iterable[str], match: str) -> np.ndarray:
        """Return the frames whose elements match a list; see `frames_with_elements`."""
        ...

    def energies(self) -> list[float | None]:
        """Return the energy of each frame, eV; None without a finite one."""
        ...

    def texts(
        self, ranked: np.ndarray, order: str, kind: Kind, delta_entropy: np.ndarray | None
    ) -> AbstractContextManager[Content]:
        """Return a context with the texts of some frames; see `quests_core.io.frame_keys.keyed_content`."""
        ...

    def chosen(self, frames: np.ndarray) -> Sequence[Atoms] | Mapping[int, Atoms]:
        """Return some frames, by their numbers."""
        ...


class FramesInMemory:
    """The frames of a data set."""

    def __init__(self, dataset: DataSet):
        self._dataset = dataset
        self.n_frames, self.isolated = len(dataset.frames), dataset.locked

    def matching(self, elements: Iterable[str], match: str) -> np.ndarray:
        """Return the frames whose elements match a list."""
        return frames_with_elements(self._dataset.frames, elements, match)

    def energies(self) -> list[float | None]:
        """Return the energy of each frame, eV."""
        return [usable_energy(atoms) for atoms in self._dataset.frames]

    @contextmanager
    def texts(
        self, ranked: np.ndarray, order: str, kind: Kind, delta_entropy: np.ndarray | None
    ) -> Iterator[Content]:
        """Yield the texts of some frames."""
        yield keyed_content(self._dataset, ranked, order, kind, delta_entropy)

    def chosen(self, frames: np.ndarray) -> Sequence[Atoms]:
        """Return all frames."""
        return self._dataset.frames


class FramesInFiles:
    """The frames of files that are read when they are needed, and the store of their descriptors.

    Parameters
    ----------
    source : Path or tuple of Path
        The files.
    open : callable
        Returns the environments in a store of these files.
    energy_key, forces_key : str, optional
        Keys given by the user.
    """

    def __init__(
        self,
        source: Path | tuple[Path, ...],
        open: Callable[[], Environments],
        energy_key: str | None = None,
        forces_key: str | None = None,
    ):
        self._source, self._keys = source, (energy_key, forces_key)
        # Before the files are hashed, so that any later change is found.
        self._states = self._current_states()
        self.envs = open()
        self._store = store_of(self.envs, "open")
        self.n_frames = len(self.envs)
        self._labels = self._store.labels
        self.isolated = self._isolated()

    @property
    def memory_limit(self) -> int:
        """Bytes that a computation may take."""
        if self.envs.memory_limit is not None:
            return self.envs.memory_limit
        free = available()
        return 2**62 if free is None else free // 2

    def check_in_memory(self, n_envs: int, what: str) -> None:
        """Raise a ValueError that begins with `what` if a copy of environments exceeds the memory limit."""
        if n_envs > rows_within(self.memory_limit, self.envs.X.shape[1]):
            raise ValueError(
                f"{what} ({n_envs:,}) would be copied into memory, beyond the memory limit of "
                f"{format_bytes(self.memory_limit)}; raise it with --memory-limit"
            )

    def check_keys(self, kind: Kind, n_frames: int) -> None:
        """Raise a ValueError if some frames with the keys of `kind` would exceed the memory limit."""
        if kind != SOURCE:
            n_bytes = sum(size for size, _ in self._states) * n_frames // self.n_frames
            self._check_size(n_bytes, n_frames)

    def matching(self, elements: Iterable[str], match: str) -> np.ndarray:
        """Return the frames whose elements match a list."""
        return frames_with_numbers(self._store.numbers, self.envs.offsets, elements, match)

    def energies(self) -> list[float | None]:
        """Return the energy of each frame, eV."""
        return [energy if np.isfinite(energy) else None for energy in self._store.energies.tolist()]

    @contextmanager
    def texts(
        self, ranked: np.ndarray, order: str, kind: Kind, delta_entropy: np.ndarray | None
    ) -> Iterator[Content]:
        """Yield the texts of some frames, which are copied to an unnamed file in the folder of the store."""
        ascending = np.sort(ranked)
        frames = ranked if order == "rank" else ascending
        with tempfile.TemporaryFile(dir=self._store.path) as file:
            texts = TextsInFile(file)
            for one in iread_chosen(self._source, ascending, *self._keys):
                text = one.text
                texts.append(frames_bytes({one.frame: one.atoms}, [one.frame]) if text is None else text)
            self._check_unchanged()
            blocks = texts.in_order(np.searchsorted(ascending, frames).tolist())
            if kind == SOURCE:
                yield Content(blocks, frames)
                return
            self._check_size(texts.n_bytes, len(frames))
            yield keyed_texts(self._in_memory(ascending), list(blocks), frames, ranked, kind, delta_entropy)

    def chosen(self, frames: np.ndarray) -> Mapping[int, Atoms]:
        """Return some frames, by their numbers."""
        found = {one.frame: one.atoms for one in iread_chosen(self._source, frames, *self._keys)}
        self._check_unchanged()
        return found

    def _in_memory(self, frames: np.ndarray) -> ChosenFrames:
        chosen = self.chosen(frames)
        notes = tuple(f"{note}, among the selected frames" for note in label_notes(chosen.values(), chosen))
        return ChosenFrames(chosen, self._labels, self.envs.offsets, self.isolated, notes, *self._keys)

    def _isolated(self) -> tuple[int, ...]:
        """Return the isolated atoms; frames of one atom are read, as the store has no cells."""
        labelled = [i for i, label in enumerate(self._labels) if is_isolated_label(label)]
        single = np.setdiff1d(np.flatnonzero(self.envs.sizes == 1), labelled)
        found = iread_chosen(self._source, single) if len(single) else ()
        return tuple(sorted([*labelled, *(one.frame for one in found if is_isolated(one.atoms))]))

    def _check_size(self, n_bytes: int, n_frames: int) -> None:
        needed = _PER_BYTE * n_bytes + _PER_FRAME * n_frames
        if needed > self.memory_limit:
            raise ValueError(
                f"keys: the text of {n_frames:,} frames is edited in memory, which takes about "
                f"{format_bytes(needed)}, more than the memory limit of {format_bytes(self.memory_limit)}; "
                "raise it with --memory-limit, or write the frames as in the source first"
            )

    def _current_states(self) -> list[tuple[int, int]]:
        return [size_and_time(path) for path in paths_of(self._source)]

    def _check_unchanged(self) -> None:
        for path, before, now in zip(
            paths_of(self._source), self._states, self._current_states(), strict=True
        ):
            if before != now:
                raise ValueError(f"{path} changed while it was read; nothing was written")
