"""Content of exported frames: as in the source, with rank and δH, or with the keys of a program.

Keys are renamed in the text of the frames, so that numbers keep their representation in the source.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..utils.plural import plural
from . import write, xyz_checks
from .chosen_frames import Source
from .dataset import DataSet
from .extxyz_frame import FrameText
from .frame_content import same
from .frame_writer import editable_text, parse_frame
from .gpumd_keys import to_gpumd
from .label_names import ENERGY, FORCES, is_finite
from .labels import atoms_energy, atoms_forces
from .program_keys import GPUMD, MACE, NEQUIP, TARGETS, listed, rename_labels, to_mace, to_nequip

SOURCE, RANK = "source", "rank"


@dataclass(frozen=True)
class Content:
    """Texts of the frames in the requested order, with notes for the user."""

    blocks: Sequence[bytes]
    frames: np.ndarray
    notes: tuple[str, ...] = ()

    def bytes_of(self, frames=None) -> bytes:
        """Return the file contents of all frames, or of those in `frames`."""
        return b"".join(self.parts(frames))

    def parts(self, frames=None) -> Iterator[bytes]:
        """Yield what `bytes_of` returns in parts, of which one is in memory if the blocks are in a file."""
        chosen = [True] * len(self.blocks) if frames is None else np.isin(self.frames, frames)
        return write.joined_frames(itertools.compress(self.blocks, chosen))


def keyed_content(
    dataset: DataSet,
    ranked: np.ndarray,
    order: str,
    kind: str | Mapping[str, str],
    delta_entropy: np.ndarray | None = None,
) -> Content:
    """Return a subset with the keys of `kind`.

    Parameters
    ----------
    dataset : DataSet
        The source.
    ranked : ndarray of int
        The selected frames, in the order of selection.
    order : {"file", "rank"}
        Order of the written frames.
    kind : str or mapping
        ``SOURCE``, ``RANK``, ``MACE``, ``NEQUIP`` or ``GPUMD``, or a key by quantity; see
        `program_keys.read_keys`.
    delta_entropy : ndarray of shape (n_envs,), optional
        δH of every environment of the data set given the subset, nats, which ``RANK`` writes.

    Raises
    ------
    ValueError
        If a frame would be read back differently; the message names the frame.
    """
    data = write.subset_bytes(dataset.frame_source, ranked, order)
    bounds = xyz_checks.frame_bounds(data)
    blocks = [data[a:b] for a, b in itertools.pairwise(bounds)]
    frames = ranked if order == "rank" else np.sort(ranked)
    return keyed_texts(dataset, blocks, frames, ranked, kind, delta_entropy)


def keyed_texts(
    dataset: Source,
    blocks: Sequence[bytes],
    frames: np.ndarray,
    ranked: np.ndarray,
    kind: str | Mapping[str, str],
    delta_entropy: np.ndarray | None = None,
) -> Content:
    """Return the texts of `frames` with the keys of `kind`; see `keyed_content`."""
    if kind == SOURCE:
        return Content(blocks, frames)
    editable = [editable_text(block, for_ase=kind != RANK) for block in blocks]
    texts, notes = [FrameText.of(block) for block in editable], []
    if kind == RANK:
        _add_rank(dataset, ranked, texts, frames, delta_entropy)
    else:
        rewritten = [int(f) for f, old, new in zip(frames, blocks, editable, strict=True) if old != new]
        if rewritten:
            notes.append(
                f"{plural(len(rewritten), 'frame')} ({listed(rewritten)}) rewritten with the same numbers, "
                "since ASE would misread the text of the source."
            )
        notes += _renamed(dataset, texts, frames, kind)
    made = tuple(text.to_bytes() for text in texts)
    for frame, block in zip(frames, made, strict=True):
        _check(dataset, int(frame), block, kind)
    return Content(made, frames, tuple(notes))


def _renamed(dataset: Source, texts: list[FrameText], frames, kind: str | Mapping[str, str]) -> list[str]:
    if kind == MACE:
        return to_mace(dataset, texts, frames)
    if kind == NEQUIP:
        return to_nequip(dataset, texts, frames)
    if kind == GPUMD:
        return to_gpumd(dataset, texts, frames)
    if isinstance(kind, str):
        raise ValueError(f"keys: expected {SOURCE}, {RANK}, {MACE}, {NEQUIP} or {GPUMD}, got {kind!r}")
    return rename_labels(dataset, texts, frames, kind)


def _add_rank(dataset: Source, ranked: np.ndarray, texts, frames, delta: np.ndarray | None) -> None:
    if delta is None:
        raise ValueError("delta_entropy: expected one value per environment, got None")
    rank = {int(frame): i for i, frame in enumerate(ranked, start=1)}
    offsets = dataset.offsets
    for text, frame in zip(texts, frames, strict=True):
        text.set("quests_rank", str(rank[int(frame)]))
        values = delta[offsets[frame] : offsets[frame + 1]]
        # Shortest representation that round-trips.
        text.add_column("quests_delta_entropy", "R", [str(value) for value in values])


def _check(dataset: Source, frame: int, block: bytes, kind: str | Mapping[str, str]) -> None:
    """Raise a ValueError if the text differs from the frame in structure or labels."""
    before = dataset.frames[frame]
    try:
        after = parse_frame(block)
    except ValueError as error:
        raise ValueError(f"frame {frame}: the written frame could not be read: {error}") from error
    energy_key, forces_key = _label_keys(dataset, kind)
    results = getattr(after.calc, "results", {})
    pairs = {
        "symbols": (before.numbers, after.numbers),
        "positions": (before.positions, after.positions),
        "cell": (before.cell.array, after.cell.array),
        "pbc": (before.pbc, after.pbc),
        "energy": (atoms_energy(before), {**after.info, **results}.get(energy_key, atoms_energy(after))),
        "forces": (atoms_forces(before), {**after.arrays, **results}.get(forces_key, atoms_forces(after))),
    }
    for name, (first, second) in pairs.items():
        # A program is given no labels that are not finite.
        is_left_out = name in (ENERGY, FORCES) and kind != RANK and first is not None and not is_finite(first)
        if not is_left_out and not same(first, second):
            raise ValueError(f"frame {frame}: {name}: it would not be read back as it is in the source")


def _label_keys(dataset: Source, kind: str | Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the keys of energy and forces in an exported frame, None for those that are recognised."""
    if not isinstance(kind, str):
        return kind.get(ENERGY, dataset.energy_key), kind.get(FORCES, dataset.forces_key)
    own = TARGETS.get(kind, {})
    return (
        dataset.energy_key and own.get(ENERGY, dataset.energy_key),
        dataset.forces_key and own.get(FORCES, dataset.forces_key),
    )
