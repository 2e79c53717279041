"""The dashboard in a separate process, as it is served to a group."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from quests_app.server.garbage import RELEASE_SECONDS
from quests_core.cli.serve import ALLOCATOR

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600
# For tests that are not about UMAP.
WITHOUT_UMAP = ("--plugins", "tests.without_umap")
# For tests of what happens while UMAP runs.
ENDLESS_UMAP = ("--plugins", "tests.endless_umap")


class Server:
    """A served process; a context manager, or call `start` and `stop`.

    Parameters
    ----------
    folder : Path
        Where its log is written, and its temporary files.
    port : int, optional
        By default a free one.
    environment : dict
        Variables that it gets beside ours.
    lifetime : float
        After how many seconds a page that was left, or never came to life, is forgotten.
    options : str
        More options of ``panel serve``.
    """

    def __init__(
        self, folder: Path, *options: str, port: int | None = None, lifetime: float = 15, **environment: str
    ):  # fmt: skip
        self.port, self.log = port or _free_port(), folder / "server.log"
        self.address = f"http://localhost:{self.port}"
        self.scratch = folder / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self._environment = {**ALLOCATOR, "QUESTS_CACHE_DIR": "", **environment, "TMPDIR": str(self.scratch)}
        self._options, self._lifetime = options, lifetime

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        command = [sys.executable, "-m", "panel", "serve", "app", "--port", str(self.port)]
        command += ["--plugins", "quests_app.endpoints"]
        lifetime = str(int(1000 * self._lifetime))
        return [
            *command,
            "--unused-session-lifetime",
            lifetime,
            "--check-unused-sessions",
            "500",
            *self._options,
        ]

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env={**os.environ, **self._environment}, stdout=log, stderr=log
            )
        self.wait(self._answers, START_SECONDS)

    def stop(self, sent: int = signal.SIGTERM) -> int:
        """Stop the process as a service manager does, and return its exit status."""
        self.process.send_signal(sent)
        try:
            return self.process.wait(START_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Return status, content type and content of an address."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=START_SECONDS) as answer:
                return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, "", error.read()

    def metrics(self) -> dict[str, float]:
        """Return the values of ``/metrics``."""
        found = re.findall(r"^(\w\S*) (\S+)$", self.get("/metrics")[2].decode(), re.MULTILINE)
        return {name: float(value) for name, value in found}

    @property
    def megabytes(self) -> float:
        """Resident memory of the process."""
        return self.metrics()["quests_memory_resident_bytes"] / 1e6

    def jobs_ended(self) -> float:
        """Return the number of ended jobs."""
        return sum(value for name, value in self.metrics().items() if name.startswith("quests_jobs_total"))

    def is_busy(self) -> bool:
        """Return whether orders are being computed or queued."""
        now = self.metrics()
        return any(now[f'quests_jobs_{what}{{worker="compute"}}'] for what in ("waiting", "running"))

    def is_quiet(self, seconds: float = 2.0) -> bool:
        """Return whether no orders are computed or queued, now and after some seconds; UMAP may run."""
        if self.is_busy():
            return False
        before = self.jobs_ended()
        time.sleep(seconds)
        return not self.is_busy() and self.jobs_ended() == before

    def wait(self, until: Callable[[], bool], seconds: float) -> float:
        """Wait for a condition and return the time it took, s."""
        begun = time.monotonic()
        while not until():
            if time.monotonic() - begun > seconds or self.process.poll() is not None:
                raise TimeoutError(f"not within {seconds} s: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - begun

    def wait_until_empty(self, seconds: float = 600) -> None:
        """Wait until every page is released."""
        self.wait(lambda: self.metrics()["quests_sessions"] == 0, seconds)

    def wait_until_released(self) -> None:
        """Wait until every page is released and its memory is returned to the system."""
        self.wait_until_empty()
        self.wait(lambda: self.metrics()["quests_sessions_in_memory"] == 0, START_SECONDS)
        time.sleep(RELEASE_SECONDS + 1)

    def faults(self) -> list[str]:
        """Return the tracebacks in the log."""
        return [part[-1500:] for part in re.split(r"Traceback", self.log.read_text())[1:]]

    def _answers(self) -> bool:
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]
