"""Data sets of the ColabFit Exchange, as Parquet files on Hugging Face or as an archive.

The columns are documented at https://materials.colabfit.org/docs/configuration_schema.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ..io.frame_writer import frame_bytes
from ..progress import ProgressCallback
from ..utils.checksum import sha256_of
from .materials_cloud import colabfit_archive

ORGANISATION = "colabfit"
_STRUCTURE = ("atomic_numbers", "positions", "cell", "pbc")
_LABELS = ("energy", "atomic_forces", "method", "names", "labels", "configuration_id")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def colabfit(key: str, folder: Path, progress: ProgressCallback | None) -> Iterator[bytes]:
    """Yield the frames of a data set, from the Exchange for keys ``DS_…``, otherwise from Hugging Face."""
    if key.startswith("DS_"):
        yield from colabfit_archive(key, folder, progress)
        return
    for path in _parquet_files(key, folder, progress):
        for atoms in frames_of_parquet(path, progress):
            yield frame_bytes(atoms)


def _parquet_files(key: str, folder: Path, progress: ProgressCallback | None) -> list[Path]:
    """Download the files of configurations, and verify their checksums."""
    from huggingface_hub import snapshot_download

    try:
        # No revision is pinned: the newest is wanted, and tables contain no code.
        snapshot = snapshot_download(  # nosec B615
            f"{ORGANISATION}/{key}",
            repo_type="dataset",
            allow_patterns=["co/*.parquet"],
            cache_dir=folder,
            tqdm_class=_bars(progress),
        )
    except Exception as error:
        if type(error).__name__ == "RepositoryNotFoundError":
            raise ValueError(f"colabfit:{key}: there is no such data set on Hugging Face") from error
        raise
    paths = sorted(Path(snapshot).glob("co/*.parquet"), key=lambda path: (len(path.name), path.name))
    if not paths:
        raise ValueError(f"colabfit:{key}: the data set holds no co/*.parquet")
    for path in paths:
        blob = path.resolve()
        # Hugging Face stores large files under their SHA-256.
        if _SHA256.fullmatch(blob.name) and sha256_of(blob) != blob.name:
            blob.unlink()
            raise ValueError(f"colabfit:{key}: {path.name} was damaged and is deleted; try again")
    return paths


def _bars(progress: ProgressCallback | None):
    """Return a class of progress bars that passes the number of bytes to `progress` and draws nothing."""
    from tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **{**kwargs, "disable": False, "gui": True})

        def display(self, *args, **kwargs):
            pass

        def update(self, n=1):
            super().update(n)
            if progress is not None and self.unit == "B" and self.total:
                progress("downloading", int(min(self.n, self.total)), int(self.total))

    return Bar


def frames_of_parquet(path: Path, progress: ProgressCallback | None = None) -> Iterator[Atoms]:
    """Yield the configurations of a Parquet file with ColabFit's columns.

    Energies (eV) and forces (eV Å⁻¹) are stored in the frame's calculator; ``labels`` become ``config_type``,
    and the first of ``names`` becomes ``name``. The stress is ignored, as its sign differs between data sets.

    Raises
    ------
    ValueError
        If a column of the structure is missing; the message names it.
    """
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(path)
    missing = [name for name in _STRUCTURE if name not in file.schema_arrow.names]
    if missing:
        raise ValueError(f"{path.name}: expected the columns of ColabFit, but {missing[0]} is missing")
    columns = [name for name in (*_STRUCTURE, *_LABELS) if name in file.schema_arrow.names]
    done, total = 0, file.metadata.num_rows
    for batch in file.iter_batches(batch_size=500, columns=columns):
        for row in batch.to_pylist():
            yield _atoms(row)
        done += batch.num_rows
        if progress is not None:
            progress(f"reading {path.name}", done, total)


def _value(value):
    """Return a value, parsed if it is stored as text, as in older files."""
    return ast.literal_eval(value) if isinstance(value, str) and value[:1] in "[(" else value


def _atoms(row: dict) -> Atoms:
    numbers, positions, cell, pbc = (_value(row[name]) for name in _STRUCTURE)
    atoms = Atoms(
        numbers=numbers,
        positions=np.asarray(positions, dtype=float).reshape(-1, 3),
        cell=np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=float),
        pbc=False if pbc is None else pbc,
    )
    results: dict[str, float | np.ndarray] = {}
    if row.get("energy") is not None:
        results["energy"] = float(row["energy"])
    forces = _value(row.get("atomic_forces"))
    if forces:
        results["forces"] = np.asarray(forces, dtype=float).reshape(-1, 3)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    names, labels = (_value(row.get(name)) for name in ("names", "labels"))
    given = {
        "config_type": ",".join(labels) if isinstance(labels, list) else labels,
        "name": names[0] if isinstance(names, list) and names else names,
        "method": row.get("method"),
        "configuration_id": row.get("configuration_id"),
    }
    atoms.info.update({key: value for key, value in given.items() if value})
    return atoms
