"""Frames from the data of the package dpdata, which is imported only here."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers
from ase.stress import full_3x3_to_voigt_6_stress

from .pool import SOURCE


def load_dpdata(what: str) -> Any:
    """Return the module dpdata; raise an ImportError that says what needs it and how to get it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import dpdata
    except ImportError:
        raise ImportError(f'{what} need dpdata: pip install "quests-explorer[dpdata]"') from None
    return dpdata


def name_within(folder: Path, path: Path) -> str:
    """Return the name of a folder relative to another, whose own name is used for itself.

    Examples
    --------
    >>> name_within(Path("data"), Path("data/a/b")), name_within(Path("data"), Path("data"))
    ('a/b', 'data')
    """
    return folder.absolute().name if path == folder else path.relative_to(folder).as_posix()


def frames_of(data: dict, source: str) -> list[Atoms]:
    """Return the frames of a system of dpdata, with `source` in ``info["source"]``.

    Energy, eV, and forces, eV/Å, are those of the calculator; with virials W, eV, and a volume V, also the
    stress −W/V, eV/Å³.
    """
    names = data["atom_names"]
    if unknown := [name for name in names if not atomic_numbers.get(name)]:
        raise ValueError(f"type_map.raw: expected symbols of elements, got {unknown[0]!r}")
    symbols = [names[kind] for kind in data["atom_types"]]
    is_periodic = not data.get("nopbc", False)
    frames = []
    for i, positions in enumerate(data["coords"]):
        cell = data["cells"][i] if is_periodic else None
        atoms = Atoms(symbols, positions, cell=cell, pbc=is_periodic, info={SOURCE: source})
        results: dict[str, Any] = {}
        if len(data.get("energies", ())):
            results["energy"] = float(data["energies"][i])
        if len(data.get("forces", ())):
            results["forces"] = np.array(data["forces"][i], dtype=np.float64)
        if len(data.get("virials", ())) and is_periodic:
            virial = np.asarray(data["virials"][i], dtype=np.float64)
            results["stress"] = full_3x3_to_voigt_6_stress(-virial / atoms.cell.volume)
        if results:
            atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    return frames
