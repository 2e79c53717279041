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
_STATED = "ITEM: UNITS"
_ITEM, _UNITS, _NUMBER, _COLUMNS = b"ITEM:", _STATED.encode(), b"ITEM: NUMBER OF ATOMS", b"ITEM: ATOMS"


def read_dump(path: Path, notes: ReadingNotes) -> list[Atoms]:
    """Return the frames of a text dump, in Å and eV/Å; notes tell of conversions and guessed elements.

    Raises
    ------
    ValueError
        If the dump states units that LAMMPS does not know, or different ones, or a frame but the last one,
        which a run that is killed leaves incomplete, has another number of atoms than announced.
    """
    units, n_atoms = _read_heads(path, notes)
    n_frames = _complete(n_atoms, notes)
    if units == _REDUCED:
        notes.about(None)("the reduced units of the dump (lj) are read as Å and eV Å⁻¹")
    elif units in _CONVERTED:
        notes.about(None)(f"positions and forces are converted from the units {units!r} of LAMMPS")
    elif units != _METAL:
        known = ", ".join((_METAL, _REDUCED, *_CONVERTED))
        raise ValueError(f"{_STATED}: expected one of {known}, got {units[:40]!r}")
    frames = list(
        ase.io.iread(
            path,
            slice(n_frames),
            format=FORMAT,
            do_not_split_by_at_sign=True,
            units=_METAL if units == _REDUCED else units,
        )
    )
    for i, (atoms, (announced, _)) in enumerate(zip(frames, n_atoms, strict=False)):
        if len(atoms) != announced:
            raise _missing(i, announced, len(atoms))
        getattr(atoms.calc, "results", {}).pop("energy", None)
    return frames


def _read_heads(path: Path, notes: ReadingNotes) -> tuple[str, list[tuple[int, int]]]:
    """Return the units of a dump, by default those of metal, and the atoms announced and found in each frame.

    Frames without elements are noted.
    """
    units: set[str] = set()
    n_atoms: list[tuple[int, int]] = []
    announced, found, is_atoms, columns = 0, 0, False, list[bytes]()
    with path.open("rb") as file:
        for line in file:
            if not line.startswith(_ITEM):
                # The last line may have been cut.
                found += is_atoms and len(line.split()) == len(columns)
                continue
            if is_atoms:
                n_atoms.append((announced, found))
            found, is_atoms = 0, line.startswith(_COLUMNS)
            if line.startswith(_UNITS):
                units.add(next(file, b"").strip().decode("utf-8", "replace"))
            elif line.startswith(_NUMBER):
                announced = int(next(file, b"0").strip() or b"0")
            elif is_atoms:
                columns = line.split()[2:]
                if b"element" not in columns:
                    notes.about(len(n_atoms))(MASSES if b"mass" in columns else TYPES)
    n_atoms.append((announced, found if is_atoms else -1))
    if len(units) > 1:
        raise ValueError(
            f"{_STATED}: expected the same units throughout, got {', '.join(sorted(units))[:80]}"
        )
    return (units.pop() if units else _METAL), n_atoms


def _missing(frame: int, announced: int, found: int) -> ValueError:
    return ValueError(f"frame {frame}: {announced:,} atoms are announced, {found:,} found")


def _complete(n_atoms: list[tuple[int, int]], notes: ReadingNotes) -> int:
    """Return the number of frames to read: without a last one, after others, that is incomplete and noted."""
    for i, (announced, found) in enumerate(n_atoms):
        if announced == found:
            continue
        if i < len(n_atoms) - 1:
            raise _missing(i, announced, found)
        if i == 0:
            return 1
        notes.about(i)("the last frame is incomplete and left out")
        return i
    return len(n_atoms)
