"""A session's private folder for uploaded files, and how much it takes."""

import re
import shutil
import tempfile
import weakref
from pathlib import Path

from quests_core.utils import scratch
from quests_core.utils.environment_variables import FILE_LIMIT, SESSION_LIMIT, number_from_environment

_UNSAFE = re.compile(r"[^\w.+-]+")


def file_limit() -> int:
    """Return how many bytes an uploaded file may have."""
    return int(1e6 * number_from_environment(FILE_LIMIT, 500))


def session_limit() -> int:
    """Return how many bytes the uploaded files of a session may have together."""
    return int(1e6 * number_from_environment(SESSION_LIMIT, 2000))


def limits() -> str:
    """Return what the page says about the limits."""
    return f"Up to {file_limit() / 1e6:,.0f} MB a file, {session_limit() / 1e6:,.0f} MB together."


def safe_name(name: str) -> str:
    """Return the last part of `name` with everything but letters, digits, and ``. + - _`` replaced."""
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return name[-120:] or "upload"


class UploadFolder:
    """Files in a temporary folder that only the server's account can read, gone with the session."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="upload-", dir=scratch.folder())).resolve()
        self._count = 0
        # Also where the server ends before the session does.
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def save(self, name: str, content: bytes | str) -> Path:
        """Write an uploaded file and return its path.

        Raises
        ------
        ValueError
            If it, or all files together, are larger than allowed.
        """
        # Panel hands text files over decoded; UTF-8 there and back loses nothing.
        content = content if isinstance(content, bytes) else content.encode()
        held = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        for n_bytes, most, what in (
            (len(content), file_limit(), "a file"),
            (held + len(content), session_limit(), "the uploads of a session"),
        ):
            if n_bytes > most:
                raise ValueError(
                    f"expected {what} of at most {most / 1e6:,.0f} MB, got {n_bytes / 1e6:,.1f} MB; "
                    "compress it (.gz), or open it by its path on the server"
                )
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        path = folder / safe_name(name)
        try:
            path.write_bytes(content)
        except BaseException:
            # What a full disk holds of it helps nobody.
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return path

    def holds(self, path: Path) -> bool:
        """Say whether a file is in this folder."""
        return self._folder in path.parents

    def discard(self, path: Path) -> None:
        """Delete a file, if it is one of this folder's."""
        if self.holds(path):
            shutil.rmtree(path.parent, ignore_errors=True)

    def close(self) -> None:
        """Delete the folder."""
        self._remove()
