"""Restrict the server paths that a session may use to the folders named at startup.

``$QUESTS_DATA_DIRS`` lists them, separated as in ``$PATH``; empty: none; ``*``: everything that the server's
account can access. If it is not set, the account that runs the server may use all paths from this machine,
and everyone else none: see `path_access`.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from quests_core.io.pool import is_pattern, pool_paths
from quests_core.store.manifest import Manifest
from quests_core.store.sources import is_store, source_paths

FOLDERS = "QUESTS_DATA_DIRS"
FILE = "QUESTS_FILE"
# Maximum length of a path on Linux.
_MAX_LENGTH = 4096
# Between several paths in one text, and how many files it may name.
_SEPARATOR, _MOST_FILES = ";", 1000
# Parts of a path that may be patterns, such as both of ``*/*.xyz``.
_MOST_PATTERNS = 2
# Suffixes of files that may be written, with or without ``.gz``: their content is extxyz.
ENDINGS = (".xyz", ".extxyz")


class AllowedPaths:
    """Folders that a session may read from and write to.

    Parameters
    ----------
    folders : sequence of path-like, optional
        By default everything.
    files : sequence of path-like
        Files that may be opened in any folder.

    Examples
    --------
    >>> AllowedPaths(["/data"]).resolve("/data/../etc/passwd")
    Traceback (most recent call last):
        ...
    ValueError: expected a path beneath /data, got /data/../etc/passwd
    """

    def __init__(self, folders: Sequence[str | Path] | None = None, files: Sequence[str | Path] = ()):
        self._folders = None if folders is None else tuple(Path(folder).resolve() for folder in folders)
        self._files = tuple(Path(file).resolve() for file in files)

    @property
    def hint(self) -> str:
        """The first folder, or "" if there is none."""
        return str(self._folders[0]) if self._folders else ""

    @property
    def folders(self) -> tuple[Path, ...] | None:
        """The folders, or None for everything."""
        return self._folders

    @property
    def is_empty(self) -> bool:
        """Whether the user may use no path at all."""
        return self._folders == ()

    def resolve(self, path: str | Path) -> Path:
        """Resolve ``~``, ``..`` and links in a path.

        Raises
        ------
        ValueError
            If it is not below an allowed folder; the message does not reveal whether it exists.
        """
        if len(str(path)) > _MAX_LENGTH:
            # Resolving looks up each part, on the event loop.
            raise ValueError(f"expected a path of at most {_MAX_LENGTH:,} characters, got {len(str(path)):,}")
        try:
            found = Path(path).expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise ValueError(f"expected a path, got {str(path)[:200]!r}") from error
        if self._folders is None or found in self._files:
            return found
        if any(folder in found.parents for folder in self._folders):
            return found
        if self.is_empty:
            raise ValueError("this server does not open paths; upload the file")
        raise ValueError(f"expected a path beneath {' or '.join(map(str, self._folders))}, got {path}")

    def resolve_folder(self, path: str | Path) -> Path:
        """Resolve the path of a folder to list, which may be an allowed folder itself."""
        found = Path(path).resolve()
        return found if found in (self._folders or ()) else self.resolve(path)

    def resolve_all(self, text: str | Path) -> list[Path]:
        """Resolve a path, a pattern such as ``/data/*.xyz``, or several of them, separated by semicolons.

        Raises
        ------
        ValueError
            If `resolve` refuses one, or no file matches a pattern; files that a pattern must not find are
            left out.
        """
        if len(str(text)) > _MAX_LENGTH:
            return [self.resolve(text)]
        parts = [part.strip() for part in str(text).split(_SEPARATOR) if part.strip()]
        if len(parts) < 2 or os.path.lexists(text):
            parts = [str(text)]
        found = [
            path
            for part in parts
            for path in (self._matches(part) if is_pattern(part) else [self.resolve(part)])
        ]
        if len(found) > _MOST_FILES:
            raise ValueError(f"expected at most {_MOST_FILES:,} files, got {len(found):,}")
        return list(dict.fromkeys(found))

    def _matches(self, pattern: str) -> list[Path]:
        path = Path(pattern).expanduser()
        parts = path.parts
        fixed = next(i for i, part in enumerate(parts) if is_pattern(part))
        if ".." in parts[fixed:] or "**" in parts:
            raise ValueError(f"expected a pattern without '..' and '**', got {pattern}")
        # Each more multiplies the number of folders that are listed, while other sessions wait.
        if sum(map(is_pattern, parts)) > _MOST_PATTERNS:
            raise ValueError(f"expected wildcards in at most {_MOST_PATTERNS} parts of a path, got {pattern}")
        # Also refuses a folder that holds no allowed one.
        try:
            folder = self.resolve(Path(*parts[:fixed], "file")).parent
        except ValueError:
            # The pattern with which the server was started.
            if started := sorted(file for file in self._files if file.match(pattern)):
                return started
            raise
        found = []
        for match in sorted(folder.glob(str(Path(*parts[fixed:])))):
            with contextlib.suppress(ValueError):
                found.append(self.resolve(match))
        found = [match for match in found if match.is_file()]
        if not found:
            raise ValueError(f"expected a pattern that matches a file, got {pattern}")
        return found

    def find_target(self, path: str | Path) -> Path:
        """Resolve the path of a structure file to write.

        Raises
        ------
        ValueError
            If `resolve` refuses it, its suffix is not in `ENDINGS`, or it or one of its folders is hidden.
        """
        found = self.resolve(path)
        if not found.name.lower().removesuffix(".gz").endswith(ENDINGS):
            raise ValueError(f"expected a name that ends in {', '.join(ENDINGS)} (or .gz), got {path}")
        roots = [folder for folder in self._folders or () if folder in found.parents]
        parts = (
            found.relative_to(max(roots, key=lambda root: len(root.parts))).parts if roots else found.parts
        )
        if any(part.startswith(".") for part in parts):
            raise ValueError(f"expected a path without hidden files or folders, got {path}")
        return found


def named() -> list[Path] | None:
    """Return the folders in ``$QUESTS_DATA_DIRS``, or None for ``*`` and if it is not set."""
    value = os.environ.get(FOLDERS)
    if value is None or value == "*":
        return None
    return [Path(part).expanduser() for part in value.split(os.pathsep) if part]


def of_document(document) -> AllowedPaths:
    """Return the allowed paths of the session of a Bokeh document."""
    context = document.session_context
    return of_request(context.request if context is not None else None)


def of_request(request) -> AllowedPaths:
    """Return the allowed paths of the session that a request created; None stands for a notebook."""
    files = _with_sources(os.environ[FILE]) if os.environ.get(FILE) else []
    # Bokeh's proxy of a request mixes in values that the client chooses.
    request = getattr(request, "_request", request)
    if FOLDERS in os.environ or request is None or getattr(request, "names_paths", False):
        return AllowedPaths(named(), files)
    return AllowedPaths((), files)


def _with_sources(file: str) -> list[str | Path]:
    """Return the file with which the server was started, and those of which it has the descriptors."""
    found: list[str | Path] = [file]
    if is_pattern(file):
        return list(pool_paths(file) or ())
    # An error follows when it is opened.
    with contextlib.suppress(OSError, ValueError):
        if is_store(file):
            found += source_paths(Path(file), Manifest.load(Path(file)))
    return found


def missing() -> list[Path]:
    """Return the folders in ``$QUESTS_DATA_DIRS`` that do not exist."""
    return [folder for folder in named() or () if not folder.is_dir()]
