"""Download data sets by name to the cache, and read them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ase import Atoms

from ..io.read import read
from ..progress import Cancelled, ProgressCallback
from ..utils.cache_dir import CACHE_DIR, cache_dir
from . import colabfit, load_atoms, materials_cloud
from .checksums import checksum_matches, write_with_checksum

# Yields the content of an extxyz file, given key, folder for downloads and progress.
Source = Callable[[str, Path, ProgressCallback | None], Iterator[bytes]]
SOURCES: dict[str, Source] = {
    "gap20": load_atoms.gap20,
    "tm23": materials_cloud.tm23,
    "colabfit": colabfit.colabfit,
    "load-atoms": load_atoms.load_atoms,
}
# Also prevents keys from leaving the cache directory.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_NO_NETWORK = {
    *("ConnectionError", "ConnectTimeout", "ReadTimeout", "ConnectError", "ProxyError", "SSLError"),
    *("LocalEntryNotFoundError", "OfflineModeIsEnabled", "TimeoutError", "gaierror"),
}


def is_name(text: str) -> bool:
    """Return whether a text is the name of a data set, not a path.

    Examples
    --------
    >>> is_name("tm23:Ag"), is_name("train.xyz"), is_name("C:/train.xyz")
    (True, False, False)
    """
    return text.partition(":")[0] in SOURCES and ":" in text


def load(name: str, progress: ProgressCallback | None = None) -> list[Atoms]:
    """Return the frames of a published data set.

    Parameters
    ----------
    name : str
        ``gap20:LABEL`` (a ``config_type`` of C-GAP-20U), ``tm23:ELEMENT`` (or ``ELEMENT-cold``, ``-warm``,
        ``-melt``), ``colabfit:ID`` (``DS_…`` or the name on Hugging Face) or ``load-atoms:NAME``. `datasets`
        lists the names.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    list of ase.Atoms
        The frames; see `read`.

    Raises
    ------
    ValueError
        If the data set does not exist, or the download differs from what was published.
    ConnectionError
        If the data set is not in the cache and there is no network.
    ImportError
        If the packages of the extra ``datasets`` are not installed.

    Examples
    --------
    >>> load("train.xyz")
    Traceback (most recent call last):
    ...
    ValueError: name: expected a source (gap20, tm23, colabfit, load-atoms) and a key, such as tm23:Ag, \
got 'train.xyz'
    """
    return read(fetch(name, progress), progress)


def fetch(name: str, progress: ProgressCallback | None = None) -> Path:
    """Return the path of a published data set in the cache, downloading it if necessary.

    Parameters and exceptions are those of `load`.
    """
    source, _, key = name.partition(":") if isinstance(name, str) else ("", "", "")
    if source not in SOURCES or not _KEY.fullmatch(key):
        raise ValueError(
            f"name: expected a source ({', '.join(SOURCES)}) and a key, such as tm23:Ag, got {name!r}"
        )
    cache = cache_dir()
    if cache is None:
        raise ValueError(f"{name}: expected a cache directory for data sets, but {CACHE_DIR} is empty")
    folder = cache / "datasets" / source
    path = folder / f"{key}.xyz"
    if not checksum_matches(path):
        folder.mkdir(parents=True, exist_ok=True)
        with _actionable_errors(name):
            write_with_checksum(path, SOURCES[source](key, folder / "downloads", progress))
    return path


@contextmanager
def _actionable_errors(name: str):
    """Replace the many errors of download libraries by few that a user can act on."""
    try:
        yield
    except (ValueError, Cancelled):
        raise
    except ImportError as error:
        raise ImportError(
            f'{name}: {error.name} is not installed: pip install "quests-explorer[datasets]"', name=error.name
        ) from error
    except Exception as error:
        if any(type(one).__name__ in _NO_NETWORK for one in _chain(error)):
            raise ConnectionError(
                f"{name}: not in the cache, and cannot be downloaded without a network"
            ) from error
        why = " ".join(str(error).split()) or type(error).__name__
        raise OSError(f"{name}: cannot be downloaded: {why:.300}") from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
