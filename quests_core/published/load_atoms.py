"""Data sets that the package load-atoms downloads, including C-GAP-20U."""

import importlib
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ..io.frame_writer import frame_bytes
from ..io.xyz_checks import frame_bounds
from ..io.xyz_comment import parse
from ..progress import ProgressCallback

GAP20 = "C-GAP-20U"


def _label(frame: bytes) -> str:
    """Return the ``config_type`` of a frame's text, or ""."""
    items = parse(frame.split(b"\n", 2)[1].decode())
    return next((item.text for item in items if item.text and item.key.lower() == "config_type"), "")


class _Tasks:
    """Adapter from the progress display of load-atoms to a progress callback."""

    def __init__(self, progress: ProgressCallback | None):
        self._progress = progress

    def new_task(self, description: str, total: float | None = None) -> "_Task":
        return _Task(description.lower(), total, self._progress)


class _Task:
    def __init__(self, step: str, total: float | None, progress: ProgressCallback | None):
        self._step, self._total, self._done, self._progress = step, total, 0.0, progress

    def update(self, total: float | None = None, advance: float = 0, **_) -> None:
        self._total = self._total if total is None else total
        self._done += advance
        if self._progress is not None and self._total:
            self._progress(self._step, int(min(self._done, self._total)), int(self._total))

    def __enter__(self) -> "_Task":
        return self

    def __exit__(self, *_) -> None:
        pass


def _importer(name: str):
    """Return the importer of a data set.

    Only importers in the installed package are used: load-atoms would download and run others.
    """
    from load_atoms.database import importers
    from load_atoms.database.database_entry import DatabaseEntry

    stem = DatabaseEntry.importer_file_stem(name)
    folder = Path(next(iter(importers.__path__)))
    known = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    if stem not in known:
        raise ValueError(f"load-atoms:{name}: expected a data set included in load-atoms: {', '.join(known)}")
    return importlib.import_module(f"load_atoms.database.importers.{stem}").Importer


def _downloaded(name: str, folder: Path, progress: ProgressCallback | None):
    """Return the importer of a data set and the folder with its verified files."""
    importer = _importer(name)
    from load_atoms.database.internet import download_all

    folder = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    files = importer.files_to_download()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Checksum mismatch")
            download_all(files, folder, _Tasks(progress))
    except UserWarning as error:
        for file in files:
            (folder / file.local_name).unlink(missing_ok=True)
        raise ValueError(f"{name}: the download differs from what was published: {error}") from error
    return importer, folder


def load_atoms(key: str, folder: Path, progress: ProgressCallback | None) -> Iterator[bytes]:
    """Yield the frames of a data set of load-atoms."""
    importer, folder = _downloaded(key, folder, progress)
    for atoms in importer.get_structures(folder, _Tasks(progress)):
        yield frame_bytes(atoms)


def gap20(key: str, folder: Path, progress: ProgressCallback | None) -> Iterator[bytes]:
    """Yield the frames of C-GAP-20U with the ``config_type`` `key`, byte for byte.

    Rowe et al., J. Chem. Phys. 153, 034702 (2020), doi 10.1063/5.0005084.
    """
    importer, folder = _downloaded(GAP20, folder, progress)
    data = (folder / importer.files_to_download()[0].local_name).read_bytes()
    bounds, labels = frame_bounds(data, GAP20), set()
    for first, last in pairwise(bounds.tolist()):
        label = _label(data[first:last])
        labels.add(label)
        if label == key:
            yield data[first:last]
    if key not in labels:
        raise ValueError(f"gap20:{key}: expected one of {', '.join(sorted(labels))}")
