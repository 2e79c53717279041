"""Write a subset, with a record of how it was selected."""

import io
import os
import zipfile
from pathlib import Path

from quests_core import write_subset
from quests_core.io import write
from quests_core.io.dataset import content_hash
from quests_core.published import is_name
from quests_core.utils.atomic_write import atomic_write

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from .record import SUBSET, record, record_bytes

ORDERS = {"File order": "file", "Rank order": "rank"}


def subset_bytes(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file") -> bytes:
    """Return the subset as extxyz; frames of an extxyz source are copied byte for byte."""
    check_source(opened)
    return write.subset_bytes(opened.dataset.frame_source, path.frames(n_frames), order)


def check_source(opened: AnalysedDataset) -> None:
    """Raise a ValueError if the file is no longer the one that was analysed."""
    dataset = opened.dataset
    for path in dataset.pool or (dataset.path,):
        if not path.exists():
            raise ValueError(f"{path.name if dataset.pool else dataset.name} is no longer there")
    if content_hash(dataset.source) != dataset.sha256:
        raise ValueError(f"{dataset.name} has changed since it was opened; open it again")


def archive(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file") -> bytes:
    """Return a zip file of the subset and its record."""
    subset = subset_bytes(opened, path, n_frames, order)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(SUBSET, subset)
        target.writestr(RECORD, record_bytes(record(opened, path, n_frames, order, subset)))
    return buffer.getvalue()


def save(
    target: str | Path, opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file"
) -> Path:
    """Write the subset to a path on the server, with its record in the same folder.

    Raises
    ------
    FileExistsError
        If either file exists.
    OSError, ValueError
        If the target cannot be written, is the source, or has the suffix of a record. No file is left.
    """
    target = Path(target).expanduser()
    beside = target.with_suffix(".json")
    if target.suffix.lower() == beside.suffix:
        # Some file systems are case-insensitive.
        better = target.with_suffix(".xyz")
        raise ValueError(f"expected a name for structures, such as {better}, got {target}")
    for file in (beside, target):
        if os.path.lexists(file):
            raise FileExistsError(f"{file} exists; choose another name")
    check_source(opened)
    write_subset(target, opened.dataset.frame_source, path.frames(n_frames), order=order)
    content = record(opened, path, n_frames, order, target.read_bytes(), target.name)
    try:
        atomic_write(beside, record_bytes(content), overwrite=False)
    except BaseException:
        # Do not leave a subset without its record.
        target.unlink()
        raise
    return target


def _argument(file: str) -> str:
    """Return a file name that a command does not take for an option, stdin or a published data set."""
    return f"./{file}" if file.startswith("-") or is_name(file) else file


RECORD = "subset.json"
