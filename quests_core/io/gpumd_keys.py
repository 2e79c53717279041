"""Keys of the extxyz files of GPUMD, from which its NEP potentials are trained.

Its reader ignores the case of the comment line and splits it at blanks. It requires ``lattice``, ``energy``
and a column ``force``; a ``virial``, in eV, has nine numbers; ``pbc`` is ignored.
"""

from collections.abc import Iterable

import numpy as np

from ..utils.plural import plural
from .chosen_frames import Source
from .extxyz_frame import FrameText
from .label_names import ENERGY, FORCES, STRESS, VIRIALS, is_finite, is_stress, label_keys
from .labels import atoms_energy, atoms_forces, in_words
from .pool import frame_name
from .program_keys import GPUMD, TARGETS, listed, rename_labels
from .stress_virial import as_matrix

_VIRIAL = TARGETS[GPUMD][VIRIALS]


def to_gpumd(dataset: Source, texts: list[FrameText], frames: Iterable[int]) -> list[str]:
    """Rename labels for GPUMD, turn stresses into virials, and return notes for the user.

    The virial of a frame of volume V with a stress σ, in the sign convention of ASE, is −V σ.

    Raises
    ------
    ValueError
        If a frame has no lattice, or no finite energy or forces, all of which NEP requires.
    """
    open_frames, converted, without = [], [], []
    for text, frame in zip(texts, map(int, frames), strict=True):
        _use_first(dataset, text)
        rename_labels(dataset, [text], [frame], TARGETS[GPUMD])
        _check_complete(dataset, text, frame)
        if _set_virial(text, dataset.frames[frame].cell.volume):
            converted.append(frame)
        if text.get(_VIRIAL) is None:
            without.append(frame)
        if not dataset.frames[frame].pbc.all():
            open_frames.append(frame)
    notes = []
    if converted:
        notes.append(f"{plural(len(converted), 'frame')} with a stress: it is written as the virial −V σ.")
    if without:
        notes.append(f"{plural(len(without), 'frame')} without virial ({listed(without)}).")
    if open_frames:
        notes.append(
            f"{plural(len(open_frames), 'frame')} ({listed(open_frames)}) not periodic in all directions: "
            "NEP takes every frame as periodic, so the lattice must hold enough vacuum."
        )
    return notes + [f"In the source, {note}." for note in dataset.notes if "looks like a label" in note]


def _use_first(dataset: Source, text: FrameText) -> None:
    """Free the names of the targets from labels that `atoms_energy` and `atoms_forces` do not use."""
    columns = [name for name, _, _ in text.columns]
    for quantity, names, rename, chosen in (
        (ENERGY, text.keys, text.rename, dataset.energy_key),
        (FORCES, columns, text.rename_column, dataset.forces_key),
        (VIRIALS, text.keys, text.rename, None),
    ):
        target = TARGETS[GPUMD][quantity]
        first = chosen if chosen in names else next(iter(label_keys(quantity, names)), target)
        for name in names:
            # GPUMD reads keys in lower case.
            if name.lower() == target and name != first:
                rename(name, f"not_used_{name}")


def _check_complete(dataset: Source, text: FrameText, frame: int) -> None:
    atoms = dataset.frames[frame]
    missing = [
        name
        for name, is_there in (
            ("lattice", abs(atoms.cell.volume) > 0),
            (in_words("energy", atoms_energy(atoms)), text.get(TARGETS[GPUMD][ENERGY]) is not None),
            (in_words("forces", atoms_forces(atoms)), text.has_column(TARGETS[GPUMD][FORCES])),
        )
        if not is_there
    ]
    if missing:
        raise ValueError(
            f"{frame_name(atoms, frame)}: expected lattice, energy and forces, which NEP "
            f"requires of every frame, got no {' and no '.join(missing)}"
        )


def _set_virial(text: FrameText, volume: float) -> bool:
    """Write the virial as nine numbers; return whether it was computed from the stress."""
    stresses = [key for key in label_keys(STRESS, text.keys) if is_stress(text.value(key))]
    is_used = bool(stresses) and is_finite(text.value(stresses[0]))
    has_virial = is_stress(text.value(_VIRIAL))
    if has_virial:
        # Nine numbers keep their representation.
        if len((text.get(_VIRIAL) or "").split()) != 9 or np.ndim(text.value(_VIRIAL)) == 2:
            _set_matrix(text, as_matrix(text.value(_VIRIAL)))
    elif is_used:
        _set_matrix(text, -volume * as_matrix(text.value(stresses[0])))
    for key in stresses:
        # GPUMD would expect it to have nine numbers, and to agree with the virial.
        if key.lower() == "stress":
            text.rename(key, f"not_used_{key}")
    return is_used and not has_virial


def _set_matrix(text: FrameText, matrix: np.ndarray) -> None:
    text.set(_VIRIAL, " ".join(map(repr, matrix.ravel(order="F").tolist())))
