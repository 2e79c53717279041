"""What leaves the page: the subset's bytes, the record of how it came about, and code that repeats it."""

import io
import os
import zipfile
from pathlib import Path

from ase import Atoms

from quests_core import write_subset
from quests_core.io import write
from quests_core.io.dataset import content_hash
from quests_core.io.xyz_checks import is_extxyz
from quests_core.published import is_name
from quests_core.utils.atomic_write import atomic_write

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from .record import SUBSET, record, record_bytes

ORDERS = {"File order": "file", "Rank order": "rank"}


def subset_bytes(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file") -> bytes:
    """Return the subset as extxyz; frames of an extxyz source are its bytes."""
    check_source(opened)
    return write.subset_bytes(source_frames(opened), path.frames(n_frames), order)


def source_frames(opened: AnalysedDataset) -> Path | list[Atoms]:
    """Return what subsets are taken from: the bytes of an xyz file, else the frames that were read."""
    dataset = opened.dataset
    # Another format is not read again here, where nothing limits it.
    return dataset.path if is_extxyz(dataset.path) else dataset.frames


def check_source(opened: AnalysedDataset) -> None:
    """Raise a ValueError if the file is no longer the one that was analysed."""
    dataset = opened.dataset
    if not dataset.path.is_file():
        raise ValueError(f"{dataset.name} is no longer there")
    if content_hash(dataset.path) != dataset.sha256:
        raise ValueError(f"{dataset.name} has changed since it was opened; open it again")


def archive(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file") -> bytes:
    """Return a zip file that holds the subset and its record."""
    subset = subset_bytes(opened, path, n_frames, order)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(SUBSET, subset)
        target.writestr(RECORD, record_bytes(record(opened, path, n_frames, order, subset)))
    return buffer.getvalue()


def save(
    target: str | Path, opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file"
) -> Path:
    """Write the subset to a path on the server, and its record beside it.

    Raises
    ------
    FileExistsError
        If either file is there already.
    OSError, ValueError
        If the target cannot be written, is the source, or is called like a record; nothing is left then.
    """
    target = Path(target).expanduser()
    beside = target.with_suffix(".json")
    if target.suffix.lower() == beside.suffix:
        # Some file systems take S.JSON and s.json for one name.
        better = target.with_suffix(".xyz")
        raise ValueError(f"expected a name for structures, such as {better}, got {target}")
    for file in (beside, target):
        if os.path.lexists(file):
            raise FileExistsError(f"{file} exists; choose another name")
    check_source(opened)
    write_subset(target, source_frames(opened), path.frames(n_frames), order=order)
    content = record(opened, path, n_frames, order, target.read_bytes())
    content["subset"]["file"] = target.name
    try:
        atomic_write(beside, record_bytes(content), overwrite=False)
    except BaseException:
        # A subset without its record is half of what was asked for.
        target.unlink()
        raise
    return target


def _argument(file: str) -> str:
    """Return a file as a command takes it: not as an option, standard input or published data set."""
    return f"./{file}" if file.startswith("-") or is_name(file) else file


RECORD = "subset.json"
