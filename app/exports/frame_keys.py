"""Content of exported frames: as in the source, with rank and δH, or with the keys of a program.

Keys are renamed in the text of the frames, so that numbers keep their representation in the source.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from quests_core import atoms_energy, atoms_forces
from quests_core.io import write, xyz_checks
from quests_core.io.dataset import DataSet
from quests_core.io.extxyz_frame import FrameText
from quests_core.io.frame_content import same
from quests_core.io.frame_writer import editable_text, parse_frame

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath, delta_entropy_at
from ..text.numbers import plural
from .program_keys import MACE, NEQUIP, TARGETS, listed, to_mace, to_nequip
from .subset import source_frames

SOURCE, RANK = "source", "rank"
CONTENTS = {
    "As in the source": SOURCE,
    "With rank and δH": RANK,
    "MACE keys": MACE,
    "NequIP keys": NEQUIP,
}
NOTES = {
    SOURCE: "Frames of an extxyz file are copied byte for byte.",
    RANK: "Adds quests_rank (1: selected first) to each frame, and to each atom quests_delta_entropy, its δH "
    "given the whole subset: exp(−δH) is the number of similar environments in the subset, including itself "
    "if selected.",
    MACE: "Energy, forces, stress and virial become REF_energy, REF_forces, REF_stress and REF_virials; an "
    "isolated atom without a label gets the config_type IsolatedAtom. Numbers and units are unchanged.",
    NEQUIP: "Labels are renamed to energy, forces and stress. Numbers and units are unchanged; a virial "
    "stays a virial, since its sign convention is unknown.",
}


@dataclass(frozen=True)
class Content:
    """Bytes of the frames in the requested order, with notes for the user."""

    blocks: tuple[bytes, ...]
    frames: np.ndarray
    notes: tuple[str, ...] = ()

    def bytes_of(self, frames=None) -> bytes:
        """Return the file contents of all frames, or of those in `frames`."""
        chosen = [True] * len(self.blocks) if frames is None else np.isin(self.frames, frames)
        return b"".join(
            block if block.endswith(b"\n") else block + b"\n"
            for block, take in zip(self.blocks, chosen, strict=True)
            if take
        )


def content(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str, kind: str) -> Content:
    """Return the subset's frames; `kind` is one of the values of `CONTENTS`.

    Raises
    ------
    ValueError
        If a frame would be read back differently; the message names the frame.
    """
    ranked = path.frames(n_frames)
    data = write.subset_bytes(source_frames(opened), ranked, order)
    bounds = xyz_checks.frame_bounds(data)
    blocks = [data[a:b] for a, b in itertools.pairwise(bounds)]
    frames = ranked if order == "rank" else np.sort(ranked)
    if kind == SOURCE:
        return Content(tuple(blocks), frames)
    editable = [editable_text(block, for_ase=kind != RANK) for block in blocks]
    texts, notes = [FrameText.of(block) for block in editable], []
    if kind == RANK:
        _add_rank(opened, path, n_frames, texts, frames)
    else:
        rewritten = [int(f) for f, old, new in zip(frames, blocks, editable, strict=True) if old != new]
        if rewritten:
            notes.append(
                f"{plural(len(rewritten), 'frame')} ({listed(rewritten)}) rewritten with the same numbers, "
                "since ASE would misread the text of the source."
            )
        notes += (to_mace if kind == MACE else to_nequip)(opened.dataset, texts, frames)
    made = tuple(text.to_bytes() for text in texts)
    for frame, block in zip(frames, made, strict=True):
        _check(opened.dataset, int(frame), block, kind)
    return Content(made, frames, tuple(notes))


def _add_rank(opened: AnalysedDataset, path: MethodPath, n_frames: int, texts, frames) -> None:
    rank = {int(frame): i for i, frame in enumerate(path.frames(n_frames), start=1)}
    delta, offsets = delta_entropy_at(opened, path, n_frames), opened.envs.offsets
    for text, frame in zip(texts, frames, strict=True):
        text.set("quests_rank", str(rank[int(frame)]))
        values = delta[offsets[frame] : offsets[frame + 1]]
        # Shortest representation that round-trips.
        text.add_column("quests_delta_entropy", "R", [str(value) for value in values])


def _check(dataset: DataSet, frame: int, block: bytes, kind: str) -> None:
    """Raise a ValueError if the text differs from the frame in structure or labels."""
    before = dataset.frames[frame]
    try:
        after = parse_frame(block)
    except ValueError as error:
        raise ValueError(f"frame {frame}: the written frame could not be read: {error}") from error
    pairs = {
        "symbols": (before.numbers, after.numbers),
        "positions": (before.positions, after.positions),
        "cell": (before.cell.array, after.cell.array),
        "pbc": (before.pbc, after.pbc),
        "energy": (atoms_energy(before), _energy(dataset, after, kind)),
        "forces": (atoms_forces(before), _forces(dataset, after, kind)),
    }
    for name, (first, second) in pairs.items():
        if not same(first, second):
            raise ValueError(f"frame {frame}: {name}: it would not be read back as it is in the source")


def _energy(dataset: DataSet, atoms: Atoms, kind: str):
    """Return the energy of an exported frame, from its new key if the user chose the key."""
    if dataset.energy_key is None:
        return atoms_energy(atoms)
    results = getattr(atoms.calc, "results", {})
    found = {**atoms.info, **results}.get(TARGETS.get(kind, {}).get("energy", dataset.energy_key))
    return atoms_energy(atoms) if found is None else found


def _forces(dataset: DataSet, atoms: Atoms, kind: str):
    if dataset.forces_key is None:
        return atoms_forces(atoms)
    results = getattr(atoms.calc, "results", {})
    found = {**atoms.arrays, **results}.get(TARGETS.get(kind, {}).get("forces", dataset.forces_key))
    return atoms_forces(atoms) if found is None else found
