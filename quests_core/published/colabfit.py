"""Data sets of the ColabFit Exchange, as Parquet files on Hugging Face or as an archive.

The columns are documented at https://materials.colabfit.org/docs/configuration_schema.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from ..io.colabfit_parquet import frames_of_parquet
from ..io.frame_writer import frame_bytes
from ..progress import ProgressCallback
from ..utils.checksum import sha256_of
from .materials_cloud import colabfit_archive

ORGANISATION = "colabfit"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def colabfit(key: str, folder: Path, progress: ProgressCallback | None) -> Iterator[bytes]:
    """Yield the frames of a data set, from the Exchange for keys ``DS_…``, otherwise from Hugging Face."""
    if key.startswith("DS_"):
        yield from colabfit_archive(key, folder, progress)
        return
    for path in _parquet_files(key, folder, progress):
        step = f"reading {path.name}"

        def report(done: int, total: int, step: str = step) -> None:
            if progress is not None:
                progress(step, done, total)

        for atoms in frames_of_parquet(path, report):
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
