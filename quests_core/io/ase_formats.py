"""Read formats other than xyz by ASE, restricted to formats that contain only data.

Some of ASE's formats unpickle objects, start programs or connect to a database server, and ASE may choose
them by the suffix of a file. Formats that are not in `FORMATS` are never opened.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import ase.db
import ase.io
from ase import Atoms
from ase.io.formats import UnknownFileTypeError, filetype

from ..utils import scratch
from ..utils.regular import check_regular
from .announced import check_announced
from .ase_database import ASELMDB, connected_lmdb, iread_database
from .colabfit_parquet import frames_of_parquet, is_parquet
from .compressed import plain_name, read_bytes
from .format_fillers import drop_fillers, read_pdb
from .lammps_dump import FORMAT as DUMP
from .lammps_dump import read_dump
from .program_outputs import FORMATS as OUTPUTS
from .program_outputs import read_output
from .reading_notes import ReadingNotes
from .xyz_file import read_xyz

# Each reader was reviewed: it reads text, JSON, ASE's binary format "ulm" or SQLite, and executes nothing.
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

_HEAD = 1000


def read_with_ase(path: Path, notes: ReadingNotes | None = None) -> list[Atoms]:
    """Return all frames of a file in a format other than xyz; raise a ValueError if it cannot be read."""
    return list(iread_with_ase(path, notes))


def iread_with_ase(
    path: Path,
    notes: ReadingNotes | None = None,
    n_skipped: int = 0,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[Atoms]:
    """Yield the frames of a file in a format other than xyz, without the first `n_skipped`.

    A database of ASE and a Parquet file are read row by row; other formats, and compressed files, as a whole.
    `on_read` is called with the number of bytes of the file that were read so far, where that is known.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """
    folder, notes = str(path.parent), notes or ReadingNotes()
    try:
        if plain_name(path.name) == path.name:
            yield from _iread(path, notes, n_skipped, on_read)
            return
        # Decompressed first, because ASE seeks in the file, which takes minutes in a compressed stream.
        with scratch.temporary("plain-") as name:
            folder = name
            plain = Path(folder, path.stem)
            plain.write_bytes(read_bytes(path))
            yield from _iread(plain, notes, n_skipped, None)
    except UnknownFileTypeError as error:
        raise ValueError(
            f"{path.name}: cannot be read: unknown format; expected extxyz or a format of ASE"
        ) from error
    except Exception as error:
        # ASE's readers raise many kinds of errors.
        why = one_line_message(error).replace(f"{folder}{os.sep}", "").removeprefix(f"{path.name}: ")
        raise ValueError(f"{path.name}: cannot be read: {why}") from error


def _iread(
    path: Path, notes: ReadingNotes, n_skipped: int, on_read: Callable[[int], None] | None
) -> Iterator[Atoms]:
    check_regular(path)
    size = path.stat().st_size

    def on_row(done: int, total: int) -> None:
        if on_read is not None:
            on_read(size * done // max(1, total))

    if is_parquet(path.name):
        yield from frames_of_parquet(path, on_row, n_skipped, notes.about(None))
    elif path.suffix.lower() == ASELMDB:
        with connected_lmdb(path) as database:
            yield from iread_database(database, n_skipped, on_row)
    elif _format(path) == "db":
        _check_tables(path)
        with ase.db.connect(path, type="db", serial=True) as database:
            yield from iread_database(database, n_skipped, on_row)
    else:
        yield from _read(path, notes)[n_skipped:]


def _format(path: Path) -> str:
    found = filetype(str(path))
    if found not in FORMATS:
        raise ValueError(f"unsupported format {found[:40]!r}; expected extxyz or a structure format of ASE")
    return found


def _read(path: Path, notes: ReadingNotes) -> list[Atoms]:
    found = _format(path)
    if found in ("xyz", "extxyz"):
        return read_xyz(path, None, notes)
    if found == "cfg":
        _check_atomeye(path)
    if found == "proteindatabank":
        return read_pdb(path, notes)
    if found == DUMP:
        return read_dump(path, notes)
    if found in OUTPUTS:
        return read_output(path, found, notes)
    frames = list(ase.io.iread(path, format=found, do_not_split_by_at_sign=True))
    check_announced(path, found, frames)
    drop_fillers(frames, path, found, notes)
    if not frames:
        notes.about(None)(f"it was read in ASE's format {found!r}")
    return frames


def _check_atomeye(path: Path) -> None:
    with path.open("rb") as file:
        if b"BEGIN_CFG" in file.read(_HEAD):
            raise ValueError("the .cfg of MTP is not supported; convert it to extxyz")


def _check_tables(path: Path) -> None:
    """Raise a ValueError if a database contains views, triggers or the like: reading a view may never end."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for (kind,) in database.execute("SELECT DISTINCT type FROM sqlite_master"):
            if kind not in ("table", "index"):
                raise ValueError(f"expected a database of tables, got a {kind} in it")


def one_line_message(error: Exception) -> str:
    """Return the message of an error as one line of limited length, or else the name of its type."""
    text = " ".join(str(error).split())
    return f"{text:.200}" if text else type(error).__name__
