"""Content of exported frames: as in the source, with rank and δH, or with the keys of a program."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from quests_core.io.deepmd import DEEPMD, write_deepmd
from quests_core.io.frame_keys import RANK, SOURCE, Content, keyed_content
from quests_core.io.program_keys import GPUMD, MACE, NEQUIP
from quests_core.utils import scratch

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath, delta_entropy_at

CONTENTS = {
    "As in the source": SOURCE,
    "With rank and δH": RANK,
    "MACE keys": MACE,
    "NequIP keys": NEQUIP,
    "GPUMD keys": GPUMD,
    **({"DeePMD folder": DEEPMD} if importlib.util.find_spec("dpdata") is not None else {}),
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
    GPUMD: "Labels are renamed to energy, force and virial, for NEP; a stress σ becomes the virial −V σ. "
    "Every frame needs a lattice, an energy and forces.",
    DEEPMD: "Beside the frames as in the source, the archive has a folder of DeePMD-kit: energy, forces and "
    "virial only. Every frame needs an energy and forces.",
}


def content(
    opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str, kind: str | Mapping[str, str]
) -> Content:
    """Return the subset's frames; `kind` is one of the values of `CONTENTS`, or a key by quantity.

    Raises
    ------
    ValueError
        If a frame would be read back differently; the message names the frame.
    """
    if kind == DEEPMD:
        kind = SOURCE
    delta = delta_entropy_at(opened, path, n_frames) if kind == RANK else None
    return keyed_content(opened.dataset, path.frames(n_frames), order, kind, delta)


def deepmd_files(
    opened: AnalysedDataset, folders: Mapping[str, np.ndarray]
) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of folders of DeePMD-kit with the given frames, by name, and notes for the user.

    Raises
    ------
    ValueError
        If a frame cannot be written; the message names it.
    """
    notes: list[str] = []
    with scratch.temporary("deepmd-") as name:
        root = Path(name)
        for folder, frames in folders.items():
            notes += write_deepmd(root / folder, opened.dataset.frames, frames)
        found = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}, notes
