"""Formats other than xyz, read by ASE: only such as hold nothing but data.

ASE takes the end of a name for a format where it knows none, and some of its formats unpickle, start programs
or ask a database server. What is not in `FORMATS` is never opened.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

import ase.db
import ase.io
from ase import Atoms
from ase.io.formats import UnknownFileTypeError, filetype

from ..utils import scratch
from ..utils.regular import check_regular
from .announced import check_announced
from .compressed import plain_name, read_bytes
from .format_fillers import drop_fillers, read_pdb
from .reading_notes import ReadingNotes
from .xyz_file import read_xyz

# Each reader was looked through: text, JSON, ASE's own binary "ulm", or SQLite; none of it calls anything.
FORMATS = frozenset(
    (
        "abinit-out", "aims", "aims-output", "cfg", "cif", "cjson",
        "cp2k-dcd", "cube", "db", "dftb", "dlp-history", "dlp4", "dmol-arc", "dmol-car", "dmol-incoor",
        "eon", "espresso-in", "espresso-out", "extxyz", "gaussian-out",
        "gen", "gpaw-out", "gpumd", "gromacs", "gromos", "json", "lammps-data", "lammps-dump-binary",
        "lammps-dump-text", "magres", "mol", "nwchem-in", "nwchem-out", "onetep-in", "onetep-out",
        "orca-output", "proteindatabank", "qbox", "res", "rmc6f", "runnerdata", "sdf", "siesta-xv",
        "struct", "struct_out", "traj", "turbomole", "turbomole-gradient", "v-sim", "vasp", "vasp-out",
        "vasp-xdatcar", "vasp-xml", "xsd", "xsf", "xtd", "xyz",
    )
)  # fmt: skip


def read_with_ase(path: Path, notes: ReadingNotes | None = None) -> list[Atoms]:
    """Return all frames of a file that is no xyz file; a ValueError where it cannot be read."""
    folder, notes = str(path.parent), notes or ReadingNotes()
    try:
        if plain_name(path.name) == path.name:
            return _read(path, notes)
        # ASE would seek in the compressed stream, which takes minutes.
        with scratch.temporary("plain-") as name:
            folder = name
            plain = Path(folder, path.stem)
            plain.write_bytes(read_bytes(path))
            return _read(plain, notes)
    except UnknownFileTypeError as error:
        raise ValueError(f"{path.name}: cannot be read: its format is not known") from error
    except Exception as error:
        # Whatever it was that ASE could not digest.
        why = one_line_message(error).replace(f"{folder}{os.sep}", "")
        raise ValueError(f"{path.name}: cannot be read: {why}") from error


def _read(path: Path, notes: ReadingNotes) -> list[Atoms]:
    check_regular(path)
    found = filetype(str(path))
    if found not in FORMATS:
        raise ValueError(f"the format {found[:40]!r} is none of those that are opened here")
    if found == "db":
        _check_tables(path)
        with ase.db.connect(path, type="db", serial=True) as database:
            return database_frames(database)
    if found in ("xyz", "extxyz"):
        return read_xyz(path, None, notes)
    if found == "proteindatabank":
        return read_pdb(path, notes)
    frames = list(ase.io.iread(path, format=found, do_not_split_by_at_sign=True))
    check_announced(path, found, frames)
    drop_fillers(frames, path, found, notes)
    return frames


def _check_tables(path: Path) -> None:
    """Refuse a database in which something else than a table answers: a view may never end."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for (kind,) in database.execute("SELECT DISTINCT type FROM sqlite_master"):
            if kind not in ("table", "index"):
                raise ValueError(f"expected a database of tables, got a {kind} in it")


def database_frames(database) -> list[Atoms]:
    """Return all frames of an ASE database, each with its row's key-value pairs in its info."""
    frames = []
    # Without a context, ASE leaves connections open.
    unconnected = getattr(database, "connection", False) is None
    with database if unconnected else contextlib.nullcontext():
        for row in database.select():
            atoms = row.toatoms()
            atoms.info.update(row.key_value_pairs)
            frames.append(atoms)
    return frames


def one_line_message(error: Exception) -> str:
    """Return what an error says, in one line that is not too long."""
    text = " ".join(str(error).split())
    return f"{text:.200}" if text else type(error).__name__
