"""Read outputs of pw.x and VASP: the frames whose electronic cycle has converged.

ASE returns frames that have not converged for VASP, and fails at them for pw.x. A calculation that stopped
before its first result has no frames, which is no error here: the reason is noted.
"""

import io
import re
from pathlib import Path

import ase.io
from ase import Atoms
from ase.io import ParseError

from ..utils.plural import plural
from .reading_notes import ReadingNotes

FORMATS = frozenset(("espresso-out", "vasp-out", "vasp-xml"))
_PROGRAMS = {"espresso-out": "pw.x", "vasp-out": "VASP", "vasp-xml": "VASP"}
_NOT_CONVERGED = "convergence NOT achieved"
# Lines at which ASE reads eigenvalues, which pw.x also prints, in part, where it has not converged.
_BANDS = re.compile(r"End of (?:self-consistent|band structure) calculation")
_LOOP, _IS_REACHED = b" aborting loop ", b"EDIFF is reached"
# The most electronic steps of a cycle, one of them, and the end of a calculation in vasprun.xml.
_CYCLE = re.compile(r'name="NELM">\s{0,40}(\d{1,9})|<(scstep)>|</calculation>')


def read_output(path: Path, kind: str, notes: ReadingNotes) -> list[Atoms]:
    r"""Return the converged frames of an output, possibly none; `kind` is one of `FORMATS`.

    Examples
    --------
    >>> import tempfile
    >>> path, notes = Path(tempfile.mkdtemp(), "pw.out"), ReadingNotes()
    >>> _ = path.write_text("     Program PWSCF v.7.2 starts on  1Jan2026\n")
    >>> read_output(path, "espresso-out", notes), notes.sentences()
    ([], ['it was read as an output of pw.x, and holds no result'])
    """
    frames, n_left_out = _READERS[kind](path)
    if n_left_out:
        notes.about(None)(
            f"{plural(n_left_out, 'frame')} whose self-consistent cycle has not converged "
            f"{'is' if n_left_out == 1 else 'are'} left out"
        )
    elif not frames:
        notes.about(None)(f"it was read as an output of {_PROGRAMS[kind]}, and holds no result")
    return frames


def _read_espresso(path: Path) -> tuple[list[Atoms], int]:
    text = path.read_text(encoding="utf-8", errors="replace")
    n_left_out = text.count(_NOT_CONVERGED)
    if n_left_out:
        text = "\n".join(line for line in text.splitlines() if not _BANDS.search(line))
    frames = list(ase.io.iread(io.StringIO(text), format="espresso-out"))
    if n_left_out:
        # Only the energy of a converged cycle is marked by "!", by which ASE finds it.
        frames = [atoms for atoms in frames if atoms.calc.results.get("energy") is not None]
    return frames, n_left_out


def _read_outcar(path: Path) -> tuple[list[Atoms], int]:
    try:
        frames = list(ase.io.iread(path, format="vasp-out", do_not_split_by_at_sign=True))
    except ParseError:
        # ASE's error for a file that ends before the first step.
        frames = []
    with path.open("rb") as file:
        # One line a step.
        return _kept(frames, [_IS_REACHED in line for line in file if _LOOP in line])


def _kept(frames: list[Atoms], converged: list[bool]) -> tuple[list[Atoms], int]:
    """Return the converged frames of VASP, and the number of others; all, if their steps are not known."""
    # The last step may lack its results.
    if not 0 <= len(converged) - len(frames) <= 1:
        return frames, 0
    kept = [atoms for atoms, is_converged in zip(frames, converged, strict=False) if is_converged]
    return kept, len(frames) - len(kept)


def _read_vasprun(path: Path) -> tuple[list[Atoms], int]:
    frames: list[Atoms] = []
    try:
        frames.extend(ase.io.iread(path, format="vasp-xml", do_not_split_by_at_sign=True))
    except SyntaxError:
        # The XML parser failed: the file ends before the first step. Of a later end, ASE returns the steps
        # before it.
        with path.open("rb") as file:
            if not any(b"<modeling>" in line for line in file):
                raise
    # Before the first step, ASE returns the initial structure.
    frames = [atoms for atoms in frames if getattr(atoms.calc, "results", {}).get("energy") is not None]
    return _kept(frames, _are_below_nelm(path))


def _are_below_nelm(path: Path) -> list[bool]:
    """Return for each calculation of a vasprun.xml whether its cycle ended before the last step allowed.

    The file does not say what has converged. With NELM = 1, as in calculations at fixed orbitals,
    nothing is known.
    """
    most, n, found = 0, 0, []
    with path.open(encoding="latin-1") as file:
        for match in (match for line in file for match in _CYCLE.finditer(line)):
            if match[1]:
                most = int(match[1])
            elif match[2]:
                n += 1
            else:
                found.append(most <= 1 or n < most)
                n = 0
    # ASE also returns a last calculation whose end is missing, if its results are there.
    return [*found, most <= 1 or n < most] if n else found


_READERS = {"espresso-out": _read_espresso, "vasp-out": _read_outcar, "vasp-xml": _read_vasprun}
