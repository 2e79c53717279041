"""What ASE's readers of other formats put in where a file says nothing: dropped, or told.

- LAMMPS dumps: the energy 0.0 beside forces is dropped. That elements are H, He, … for types 1, 2, …, or
  guessed from masses, is told; also for LAMMPS data files without masses.
- GPUMD, GROMACS, GROMOS: that elements are guessed is told. CP2K's DCD: that they are unknown is.
- PDB: the frame without atoms behind the last ``END`` is dropped, and so is the cell of 1 Å that stands for
  none. The cell before the first model holds for all, and a last model without ``END`` counts. That elements
  are guessed from names is told.
"""

import io
from pathlib import Path

import ase.io
from ase import Atoms

from .reading_notes import ReadingNotes

_NO_ENERGY = ("lammps-dump-text", "lammps-dump-binary")
_GUESSED = {
    "lammps-dump-binary": "the file names no elements: its types 1, 2, … stand as H, He, …",
    "gpumd": "the elements are guessed from the masses",
    "cp2k-dcd": "the file names no elements: every atom stands as X; the cell is not read",
    "gromacs": "the elements are guessed from the names of the atoms",
    "gromos": "the elements are guessed from the names of the atoms",
}
_ATOM = ("ATOM", "HETATM")


def drop_fillers(frames: list[Atoms], path: Path, format: str, notes: ReadingNotes) -> None:
    """Take out of frames what their reader made up, and tell the rest."""
    if format in _NO_ENERGY:
        for atoms in frames:
            getattr(atoms.calc, "results", {}).pop("energy", None)
    if format == "lammps-dump-text":
        _tell_elements_of_dump(path, notes)
    if format == "lammps-data" and b"\nMasses" not in path.read_bytes():
        notes.about(None)(_GUESSED["lammps-dump-binary"])
    if format in _GUESSED:
        notes.about(None)(_GUESSED[format])


def _tell_elements_of_dump(path: Path, notes: ReadingNotes) -> None:
    frame = -1
    with path.open("rb") as file:
        for line in file:
            if not line.startswith(b"ITEM: ATOMS"):
                continue
            frame += 1
            columns = line.split()[2:]
            if b"element" not in columns:
                by_mass = "the elements are guessed from the masses"
                notes.about(frame)(by_mass if b"mass" in columns else _GUESSED["lammps-dump-binary"])


def read_pdb(path: Path, notes: ReadingNotes) -> list[Atoms]:
    """Return the models of a PDB file, each with the cell that stands before it or before an earlier one."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return list(ase.io.iread(io.StringIO("\n".join(_mended(lines, notes))), format="proteindatabank"))


def _mended(lines: list[str], notes: ReadingNotes) -> list[str]:
    """Return the lines of a PDB file so that ASE finds all its models, with their cells, and nothing else."""
    mended: list[str] = []
    cell, n_atoms, frame = "", 0, 0
    for line in lines:
        if line.startswith("CRYST1"):
            cell = "" if _stands_for_none(line) else line
            if not cell:
                notes.about(None)("the cell of 1 Å stands for none, and is dropped")
        elif line.startswith("END"):
            if n_atoms:
                mended.append("ENDMDL")
            frame, n_atoms = frame + bool(n_atoms), 0
        elif line.startswith(_ATOM):
            if not n_atoms and cell:
                mended.append(cell)
            n_atoms += 1
            if not line[76:78].strip():
                notes.about(frame)("elements are guessed from the names of atoms")
            mended.append(line)
        else:
            mended.append(line)
    if n_atoms:
        mended.append("ENDMDL")
    return mended


def _stands_for_none(line: str) -> bool:
    """Say whether a CRYST1 record is that of a structure that is no crystal: three lengths of 1 Å."""
    try:
        return [float(line[i : i + 9]) for i in (6, 15, 24)] == [1.0, 1.0, 1.0]
    except ValueError:
        return False
