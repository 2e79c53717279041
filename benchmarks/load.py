"""Run many sessions concurrently, each with a different file: ``python benchmarks/load.py --sessions 20``.

Clients of a served process speak its protocol as the scripts of the page do (`tests/load`). Half of them open
a copy of the demo, half 30,000 environments of real data. All labels and names in a file carry a unique
marker, and all messages of the server are searched for markers of other sessions. While jobs run, every
client moves the slider every few seconds. Then jobs are cancelled, all sessions close, and many more are
opened and closed.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.load.run import Held, cancelled, grow, marked_file, together  # noqa: E402
from tests.load.server import Server  # noqa: E402

DEMO = ROOT / "app/assets/demo.xyz.gz"
LARGE = ROOT.parent / "shared/data/gap20_partial.xyz.gz"
DELAYS = (0.2, 0.5, 1, 1.5, 2)
PAGES = 8
log = logging.getLogger("load")


def main() -> int:
    """Run, log the results, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--environments", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=20, help=f"of {PAGES} pages opened and closed")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between changes of a page")
    parser.add_argument("--large", type=Path, default=LARGE)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    held = Held()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Long enough that no client expires while it waits for admission.
        with Server(folder, lifetime=60, QUESTS_DATA_DIRS=name) as server:
            _run_sessions(server, folder, options, held)
            held.losses += server.faults()
        with Server(folder, lifetime=10, QUESTS_DATA_DIRS=name) as server:
            _cancel(server, folder, options, held)
            _open_and_close(server, folder, options, held)
            held.losses += server.faults()
    _log(held, options)
    return min(1, len(held.losses))


def _run_sessions(server: Server, folder: Path, options: argparse.Namespace, held: Held) -> None:
    sources = ((DEMO, 10**9), (options.large, options.environments))
    # Compile and import everything before measuring.
    asyncio.run(
        together(server, [marked_file(folder, 9000 + i, *one) for i, one in enumerate(sources)], Held(), 5)
    )
    server.wait_until_released()
    held.megabytes.append(server.megabytes)
    log.info("%.0f MB after the first two", held.megabytes[-1])
    paths = [marked_file(folder, i, *sources[i % 2]) for i in range(options.sessions)]
    asyncio.run(together(server, paths, held, options.pause))
    server.wait_until_released()
    held.megabytes.append(server.megabytes)
    log.info("%.0f MB after all", held.megabytes[-1])


def _cancel(server: Server, folder: Path, options: argparse.Namespace, held: Held) -> None:
    for i, delay in enumerate(DELAYS):
        path = marked_file(folder, 5000 + i, options.large, 8 * options.environments)
        seconds = asyncio.run(cancelled(server, path, delay))
        held.freed += [seconds] if seconds is not None else []
        server.wait_until_empty()


def _open_and_close(server: Server, folder: Path, options: argparse.Namespace, held: Held) -> None:
    def files(number: int) -> list[Path]:
        return [marked_file(folder, 6000 + PAGES * number + i, DEMO, 2000) for i in range(PAGES)]

    grow(server, files, options.rounds, held)
    log.info("%d opened and closed", held.n_opened_and_closed)


def _log(held: Held, options: argparse.Namespace) -> None:
    log.info("%d sessions at once, %d opened and closed", held.n_sessions, held.n_opened_and_closed)
    for name, answers in (("while pages are opened", held.arriving), ("while jobs run", held.answers)):
        log.info("%d responses %s: median %.3f s, 95th percentile %.3f s, slowest %.3f s", len(answers), name,
                 *np.quantile(answers or [np.nan], [0.5, 0.95, 1]))  # fmt: skip
    log.info("the event loop took %.3f s of CPU time per response", held.loop_cpu)
    log.info("%d sessions were shown their position in the queue", held.with_place)
    log.info("the worker was free %s s after cancellation", ", ".join(f"{one:.2f}" for one in held.freed))
    log.info(
        "memory: %s MB after the first two, and after all",
        " and ".join(f"{one:.0f}" for one in held.megabytes),
    )
    log.info("memory after each round: %s MB", " ".join(f"{one:.0f}" for one in held.growth))
    log.info("load of the machine %.1f, of %d cores", os.getloadavg()[0], os.cpu_count())
    for loss in held.losses:
        log.info("LOSS %s", loss)
    log.info("%d losses", len(held.losses))


if __name__ == "__main__":
    sys.exit(main())
