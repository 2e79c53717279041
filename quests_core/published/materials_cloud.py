"""Data sets published as archives of extxyz files."""

import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..progress import ProgressCallback

TM23_URL = (
    "https://archive.materialscloud.org/records/tcrks-ymp88/files/"
    "benchmarking_master_collection-20240316T202423Z-001.zip?download=1"
)
TM23_MD5 = "md5:52b2c471591c8a8a88717f3fbdff6e37"
TM23_ELEMENTS = (
    *("Ag", "Au", "Cd", "Co", "Cr", "Cu", "Fe", "Hf", "Hg", "Ir", "Mn", "Mo", "Nb", "Ni", "Os", "Pd", "Pt"),
    *("Re", "Rh", "Ru", "Ta", "Tc", "Ti", "V", "W", "Zn", "Zr"),
)
_TM23_FILES = {
    "": "{}_2700cwm_{}.xyz",
    "cold": "{}_cold_nequip_{}.xyz",
    "warm": "{}_warm_nequip_{}.xyz",
    "melt": "{}_melt_nequip_{}.xyz",
}
COLABFIT_XYZ = "https://materials.colabfit.org/dataset-xyz/{}.tar.gz"


def download(url: str, path: Path, known_hash: str | None, progress: ProgressCallback | None) -> Path:
    """Download a file unless it exists.

    Raises
    ------
    ValueError
        If the file does not have the hash `known_hash`, such as ``"md5:…"``.
    """
    import pooch

    bar = None if progress is None else _Bar(f"downloading {path.name}", progress)
    downloader = pooch.HTTPDownloader(progressbar=bar or False, chunk_size=1 << 16, timeout=60)
    return Path(pooch.retrieve(url, known_hash, path.name, path.parent, downloader=downloader))


class _Bar:
    """Adapter from the progress bar of pooch to a progress callback."""

    total = 0

    def __init__(self, step: str, progress: ProgressCallback):
        self._step, self._progress, self._done = step, progress, 0

    def update(self, n: int) -> None:
        self._done += n
        self._progress(self._step, min(self._done, self.total), self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def tm23(key: str, folder: Path, progress: ProgressCallback | None) -> Iterator[bytes]:
    """Yield the files of a metal: the training set, then the test set.

    Owen et al., npj Comput. Mater. 10 (2024), doi 10.1038/s41524-024-01264-z; Materials Cloud Archive,
    record 2024.48.
    """
    element, _, part = key.partition("-")
    if element not in TM23_ELEMENTS or part not in _TM23_FILES or key.endswith("-"):
        raise ValueError(
            f"tm23:{key}: expected one of {', '.join(TM23_ELEMENTS)}, alone or with -cold, -warm or -melt"
        )
    path = download(TM23_URL, folder / "tm23.zip", TM23_MD5, progress)
    with zipfile.ZipFile(path) as archive:
        for split in ("train", "test"):
            wanted = _TM23_FILES[part].format(element, split)
            names = [name for name in archive.namelist() if name.rsplit("/", 1)[-1] == wanted]
            if not names:
                raise ValueError(f"tm23:{key}: the archive does not contain {wanted}")
            yield _with_final_line_end(archive.read(names[0]))


def colabfit_archive(key: str, folder: Path, progress: ProgressCallback | None) -> Iterator[bytes]:
    """Yield the extxyz files of a data set of the ColabFit Exchange, by its ``DS_…`` identifier."""
    path = download(COLABFIT_XYZ.format(key), folder / f"{key}.tar.gz", None, progress)
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if not (member.isfile() and member.name.endswith((".xyz", ".extxyz", ".xyz.xz"))):
                continue
            if (file := archive.extractfile(member)) is not None:
                content = file.read()
                content = lzma.decompress(content) if member.name.endswith(".xz") else content
                yield _with_final_line_end(content)


def _with_final_line_end(content: bytes) -> bytes:
    return content if content.endswith(b"\n") or not content else content + b"\n"
