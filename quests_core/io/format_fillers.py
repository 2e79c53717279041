"""Drop, or report in notes, values that ASE's readers invent if a file lacks them.

- Binary LAMMPS dumps: the energy 0.0 next to forces is dropped. Elements H, He, … for types 1, 2, … are
  reported; also for LAMMPS data files without masses. Text dumps: see `lammps_dump`.
- GPUMD, GROMACS, GROMOS: guessed elements are reported. CP2K's DCD: unknown elements are reported.
- PDB: the empty frame after the last ``END`` is dropped, and so is the placeholder cell of 1 Å. The cell
  before the first model applies to all models, and a last model without ``END`` is read. Elements guessed
  from atom names are reported.
"""

import io
from pathlib import Path

import ase.io
from ase import Atoms

from .lammps_dump import MASSES, TYPES
from .reading_notes import ReadingNotes

_BINARY_DUMP = "lammps-dump-binary"
_GUESSED = {
    _BINARY_DUMP: TYPES,
    "gpumd": MASSES,
    "cp2k-dcd": "the file has no elements: every atom is read as X; the cell is not read",
    "gromacs": "elements are guessed from atom names",
    "gromos": "elements are guessed from atom names",
}
_ATOM = ("ATOM", "HETATM")


def drop_fillers(frames: list[Atoms], path: Path, format: str, notes: ReadingNotes) -> None:
    """Remove invented energies from the frames, and add notes on guessed elements."""
    if format == _BINARY_DUMP:
        for atoms in frames:
            getattr(atoms.calc, "results", {}).pop("energy", None)
    if format == "lammps-data" and b"\nMasses" not in path.read_bytes():
        notes.about(None)(TYPES)
    if format in _GUESSED:
        notes.about(None)(_GUESSED[format])


def read_pdb(path: Path, notes: ReadingNotes) -> list[Atoms]:
    """Return the models of a PDB file, each with the last cell before it."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    text = "\n".join(_normalized(lines, notes))
    return list(ase.io.iread(io.StringIO(text), format="proteindatabank"))


def _normalized(lines: list[str], notes: ReadingNotes) -> list[str]:
    """Return the lines of a PDB file such that ASE reads each model once, with its cell."""
    normalized: list[str] = []
    cell, n_atoms, frame = "", 0, 0
    for line in lines:
        if line.startswith("CRYST1"):
            cell = "" if _is_placeholder(line) else line
            if not cell:
                notes.about(None)("the placeholder cell of 1 Å is dropped")
        elif line.startswith("END"):
            if n_atoms:
                normalized.append("ENDMDL")
            frame, n_atoms = frame + bool(n_atoms), 0
        elif line.startswith(_ATOM):
            if not n_atoms and cell:
                normalized.append(cell)
            n_atoms += 1
            if not line[76:78].strip():
                notes.about(frame)("elements are guessed from atom names")
            normalized.append(line)
        else:
            normalized.append(line)
    if n_atoms:
        normalized.append("ENDMDL")
    return normalized


def _is_placeholder(line: str) -> bool:
    """Return whether a CRYST1 record has three lengths of 1 Å, as for structures that are not crystals."""
    try:
        return [float(line[i : i + 9]) for i in (6, 15, 24)] == [1.0, 1.0, 1.0]
    except ValueError:
        return False
