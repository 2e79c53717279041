"""Read and write the npy folders of DeePMD-kit through the package dpdata."""

import itertools
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from ..utils.frame_ranges import format_ranges
from ..utils.plural import plural
from .ase_formats import one_line_message
from .dpdata_frames import frames_of, load_dpdata, name_within
from .label_names import ENERGY, FORCES, is_energy, is_finite, is_stress, label_keys
from .labels import atoms_energy, atoms_forces, in_words
from .pool import frame_name
from .stress_virial import contradiction, frame_virial, is_contradicted, labels_of_stress

# The kind of keys that stands for folders of DeePMD-kit.
DEEPMD = "deepmd"
_TYPES, _COORD, _RAW = "type.raw", "set.*/coord.npy", "coord.raw"
_OF_STRUCTURE = ("numbers", "positions", "forces", "force")


def is_deepmd_folder(path: str | os.PathLike) -> bool:
    """Return whether a path is a folder with systems of DeePMD-kit."""
    return os.path.isdir(path) and bool(_systems(Path(path)))


def read_deepmd(folder: str | os.PathLike) -> list[Atoms]:
    """Return the frames of all systems in a folder of DeePMD-kit, npy, mixed or raw.

    Parameters
    ----------
    folder : str or path-like
        A system, or a folder with systems at any depth, which are read in the order of their names.

    Returns
    -------
    list of ase.Atoms
        With the name of the system in ``info["source"]``. Energy, eV, and forces, eV/Å, are those of the
        calculator; with virials W, eV, and a volume V, also the stress −W/V, eV/Å³.

    Raises
    ------
    ImportError
        If dpdata is not installed.
    FileNotFoundError, ValueError
        If there is no system, or one cannot be read; the message names it.
    """
    folder = Path(folder)
    dpdata, found = load_dpdata("folders of DeePMD-kit"), _systems(folder)
    if not found:
        raise FileNotFoundError(f"{folder}: no folder of DeePMD-kit, which has a file {_TYPES}")
    frames: list[Atoms] = []
    for system in found:
        name = name_within(folder, system)
        try:
            for data in _load(dpdata, system):
                frames += frames_of(data, name)
        except Exception as error:
            # dpdata and numpy raise many kinds of errors.
            raise ValueError(f"{name}: cannot be read by dpdata: {one_line_message(error)}") from error
    return frames


def write_deepmd(
    folder: str | os.PathLike, frames: Sequence[Atoms] | Mapping[int, Atoms], indices: Iterable[int]
) -> list[str]:
    """Write labelled frames as systems of DeePMD-kit, in double precision, and return notes for the user.

    A system holds frames with the same elements in the same order, either all periodic or none; its folder
    is named by the formula, numbered if there are several.

    Parameters
    ----------
    folder : str or path-like
        A folder that does not exist, or is empty.
    frames : sequence of ase.Atoms, or mapping of int to them
        The frames.
    indices : iterable of int
        Those to write, in this order within each system.

    Raises
    ------
    ImportError
        If dpdata is not installed.
    ValueError
        If a frame has no finite energy or forces, or is periodic in some directions only.
    """
    dpdata, chosen = load_dpdata("folders of DeePMD-kit"), [int(i) for i in indices]
    names = sorted({symbol for i in chosen for symbol in frames[i].symbols.species()})
    groups: dict[tuple, list[int]] = {}
    for i in chosen:
        _check(frames[i], i)
        # Virials are written for all frames of a system or none.
        has_virial = frames[i].pbc.all() and frame_virial(frames[i]) is not None
        key = frames[i].numbers.tobytes(), bool(frames[i].pbc.all()), has_virial
        groups.setdefault(key, []).append(i)
    used: set[str] = set()
    for members in groups.values():
        formula = str(frames[members[0]].symbols.formula.format("hill"))
        name = next(n for n in _names(formula) if n not in used)
        used.add(name)
        system = dpdata.LabeledSystem(data=_data([frames[i] for i in members], names))
        system.to("deepmd/npy", str(Path(folder, name)), prec=np.float64)
    return _notes(frames, chosen)


def _systems(folder: Path) -> list[Path]:
    found = [Path(where) for where, _, files in os.walk(folder) if _TYPES in files]
    return sorted(path for path in found if any(path.glob(_COORD)) or (path / _RAW).is_file())


def _load(dpdata: Any, system: Path) -> list[dict]:
    """Return the data of the systems in a folder, one for each composition if it is mixed."""
    is_raw = not any(system.glob(_COORD))
    is_labelled = (system / "energy.raw").is_file() if is_raw else any(system.glob("set.*/energy.npy"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if any(system.glob("set.*/real_atom_types.npy")):
            mixed = dpdata.MultiSystems().load_systems_from_file(
                str(system), fmt="deepmd/npy/mixed", labeled=is_labelled
            )
            return [one.data for one in mixed]
        kind = dpdata.LabeledSystem if is_labelled else dpdata.System
        return [kind(str(system), fmt="deepmd/raw" if is_raw else "deepmd/npy").data]


def _check(atoms: Atoms, frame: int) -> None:
    missing = [
        in_words(name, value)
        for name, value in (("energy", atoms_energy(atoms)), ("forces", atoms_forces(atoms)))
        if value is None or not is_finite(value)
    ]
    if missing:
        raise ValueError(
            f"{frame_name(atoms, frame)}: expected energy and forces, which DeePMD-kit trains on, got no "
            f"{' and no '.join(missing)}"
        )
    if atoms.pbc.any() and not atoms.pbc.all():
        raise ValueError(
            f"{frame_name(atoms, frame)}: expected all directions periodic or none, as in DeePMD-kit, "
            f"got pbc {' '.join('FT'[int(p)] for p in atoms.pbc)}"
        )


def _data(frames: list[Atoms], names: list[str]) -> dict:
    """Return frames of the same elements as the data of a labelled system of dpdata."""
    first = frames[0]
    types = np.array([names.index(symbol) for symbol in first.get_chemical_symbols()])
    data = {
        "atom_names": names,
        "atom_numbs": np.bincount(types, minlength=len(names)).tolist(),
        "atom_types": types,
        "orig": np.zeros(3),
        "cells": np.array([atoms.cell.array for atoms in frames]),
        "coords": np.array([atoms.positions for atoms in frames]),
        "energies": np.array([atoms_energy(atoms) for atoms in frames]),
        "forces": np.array([atoms_forces(atoms) for atoms in frames]),
    }
    if not first.pbc.any():
        data["nopbc"] = True
    elif (virials := [frame_virial(atoms) for atoms in frames])[0] is not None:
        data["virials"] = np.array(virials)
    return data


def _names(formula: str) -> Iterable[str]:
    return itertools.chain([formula], (f"{formula}.{i}" for i in itertools.count(1)))


def _notes(frames: Sequence[Atoms] | Mapping[int, Atoms], chosen: list[int]) -> list[str]:
    """Return notes about what the folders do not hold."""
    notes = []
    without = [i for i in chosen if not (frames[i].pbc.all() and frame_virial(frames[i]) is not None)]
    if without:
        notes.append(
            f"{plural(len(without), 'frame')} without virial (frames {format_ranges(sorted(without)):.60})."
        )
    contradicted = [i for i in chosen if frames[i].pbc.all() and is_contradicted(frames[i])]
    if contradicted:
        notes.append(f"{contradiction(contradicted)}; the virial is written.")
    lost = {
        key
        for i in chosen
        for key, value in (*frames[i].info.items(), *frames[i].arrays.items())
        if key not in (*_OF_STRUCTURE, "energy") and not _is_written(frames[i], str(key), value)
    }
    if lost:
        shown = ", ".join(sorted(map(str, lost)))
        notes.append(f"DeePMD's folders hold energy, forces and virial only; not written: {shown:.100}.")
    return notes


def _is_written(atoms: Atoms, key: str, value: Any) -> bool:
    """Return whether a label is the energy, forces, stress or virial of a frame under another name."""
    if label_keys(ENERGY, [key]):
        return is_energy(value) and float(value) == atoms_energy(atoms)
    if atoms.pbc.all() and key in labels_of_stress(atoms) and is_stress(value):
        # The virial is written, from the label of highest precedence.
        return True
    forces = atoms_forces(atoms)
    return bool(label_keys(FORCES, [key])) and forces is not None and np.array_equal(value, forces)
