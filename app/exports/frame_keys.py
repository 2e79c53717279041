"""Content of exported frames: as in the source, with rank and δH, or with the keys of a program."""

from collections.abc import Mapping

from quests_core.io.frame_keys import RANK, SOURCE, Content, keyed_content
from quests_core.io.program_keys import GPUMD, MACE, NEQUIP

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath, delta_entropy_at

CONTENTS = {
    "As in the source": SOURCE,
    "With rank and δH": RANK,
    "MACE keys": MACE,
    "NequIP keys": NEQUIP,
    "GPUMD keys": GPUMD,
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
    delta = delta_entropy_at(opened, path, n_frames) if kind == RANK else None
    return keyed_content(opened.dataset, path.frames(n_frames), order, kind, delta)
