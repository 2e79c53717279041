"""Rename labels in the text of frames to the keys that training programs read."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from ..utils.frame_ranges import format_ranges
from ..utils.plural import plural
from .chosen_frames import Source
from .extxyz_frame import FrameText
from .label_names import ENERGY, FORCES, STRESS, VIRIALS, is_energy, is_finite, is_stress, label_keys
from .stress_virial import contradict, contradiction, stress_and_virial

MACE, NEQUIP, GPUMD = "mace", "nequip", "gpumd"
TARGETS = {
    MACE: {ENERGY: "REF_energy", FORCES: "REF_forces", STRESS: "REF_stress", VIRIALS: "REF_virials"},
    NEQUIP: {ENERGY: "energy", FORCES: "forces", STRESS: "stress"},
    GPUMD: {ENERGY: "energy", FORCES: "force", VIRIALS: "virial"},
}
_FITS = {ENERGY: is_energy, STRESS: is_stress, VIRIALS: is_stress}
# Indices of xx yy zz yz xz xy in the full matrix.
_VOIGT = [0, 5, 4, 5, 1, 3, 4, 3, 2]
_LONGEST = 60
_WORD = re.compile(r"[^\s:=\"'{}\[\]]+")


def read_keys(path: str | Path) -> dict[str, str]:
    """Return the keys of labels that a JSON file lists by quantity.

    Raises
    ------
    ValueError
        If it is not an object such as ``{"energy": "E", "forces": "F"}``, with different words as keys.

    Examples
    --------
    >>> import os, tempfile
    >>> path = Path(tempfile.mkdtemp(), "keys.json")
    >>> _ = path.write_text('{"energy": "E_dft", "forces": "F_dft"}')
    >>> read_keys(path)
    {'energy': 'E_dft', 'forces': 'F_dft'}
    """
    quantities = (ENERGY, FORCES, STRESS, VIRIALS)
    try:
        keys = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"keys: expected JSON in {path}, got other text ({error})") from error
    except OSError as error:
        raise ValueError(f"keys: expected a readable file, got {path} ({error.strerror})") from error
    if not isinstance(keys, dict) or not keys or not keys.keys() <= set(quantities):
        raise ValueError(f"keys: expected keys for {', '.join(quantities)} in {path}, got {keys!r:.80}")
    words = list(keys.values())
    if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in words):
        raise ValueError(f"keys: expected words without blanks and colons in {path}, got {words!r:.80}")
    if len(set(words)) < len(words):
        raise ValueError(f"keys: expected different keys in {path}, got {words!r:.80}")
    return keys


def rename_labels(
    dataset: Source, texts: list[FrameText], frames: Iterable[int], targets: Mapping[str, str]
) -> list[str]:
    """Rename the labels of each quantity to its key in `targets`, and return notes for the user.

    Labels that are not finite, which would turn all parameters of a potential into NaN, are set aside.
    """
    found = []
    for text, frame in zip(texts, map(int, frames), strict=True):
        _rename(dataset, text, targets)
        if _set_aside_not_finite(text, targets):
            found.append(frame)
    notes = [
        f"{plural(len(found), 'frame')} ({listed(found)}) with labels that are not finite; they are written "
        "as not_used_…"
    ]
    return notes * bool(found) + _missing(dataset, texts, targets)


def listed(frames: list[int]) -> str:
    """Format a list of frames, abbreviated if long."""
    text = format_ranges(sorted(frames))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST].rsplit(',', 1)[0]}, …"
    return f"frame{'s' * (len(frames) > 1)} {text}"


def to_mace(dataset: Source, texts: list[FrameText], frames) -> list[str]:
    """Rename labels for MACE, label unlabelled isolated atoms, and return notes for the user."""
    isolated, labelled, others = set(dataset.locked), 0, []
    contradicted = _set_aside_stress(dataset, texts, frames)
    renamed = rename_labels(dataset, texts, frames, TARGETS[MACE])
    for text, frame in zip(texts, frames, strict=True):
        if int(frame) not in isolated:
            continue
        if not dataset.labels[frame]:
            text.set("config_type", "IsolatedAtom")
            labelled += 1
        elif text.get("config_type") != "IsolatedAtom":
            others.append(int(frame))
    notes = [f"{plural(labelled, 'isolated atom')} got the config_type IsolatedAtom."] if labelled else []
    if others:
        notes.append(
            f"{plural(len(others), 'isolated atom')} ({listed(others)}) kept another label, such as "
            f"{dataset.labels[others[0]]}; MACE finds its energy references by config_type=IsolatedAtom."
        )
    return notes + contradicted + renamed


def to_nequip(dataset: Source, texts: list[FrameText], frames) -> list[str]:
    """Rename labels for NequIP, and return notes for the user."""
    only_virial, contradicted = 0, _set_aside_stress(dataset, texts, frames)
    renamed = rename_labels(dataset, texts, frames, TARGETS[NEQUIP])
    for text in texts:
        stress = text.value("stress")
        if is_stress(stress):
            # ASE reads only stresses of nine numbers; existing numbers keep their representation.
            numbers = (text.get("stress") or "").split()
            if len(numbers) == 6:
                text.set("stress", " ".join(numbers[i] for i in _VOIGT))
            elif len(numbers) != 9 or np.ndim(stress) == 2:
                text.set("stress", " ".join(map(repr, np.ravel(stress, order="F").tolist())))
        else:
            only_virial += any(is_stress(text.value(key)) for key in label_keys(VIRIALS, text.keys))
    notes = [f"{plural(only_virial, 'frame')} with a virial and no stress: it stays as it is."]
    return notes * bool(only_virial) + contradicted + renamed


def _set_aside_stress(dataset: Source, texts: list[FrameText], frames: Iterable[int]) -> list[str]:
    """Rename stresses that contradict the virial of their frame, and return a note on them."""
    found = []
    for text, frame in zip(texts, map(int, frames), strict=True):
        values = {key: text.value(key) for key in text.keys}
        stress, virial = stress_and_virial(values)
        volume = dataset.frames[frame].cell.volume
        if stress is None or virial is None or not contradict(values[stress], values[virial], volume):
            continue
        text.rename(stress, f"not_used_{stress}")
        found.append(frame)
    return [f"{contradiction(found)}; the stress is written as not_used_…"] if found else []


def _rename(dataset: Source, text: FrameText, targets: Mapping[str, str]) -> None:
    """Rename the label of each quantity to its target, unless the target exists."""
    for quantity, target in targets.items():
        if quantity == FORCES:
            names = [name for name, kind, width in text.columns if kind in "RI" and width == 3]
            _move(names, text.rename_column, quantity, target, dataset.forces_key)
        else:
            names = [key for key in text.keys if _FITS[quantity](text.value(key))]
            chosen = dataset.energy_key if quantity == ENERGY else None
            _move(names, text.rename, quantity, target, chosen)


def _set_aside_not_finite(text: FrameText, targets: Mapping[str, str]) -> bool:
    """Rename the labels under the keys of `targets` that are not finite; return whether there is one."""
    columns = {name: kind in "RI" and width == 3 for name, kind, width in text.columns}
    found = False
    for quantity, target in targets.items():
        rename: Callable[[str, str], None]
        if quantity == FORCES:
            names, rename = list(columns), text.rename_column
            label = text.numbers(target) if columns.get(target) else None
        else:
            names, rename, value = text.keys, text.rename, text.value(target)
            label = value if _FITS[quantity](value) else None
        if label is not None and not is_finite(label):
            new = f"not_used_{target}"
            while new in names:
                new = f"not_used_{new}"
            rename(target, new)
            found = True
    return found


def _move(
    names: list[str], rename: Callable[[str, str], None], quantity: str, target: str, chosen: str | None
) -> None:
    if chosen in names and chosen != target:
        if target in names:
            rename(target, f"not_used_{target}")
        rename(chosen, target)
    elif target not in names and (found := label_keys(quantity, names)):
        # A value that cannot be the label, such as REF_energy=None.
        rename(target, f"not_used_{target}")
        rename(found[0], target)


def _missing(dataset: Source, texts: list[FrameText], targets: Mapping[str, str]) -> list[str]:
    """Return notes about missing and unrecognised labels."""
    notes = []
    if ENERGY in targets and not any(text.get(targets[ENERGY]) is not None for text in texts):
        notes.append("No frame has an energy.")
    if FORCES in targets and not any(text.has_column(targets[FORCES]) for text in texts):
        notes.append("No frame has forces.")
    return notes + [f"In the source, {note}." for note in dataset.notes if "looks like a label" in note]
