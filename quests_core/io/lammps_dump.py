"""Read text dumps of LAMMPS, in the units that they state.

A dump has no energy: the 0.0 that ASE adds next to forces is dropped. Units are stated by a dump that was
written with ``dump_modify units yes``; without, they are taken as those of ``metal``: Å and eV/Å.
"""

from pathlib import Path

import ase.io
from ase import Atoms

from .reading_notes import ReadingNotes

FORMAT = "lammps-dump-text"
TYPES = "the file has no elements: types 1, 2, … are read as H, He, …"
MASSES = "elements are guessed from masses"
_METAL, _REDUCED = "metal", "lj"
# Units of ASE's table.
_CONVERTED = ("real", "si", "cgs", "electron", "micro", "nano")
_UNITS, _COLUMNS = b"ITEM: UNITS", b"ITEM: ATOMS"


def read_dump(path: Path, notes: ReadingNotes) -> list[Atoms]:
    """Return the frames of a text dump, in Å and eV/Å; notes tell of conversions and guessed elements.

    Raises
    ------
    ValueError
        If the dump states units that LAMMPS does not know, or different ones.
    """
    units = _read_head(path, notes)
    if units == _REDUCED:
        notes.about(None)("the reduced units of the dump (lj) are read as Å and eV Å⁻¹")
    elif units in _CONVERTED:
        notes.about(None)(f"positions and forces are converted from the units {units!r} of LAMMPS")
    elif units != _METAL:
        known = ", ".join((_METAL, _REDUCED, *_CONVERTED))
        raise ValueError(f"ITEM: UNITS: expected one of {known}, got {units[:40]!r}")
    frames = list(
        ase.io.iread(
            path,
            format=FORMAT,
            do_not_split_by_at_sign=True,
            units=_METAL if units == _REDUCED else units,
        )
    )
    for atoms in frames:
        getattr(atoms.calc, "results", {}).pop("energy", None)
    return frames


def _read_head(path: Path, notes: ReadingNotes) -> str:
    """Return the units of a dump, by default those of metal; note frames without elements."""
    frame, units = -1, set()
    with path.open("rb") as file:
        for line in file:
            if line.startswith(_UNITS):
                units.add(next(file, b"").strip().decode("utf-8", "replace"))
            elif line.startswith(_COLUMNS):
                frame += 1
                columns = line.split()[2:]
                if b"element" not in columns:
                    notes.about(frame)(MASSES if b"mass" in columns else TYPES)
    if len(units) > 1:
        raise ValueError(
            f"ITEM: UNITS: expected the same units throughout, got {', '.join(sorted(units))[:80]}"
        )
    return units.pop() if units else _METAL
