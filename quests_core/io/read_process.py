"""Read files of formats other than xyz in a separate process, with limits on time and memory.

ASE's readers trust the sizes that a file announces: a header of a few bytes can keep one busy for hours. The
process returns numbers and text only, never a pickle, in which a compromised reader could return code.
"""

import atexit
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_properties
from ase.calculators.singlepoint import SinglePointCalculator

from ..progress import ProgressCallback
from ..utils import memory, scratch
from ..utils.child import Child, ChildError
from ..utils.regular import check_regular
from .ase_formats import read_with_ase
from .labels import use_labels
from .program_folders import folder_files, is_program_folder, read_folder
from .read import checked_frames, read
from .reading_notes import ReadingNotes
from .xyz_checks import is_extxyz

STEP = "reading"
# Time limit: a constant, plus a term per MB, and a maximum; ASE's slowest readers take 1 s per MB.
SECONDS, SECONDS_PER_MB, MOST_SECONDS = 30.0, 5.0, 900.0
# Limit as a fraction of the free memory, in which the frames are temporarily stored twice.
MEMORY_SHARE = 0.4
_PATH, _NUMBERS, _TEXT, _NOTES = "path", "numbers", "frames.json", "notes.json"
_LONGEST_NOTES = 100_000
_PLAIN = "biufcUS"
_reader = Child(f"{__name__}:read_in_child", {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})


def read_in_process(
    path: str | os.PathLike,
    progress: ProgressCallback | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    notes: list[str] | None = None,
) -> list[Atoms]:
    """Read a file or folder as `quests_core.read` does, but formats other than xyz in another process.

    The process is killed if `progress` raises an exception, if reading takes longer than 30 s plus 5 s per
    MB, and, on Linux, if it needs more than 40 % of the free memory. Results of calculators are kept;
    constraints are not.

    Parameters
    ----------
    path : str or path-like
        The file, or a folder of DeePMD-kit or ABACUS.
    progress : callable, optional
        See `quests_core.progress`.
    energy_key, forces_key, notes
        See `quests_core.read`.

    Returns
    -------
    list of ase.Atoms
        At least one frame; each has atoms, finite positions and a usable cell.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file cannot be used, or reading it exceeds the limits.

    Examples
    --------
    >>> import tempfile
    >>> from ase.build import bulk
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bulk("Cu").write(Path(folder, "copper.cif"))
    ...     [str(atoms.symbols) for atoms in read_in_process(Path(folder, "copper.cif"))]
    ['Cu']
    """
    path = Path(path)
    if is_program_folder(path):
        size = sum(file.stat().st_size for file in folder_files(path))
    else:
        check_regular(path)
        if is_extxyz(path):
            return read(path, progress, energy_key, forces_key, notes)
        size = path.stat().st_size
    free = memory.available()
    seconds = min(MOST_SECONDS, SECONDS + SECONDS_PER_MB * size / 1e6)
    with scratch.temporary("read-") as name:
        folder = Path(name)
        (folder / _PATH).write_text(str(path.absolute()), encoding="utf-8")
        try:
            _reader.run(folder, progress, STEP, seconds, None if free is None else int(MEMORY_SHARE * free))
        except ChildError as error:
            text = str(error)
            # Messages of the reader already begin with the name.
            raise ValueError(text if text.startswith(path.name) else f"{path.name}: {text}") from None
        found = ReadingNotes()
        for sentence in _load_notes(folder):
            found.about(None)(sentence)
        frames = checked_frames(load_frames(folder), path.name, found)
    use_labels(frames, path.name, found, energy_key, forces_key)
    if notes is not None:
        notes += found.sentences()
    return frames


@atexit.register
def close() -> None:
    """Kill the reading process; the next call starts another."""
    _reader.close()


def read_in_child(folder: Path) -> None:
    """Read the file whose path is stored in `folder`, and write its frames to the folder."""
    notes = ReadingNotes()
    # Temporary files of this process are deleted with the folder, even if it is killed.
    scratch.use(folder)
    path = Path((folder / _PATH).read_text(encoding="utf-8"))
    save_frames(read_folder(path, notes) if path.is_dir() else read_with_ase(path, notes), folder)
    (folder / _NOTES).write_text(json.dumps(notes.sentences()), encoding="utf-8")


def _load_notes(folder: Path) -> list[str]:
    with (folder / _NOTES).open(encoding="utf-8") as file:
        found = json.loads(file.read(_LONGEST_NOTES))
    return [str(sentence) for sentence in found]


def save_frames(frames: list[Atoms], folder: Path) -> None:
    """Write frames to a folder: arrays as raw bytes in one file, all else as JSON."""
    with (folder / _NUMBERS).open("wb") as file:

        def written(value):
            if isinstance(value, np.ndarray) and value.dtype.kind == "O":
                return value.tolist() if all(isinstance(one, str) for one in value.flat) else None
            if isinstance(value, np.ndarray) and value.dtype.kind in _PLAIN:
                start = file.tell()
                file.write(np.ascontiguousarray(value).tobytes())
                return {"array": [value.dtype.str, list(value.shape), start]}
            if isinstance(value, np.generic):
                return written(value.item())
            if isinstance(value, list | tuple):
                return [written(one) for one in value]
            if isinstance(value, Mapping):
                items = [[str(key), one, written(one)] for key, one in value.items()]
                # Objects of ASE, such as space groups, are dropped.
                return {"items": [[key, new] for key, old, new in items if old is None or new is not None]}
            return value if isinstance(value, str | int | float | bool) else None

        texts = [{name: written(value) for name, value in _parts(atoms)} for atoms in frames]
    (folder / _TEXT).write_text(json.dumps(texts), encoding="utf-8")


def _parts(atoms: Atoms) -> Iterator[tuple[str, object]]:
    yield "arrays", atoms.arrays
    yield "cell", atoms.cell.array
    yield "pbc", atoms.pbc
    yield "info", atoms.info
    results = getattr(atoms.calc, "results", {})
    yield "results", {name: results[name] for name in all_properties if results.get(name) is not None}


def load_frames(folder: Path) -> list[Atoms]:
    """Return the frames written by `save_frames`; raise a ValueError if the files are invalid."""
    size = sum((folder / name).stat().st_size for name in (_NUMBERS, _TEXT))
    memory.check_fits(3 * size, "loading the frames", "split the file")
    numbers = (folder / _NUMBERS).read_bytes()

    def given(value):
        if isinstance(value, list):
            return [given(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "items" in value:
            return {key: given(one) for key, one in value["items"]}
        kind, shape, start = value["array"]
        kind, shape = np.dtype(kind), tuple(map(int, shape))
        if kind.kind not in _PLAIN or min((start, *shape)) < 0:
            raise ValueError(f"expected an array of numbers or text, got {kind} of shape {shape}")
        if 0 in shape:
            return np.empty(shape, kind)
        return np.frombuffer(numbers, kind, int(np.prod(shape)), start).reshape(shape).copy()

    try:
        records = json.loads((folder / _TEXT).read_text(encoding="utf-8"))
        return [_atoms({name: given(value) for name, value in record.items()}) for record in records]
    except (TypeError, KeyError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"invalid answer of the reading process ({error})") from error


def _atoms(parts: dict) -> Atoms:
    arrays = parts["arrays"]
    atoms = Atoms(
        numbers=arrays.pop("numbers"), positions=arrays.pop("positions"), cell=parts["cell"],
        pbc=parts["pbc"], info=parts["info"],
    )  # fmt: skip
    for name, values in arrays.items():
        atoms.set_array(name, values)
    if parts["results"]:
        atoms.calc = SinglePointCalculator(atoms, **parts["results"])
    return atoms
