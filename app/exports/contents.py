"""What exported frames carry: as in the source, with rank and δH, or under the keys of a program.

Keys are renamed in the text of the frames, so that every number stays as the source writes it.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from quests_core import io as core_io
from quests_core.extxyz import FrameText
from quests_core.ranges import format_ranges

from ..facts.analysis import MethodPath, Opened
from ..parts.format import plural
from .export import source_frames

SOURCE, RANK, MACE, NEQUIP = "source", "rank", "mace", "nequip"
CONTENTS = {
    "As in the source": SOURCE,
    "With rank and δH": RANK,
    "Keys of MACE": MACE,
    "Keys of NequIP": NEQUIP,
}
NOTES = {
    SOURCE: "Frames of an extxyz file are copied byte for byte.",
    RANK: "Adds quests_rank (1: picked first) to each frame, and to each atom quests_delta_entropy, its δH "
    "given the whole subset: e to the power of −δH is how many of the subset's environments are like it, "
    "itself among them.",
    MACE: "energy, forces, stress and virial become REF_energy, REF_forces, REF_stress and REF_virials; an "
    "isolated atom without a label gets the config_type IsolatedAtom. Numbers and units stay as they are.",
    NEQUIP: "Labels stand under energy, forces and stress. Numbers and units stay as they are; a virial "
    "stays a virial, since files do not say its sign.",
}
_OTHERS = {
    "energy": ("energy", "REF_energy", "dft_energy", "DFT_energy", "free_energy"),
    "forces": ("forces", "REF_forces", "force", "dft_forces", "DFT_forces"),
    "stress": ("stress", "REF_stress", "dft_stress", "DFT_stress"),
    "virials": ("virials", "virial", "REF_virials", "REF_virial"),
}
# xx yy zz yz xz xy, written as a matrix.
_VOIGT = (0, 5, 4, 5, 1, 3, 4, 3, 2)


@dataclass(frozen=True)
class Content:
    """The frames' bytes in the order asked for, and what the user should know about them."""

    blocks: tuple[bytes, ...]
    frames: np.ndarray
    notes: tuple[str, ...] = ()

    def bytes_of(self, frames=None) -> bytes:
        """Return a file of all frames, or of those among `frames`."""
        chosen = [True] * len(self.blocks) if frames is None else np.isin(self.frames, frames)
        return b"".join(
            block if block.endswith(b"\n") else block + b"\n"
            for block, take in zip(self.blocks, chosen, strict=True)
            if take
        )


def content(opened: Opened, path: MethodPath, n_frames: int, order: str, kind: str) -> Content:
    """Return the subset's frames; `kind` is one of the values of `CONTENTS`."""
    ranked = path.frames(n_frames)
    data = core_io.subset_bytes(source_frames(opened), ranked, order)
    bounds = core_io.frame_bounds(data)
    blocks = [data[a:b] for a, b in itertools.pairwise(bounds)]
    frames = ranked if order == "rank" else np.sort(ranked)
    if kind == SOURCE:
        return Content(tuple(blocks), frames)
    texts = [FrameText.of(block) for block in blocks]
    if kind == RANK:
        _add_rank(opened, path, n_frames, texts, frames)
        notes = ()
    else:
        notes = (_to_mace if kind == MACE else _to_nequip)(opened, texts, frames)
    return Content(tuple(text.to_bytes() for text in texts), frames, tuple(notes))


def _add_rank(opened: Opened, path: MethodPath, n_frames: int, texts, frames) -> None:
    rank = {int(frame): i for i, frame in enumerate(path.frames(n_frames), start=1)}
    delta, offsets = path.delta_entropy[path.position(n_frames)], opened.envs.offsets
    for text, frame in zip(texts, frames, strict=True):
        text.set("quests_rank", str(rank[int(frame)]))
        values = delta[offsets[frame] : offsets[frame + 1]]
        # The shortest text from which the same number is read.
        text.add_column("quests_delta_entropy", "R", [str(value) for value in values])


def _to_mace(opened: Opened, texts, frames) -> list[str]:
    isolated, labelled, others = set(opened.dataset.locked), 0, []
    for text, frame in zip(texts, frames, strict=True):
        for name in _OTHERS:
            _move(text, name, f"REF_{name}")
        if int(frame) not in isolated:
            continue
        if not opened.dataset.labels[frame]:
            text.set("config_type", "IsolatedAtom")
            labelled += 1
        elif text.get("config_type") != "IsolatedAtom":
            others.append(int(frame))
    notes = [f"{plural(labelled, 'isolated atom')} got the config_type IsolatedAtom."] if labelled else []
    if others:
        notes.append(
            f"{plural(len(others), 'isolated atom')} (frames {format_ranges(sorted(others))}) keep a label "
            f"like {opened.dataset.labels[others[0]]}; MACE finds its references by config_type=IsolatedAtom."
        )
    return notes


def _to_nequip(opened: Opened, texts, frames) -> list[str]:
    only_virial = 0
    for text in texts:
        for name in ("energy", "forces", "stress"):
            _move(text, name, name)
        stress = (text.get("stress") or "").split()
        if len(stress) == 6:
            # ASE reads a stress of nine numbers only.
            text.set("stress", " ".join(stress[i] for i in _VOIGT))
        has_virial = any(text.get(key) is not None for key in _OTHERS["virials"])
        only_virial += not stress and has_virial
    return [f"{only_virial} frames have a virial and no stress; it is left as it is."] if only_virial else []


def _move(text: FrameText, name: str, target: str) -> None:
    """Give the first label of a kind that is there the name `target`, unless that is taken."""
    if name == "forces":
        has, move = text.has_column, text.rename_column
    else:
        has, move = (lambda key: text.get(key) is not None), text.rename
    if not has(target):
        found = next((key for key in _OTHERS[name] if has(key)), None)
        if found:
            move(found, target)
