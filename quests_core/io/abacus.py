"""Read the folders of calculations with ABACUS through the package dpdata."""

import contextlib
import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path

from ase import Atoms

from .ase_formats import one_line_message
from .dpdata_frames import frames_of, load_dpdata, name_within
from .reading_notes import ReadingNotes

_INPUT, _LOGS = "INPUT", "OUT.*/running_*.log"
# Readers of dpdata by the value of ``calculation`` in INPUT.
_READERS = {"scf": "abacus/scf", "md": "abacus/md", "relax": "abacus/relax", "cell-relax": "abacus/relax"}


def is_abacus_folder(path: str | os.PathLike) -> bool:
    """Return whether a path is a folder with calculations of ABACUS."""
    return os.path.isdir(path) and bool(_runs(Path(path)))


def read_abacus(folder: str | os.PathLike, notes: ReadingNotes | None = None) -> list[Atoms]:
    """Return the converged frames of all calculations with ABACUS in a folder.

    Single points, molecular dynamics and relaxations are read. What has not converged, and calculations of
    other kinds, are left out and noted.

    Parameters
    ----------
    folder : str or path-like
        A calculation, with ``INPUT``, the structure and ``OUT.*``, or a folder with calculations at any
        depth, which are read in the order of their names.
    notes : ReadingNotes, optional
        Notes for the user are added.

    Returns
    -------
    list of ase.Atoms
        With the folder of the calculation in ``info["source"]``. Energy, eV, forces, eV/Å, and stress,
        eV/Å³, are those of the calculator, as far as they were computed.

    Raises
    ------
    ImportError
        If dpdata is not installed.
    FileNotFoundError, ValueError
        If there is no calculation, one cannot be read, or none has converged; the message names it.
    """
    folder, notes = Path(folder), notes or ReadingNotes()
    load_dpdata("folders of ABACUS")
    runs = _runs(folder)
    if not runs:
        raise FileNotFoundError(f"{folder}: no calculation with ABACUS, which has {_INPUT} and {_LOGS}")
    frames: list[Atoms] = []
    for run in runs:
        name = name_within(folder, run)
        try:
            frames += _read_run(run, name, notes.about(None))
        except Exception as error:
            # dpdata and numpy raise many kinds of errors.
            why = one_line_message(error).replace(f"{run}{os.sep}", "")
            raise ValueError(f"{name}: cannot be read by dpdata: {why}") from error
    if not frames:
        raise ValueError(f"{folder.absolute().name}: no calculation with ABACUS that has converged")
    return frames


def _runs(folder: Path) -> list[Path]:
    found = (Path(where) for where, _, files in os.walk(folder) if _INPUT in files)
    return sorted(path for path in found if any(path.glob(_LOGS)))


def _read_run(run: Path, name: str, note: Callable[[str], None]) -> list[Atoms]:
    kind = _calculation(run / _INPUT)
    if kind not in _READERS:
        note(f"{name}: calculations of the kind {kind[:40]!r} are not read")
        return []
    dpdata = load_dpdata("folders of ABACUS")
    # It prints which files it does not find, and warns of frames that it leaves out.
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        data = dpdata.LabeledSystem(str(run), fmt=_READERS[kind]).data
    if any("unconverged" in str(one.message) for one in caught) or not len(data["coords"]):
        note(f"{name}: frames whose calculation has not converged are left out")
    return frames_of(data, name) if len(data["coords"]) else []


def _calculation(path: Path) -> str:
    """Return the kind of a calculation, by default a single point."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split("#")[0].split()
        if len(words) > 1 and words[0].lower() == "calculation":
            return words[1].lower()
    return "scf"
