"""Hold many sessions at once, each on a file of its own: ``python benchmarks/load.py --sessions 20``.

Half of the pages open a small file and half one of 30,000 environments, each with a label that no other has.
While everything is computed, every page is asked again and again how soon the server answers. Told are the
95th percentile of that, whether any label stood in another's page, how soon the worker was free after a page
with a running job was left, and how much more memory is held after all have gone than after the first.
"""

import argparse
import logging
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import panel_material_ui  # noqa: F401  its models must be known
from ase.build import bulk
from ase.io import write
from bokeh.client import pull_session
from bokeh.util.token import get_session_id

ROOT = Path(__file__).resolve().parents[1]
GONE_SECONDS = 60
log = logging.getLogger("load")


def marked_file(folder: Path, number: int, n_environments: int) -> Path:
    """Write distorted crystals whose labels carry a mark."""
    rng, frames = np.random.default_rng(number), []
    for _ in range(max(2, n_environments // 32)):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.positions += 0.1 * rng.normal(size=atoms.positions.shape)
        atoms.info["config_type"] = f"mark{number:04d}mark"
        frames.append(atoms)
    path = folder / f"mark{number:04d}mark.xyz"
    write(path, frames, format="extxyz")
    return path


class Server:
    """The dashboard in a process of its own."""

    def __init__(self, folder: Path):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        environment = {**os.environ, "QUESTS_DATA_DIRS": str(folder), "QUESTS_CACHE_DIR": ""}
        command = [sys.executable, "-m", "panel", "serve", "app", "--address", "localhost"]
        command += ["--port", str(self.port), "--plugins", "quests_app.operations"]
        command += ["--unused-session-lifetime", "2000", "--check-unused-sessions", "1000"]
        self.log = (folder / "log").open("w")
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)
        self.wait(lambda: self._answers(), 120)

    def _answers(self) -> bool:
        try:
            return bool(self.metrics())
        except (urllib.error.URLError, ConnectionError):
            return False

    def metrics(self) -> dict[str, float]:
        """Return what ``/metrics`` says."""
        with urllib.request.urlopen(f"{self.address}/metrics", timeout=60) as answer:
            found = re.findall(r"^(\w\S*) (\S+)$", answer.read().decode(), re.MULTILINE)
        return {name: float(value) for name, value in found}

    def wait(self, until, seconds: float) -> float:
        """Return how long it took until something held."""
        begun = time.monotonic()
        while not until():
            if time.monotonic() - begun > seconds:
                raise TimeoutError(f"not within {seconds} s")
            time.sleep(0.05)
        return time.monotonic() - begun

    def open(self, path: Path):
        """Open a page on a file, as a browser does: the page first, then the websocket."""
        with urllib.request.urlopen(f"{self.address}/app?file={path}", timeout=120) as answer:
            token = re.search(r'"token":\s*"([^"]+)"', answer.read().decode())[1]
        return pull_session(session_id=get_session_id(token), url=f"{self.address}/app")

    def close(self) -> float:
        """Stop the server as a service manager does; return how long that took."""
        begun = time.monotonic()
        self._process.terminate()
        self._process.wait(60)
        return time.monotonic() - begun


def is_quiet(server: Server) -> bool:
    """Say whether nothing has ended and nothing waits for two seconds."""
    before = server.metrics()
    time.sleep(2)
    now = server.metrics()
    ended = [name for name in now if name.startswith("quests_jobs_total")]
    return now["quests_jobs_waiting"] == 0 and all(now[name] == before.get(name) for name in ended)


def answer_times(server: Server, sessions: list, seconds: float) -> list[float]:
    """Ask every page in turn until everything is computed; return the seconds that each answer took."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for session in sessions:
            begun = time.monotonic()
            session.force_roundtrip()
            found.append(time.monotonic() - begun)
        if server.metrics()["quests_jobs_waiting"] == 0 and is_quiet(server):
            break
    return found


def mixed_up(sessions: list) -> tuple[int, int]:
    """Return how many pages show their own mark, and how many another's."""
    own = foreign = 0
    for number, session in enumerate(sessions):
        marks = set(re.findall(r"mark\d{4}mark", str(session.document.to_json())))
        own += f"mark{number:04d}mark" in marks
        foreign += bool(marks - {f"mark{number:04d}mark"})
    return own, foreign


def main() -> int:
    """Run, tell, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--environments", type=int, default=30_000)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = [400 if i % 2 == 0 else options.environments for i in range(options.sessions)]
        paths = [marked_file(folder, i, n) for i, n in enumerate(sizes)]
        server = Server(folder)
        try:
            return _measure(server, paths, folder, options)
        finally:
            log.info("stopped within %.1f s", server.close())


def _measure(server: Server, paths: list[Path], folder: Path, options) -> int:
    first = server.open(paths[0])
    server.wait(lambda: is_quiet(server), options.seconds)
    first.close()
    server.wait(lambda: server.metrics()["quests_sessions"] == 0, GONE_SECONDS)
    before = server.metrics()["quests_memory_resident_bytes"]
    sessions = [server.open(path) for path in paths]
    times = answer_times(server, sessions, options.seconds)
    own, foreign = mixed_up(sessions)
    last = server.open(marked_file(folder, 9999, 2 * options.environments))
    server.wait(lambda: server.metrics()["quests_jobs_waiting"] <= 1, 60)
    last.close()
    freed = server.wait(lambda: server.metrics()["quests_jobs_waiting"] == 0, GONE_SECONDS)
    for session in sessions:
        session.close()
    server.wait(lambda: server.metrics()["quests_sessions"] == 0, GONE_SECONDS)
    after = server.metrics()["quests_memory_resident_bytes"]
    log.info("%d sessions: %d show their own file, %d another's", len(sessions), own, foreign)
    log.info("answers: median %.3f s, 95th percentile %.3f s", *np.quantile(times, [0.5, 0.95]))
    log.info("the worker was free %.1f s after a page was left", freed)
    log.info("memory: %.0f MB after one session, %.0f MB after all", before / 1e6, after / 1e6)
    return int(foreign > 0 or own < len(sessions))


if __name__ == "__main__":
    sys.exit(main())
