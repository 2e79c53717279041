"""Store the uploaded files of a session in a private folder of limited size."""

import re
import shutil
import tempfile
import weakref
from pathlib import Path

from quests_core.utils import scratch
from quests_core.utils.environment_variables import FILE_LIMIT, SESSION_LIMIT, number_from_environment

_UNSAFE = re.compile(r"[^\w.+-]+")


def file_limit() -> int:
    """Return the largest size of an uploaded file, bytes."""
    return int(1e6 * number_from_environment(FILE_LIMIT, 500))


def session_limit() -> int:
    """Return the largest total size of a session's uploads, bytes."""
    return int(1e6 * number_from_environment(SESSION_LIMIT, 2000))


def limits() -> str:
    """Return the sentence about the limits for the page."""
    return f"Up to {file_limit() / 1e6:,.0f} MB per file, {session_limit() / 1e6:,.0f} MB in total."


def safe_name(name: str) -> str:
    """Return the last part of `name` with unsafe characters replaced."""
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return name[-120:] or "upload"


class UploadFolder:
    """A temporary folder that only the server's account can read, deleted with the session."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="upload-", dir=scratch.folder())).resolve()
        self._count = 0
        # Also if the server ends before the session.
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def save(self, name: str, content: bytes | str) -> Path:
        """Write an uploaded file and return its path.

        Raises
        ------
        ValueError
            If the file or the total size exceeds its limit.
        """
        # Panel passes text files decoded as UTF-8; encoding restores the bytes.
        content = content if isinstance(content, bytes) else content.encode()
        held = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        for n_bytes, most, what in (
            (len(content), file_limit(), "a file"),
            (held + len(content), session_limit(), "the uploads of a session"),
        ):
            if n_bytes > most:
                raise ValueError(
                    f"expected {what} of at most {most / 1e6:,.0f} MB, got {n_bytes / 1e6:,.1f} MB; "
                    "compress it (.gz) or open it by its path on the server"
                )
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        path = folder / safe_name(name)
        try:
            path.write_bytes(content)
        except BaseException:
            # A full disk leaves an incomplete file.
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return path

    def holds(self, path: Path) -> bool:
        """Return whether a file is in this folder."""
        return self._folder in path.parents

    def discard(self, *paths: Path) -> None:
        """Delete files if they are in this folder."""
        for path in paths:
            if self.holds(path):
                shutil.rmtree(path.parent, ignore_errors=True)

    def close(self) -> None:
        """Delete the folder."""
        self._remove()
