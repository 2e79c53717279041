"""A dashboard in a separate process, served in each of the documented ways."""

import contextlib
import re
import sys
from pathlib import Path

from tests.hostile.files import write_files
from tests.load.server import ROOT, Server

SECRET = "a-key-for-tests-only-with-more-than-32-letters"
# Of docs/serving.md and README.md, without what needs another machine or a screen.
WAYS = {
    "command": [sys.executable, "-m", "quests_core.cli", "serve", "--no-show"],
    "panel": [
        sys.executable, "-m", "panel", "serve", "app", "--address", "localhost",
        "--plugins", "quests_app.endpoints", "--session-ids", "signed",
    ],
    "plain": [sys.executable, "-m", "panel", "serve", "app", "--show"],
}  # fmt: skip


class ServedAs(Server):
    """A process served in one of `WAYS`; a context manager.

    Parameters
    ----------
    way : {"command", "panel", "plain"}
        ``quests-explorer serve``, ``panel serve`` as docs/serving.md has it, or as the README has it.
    folder : Path
        Where its log and its temporary files are written.
    has_data : bool
        Whether it may open the files of `write_files`, and no others.
    environment : dict
        Additional environment variables.

    Attributes
    ----------
    data : Path or None
        The folder of these files.
    """

    def __init__(self, way: str, folder: Path, *options: str, has_data: bool = False, **environment: str):
        self.data = (folder / "data").resolve() if has_data else None
        if self.data:
            self.data.mkdir()
            write_files(self.data)
            environment = {"QUESTS_DATA_DIRS": str(self.data), **environment}
        if way == "panel":
            environment = {"BOKEH_SECRET_KEY": SECRET, **environment}
        # No browser is started for `--show`.
        environment = {"BROWSER": "true", **environment}
        super().__init__(folder, *options, **environment)
        self.way = way

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        return [*WAYS[self.way], "--port", str(self.port), *self._options]

    @property
    def serves_health(self) -> bool:
        """Whether it answers at ``/health`` and ``/metrics``."""
        return self.way != "plain"

    @property
    def resident_bytes(self) -> int:
        """Resident memory of the serving process, from outside."""
        pages = int(Path(f"/proc/{self.serving_pid}/statm").read_text().split()[1])
        return pages * 4096

    @property
    def peak_bytes(self) -> int:
        """Peak memory of the serving process."""
        status = Path(f"/proc/{self.serving_pid}/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    @property
    def serving_pid(self) -> int:
        """The serving process: a child if the command starts one."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                if b"panel" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        return self.process.pid

    def is_alive(self) -> bool:
        """Whether the server still runs and answers."""
        return self.process.poll() is None and self._answers()

    def _answers(self) -> bool:
        try:
            return self.get("/favicon.ico")[0] == 200
        except OSError:
            return False


__all__ = ["ROOT", "WAYS", "ServedAs"]
