"""Time the first page of a new installation: ``python benchmarks/cold_start.py --write``.

Each run starts a server with empty caches of kernels and results. When it answers, a client that speaks the
protocol of the page requests it, and waits until all plots of the demo are sent, and until everything is
computed. ``--before DIR`` alternates with another checkout, which has its environment in ``DIR/.venv``;
``--write`` writes the section of docs/benchmarks.md.
"""

import argparse
import asyncio
import contextlib
import html
import json
import logging
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from report import write_section

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.load.visitor import Visitor  # noqa: E402

PATIENCE = 900
METHODS = ("balanced", "msc", "random")
log = logging.getLogger("cold_start")


class Times(NamedTuple):
    """Seconds from the first request."""

    page: float  # until the page is sent
    plots: float  # until all plots are
    computed: float  # until no computation runs


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as server:
        server.bind(("localhost", 0))
        return server.getsockname()[1]


def has_all_plots(text: str) -> bool:
    """Return whether a page has the table's row of each method, and a bar for each label."""
    text = html.unescape(text)
    rows = all(f"</span>{method}</td>" in text for method in METHODS)
    return rows and re.search(r"\w+ subset.{0,300}fullerene", text) is not None


def is_busy(address: str) -> bool:
    """Return whether a server computes anything."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=PATIENCE) as answer:
        jobs = re.findall(r"^quests_jobs_(?:running|waiting)\S* (\S+)$", answer.read().decode(), re.MULTILINE)
    return any(float(number) for number in jobs)


async def visit(address: str) -> Times:
    """Open the page as a browser does."""
    start = time.perf_counter()
    visitor = await Visitor(address).open()
    page = time.perf_counter() - start
    while not has_all_plots(json.dumps(await visitor.pull(), ensure_ascii=False)):
        await asyncio.sleep(0.1)
    plots = time.perf_counter() - start
    n_idle = 0
    while n_idle < 3:
        # Between two jobs none is running.
        n_idle = 0 if await asyncio.to_thread(is_busy, address) else n_idle + 1
        await asyncio.sleep(0.5)
    computed = time.perf_counter() - start - 1.5
    await visitor.close()
    return Times(page, plots, computed)


def measure(root: Path, python: Path | str, folder: Path) -> Times:
    """Serve a checkout with caches in a folder, and visit it."""
    port, log_file = free_port(), folder / "server.log"
    address = f"http://localhost:{port}"
    caches = {"NUMBA_CACHE_DIR": str(folder / "kernels"), "QUESTS_CACHE_DIR": str(folder / "results")}
    command = [str(python), "-m", "panel", "serve", "app", "--port", str(port)]
    with log_file.open("w") as output:
        server = subprocess.Popen(
            [*command, "--plugins", "quests_app.endpoints"], cwd=root, env={**os.environ, **caches},
            stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(f"{address}/health", server, log_file)
        return asyncio.run(visit(address))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(PATIENCE)


def wait_for(address: str, server: subprocess.Popen, log_file: Path) -> None:
    """Wait until a server answers, without a request for its page."""
    while server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(address, timeout=PATIENCE).close()
            return
        time.sleep(0.2)
    raise SystemExit(log_file.read_text())


def row(name: str, runs: list[Times]) -> str:
    """Return a line of the table: medians."""
    cells = (f"{statistics.median(seconds):.1f} s" for seconds in zip(*runs, strict=True))
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure, log, and write the section if requested."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    parser.add_argument("--before", type=Path, help="another checkout, with its environment in .venv")
    parser.add_argument("--runs", type=int, default=1, help="cold runs of each")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    measured: dict[str, list[Times]] = {}
    servers = {"this version": (ROOT, sys.executable)}
    if options.before:
        before = options.before.resolve()
        servers = {"before": (before, before / ".venv" / "bin" / "python"), **servers}
    for _ in range(options.runs):
        for name, (root, python) in servers.items():
            with tempfile.TemporaryDirectory() as folder:
                for state in ("nothing compiled", "compiled and computed once"):
                    times = measure(root, python, Path(folder))
                    log.info("%s, %s: %s", name, state, times)
                    measured.setdefault(f"{name}, {state}", []).append(times)
    text = [
        "## Cold start", "",
        f"From the first request of the demo, on {os.cpu_count()} cores: the page, all plots of the first",
        "tab, and the end of all computations and of compilation (`python benchmarks/cold_start.py`).", "",
        "| server | page | all plots | everything |", "|---|---|---|---|",
        *(row(name, runs) for name, runs in measured.items()),
    ]  # fmt: skip
    log.info("\n".join(text))
    if options.write:
        write_section("cold", text)


if __name__ == "__main__":
    main()
