"""A session's private folder for uploaded files."""

import re
import shutil
import tempfile
import weakref
from pathlib import Path

_UNSAFE = re.compile(r"[^\w.+-]+")


def safe_name(name: str) -> str:
    """Return the last part of `name` with everything but letters, digits, and ``. + - _`` replaced."""
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return name[-120:] or "upload"


class UploadFolder:
    """Files in a temporary folder that only the server's account can read, gone with the session."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="quests-upload-")).resolve()
        self._count = 0
        # Also where the server ends before the session does.
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def save(self, name: str, content: bytes | str) -> Path:
        """Write an uploaded file and return its path."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        path = folder / safe_name(name)
        # Panel hands text files over decoded; UTF-8 there and back loses nothing.
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
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
