"""Attack served dashboards again and again, and measure how long who is inside waits meanwhile.

Each documented way of serving gets a process of its own. A page is open there throughout and moves its
slider about five times a second, from another process; each attack of `tests/hostile/attacks.py` is made
``--rounds`` times.

    python benchmarks/hostile.py --rounds 20
"""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.hostile.attacks import ATTACKS, Attack  # noqa: E402
from tests.hostile.client import run  # noqa: E402
from tests.hostile.inside import Inside  # noqa: E402
from tests.hostile.server import WAYS, ServedAs  # noqa: E402

log = logging.getLogger("benchmark")
# Seconds, at the 95th percentile, that nobody inside should wait longer.
MOST_SECONDS = 0.5


def attacked(way: str, n_rounds: int, seed: int) -> list[str]:
    """Serve in one way, make all attacks, log a line for each and return what was lost."""
    losses = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ServedAs(way, Path(folder)) as server,
        Inside(server.address, Path(folder, "moves")) as inside,
    ):
        for name, attack in ATTACKS.items():
            losses += [f"{way}, {name}: {loss}" for loss in repeated(attack, server, inside, n_rounds, seed)]
            if not (server.is_alive() and inside.is_inside()):
                return [*losses, f"{way}, {name}: the server or the page inside is gone"]
    return losses


def repeated(attack: Attack, server: ServedAs, inside: Inside, n_rounds: int, seed: int) -> list[str]:
    """Make one attack many times; return what was lost, and whether those inside waited too long."""
    losses, begun = [], time.monotonic()
    for number in range(n_rounds):
        losses += run(attack(server, np.random.default_rng([seed, number])))
    ended = time.monotonic()
    # The last answer may still be on its way.
    time.sleep(1)
    moves = np.array(inside.moves(begun, ended))
    middle, late = np.percentile(moves, [50, 95]) if moves.size else (np.nan, np.nan)
    log.info(
        "%-8s %-16s %d times in %.1f s; %d answers: median %.2f s, 95 %% in %.2f s, slowest %.2f s; "
        "server %.0f MB, at most %.0f MB",
        server.way, attack.__name__, n_rounds, ended - begun, moves.size, middle, late, moves.max(initial=0),
        server.resident_bytes / 2**20, server.peak_bytes / 2**20,
    )  # fmt: skip
    return losses + ([] if late < MOST_SECONDS else [f"95 % of answers within {late:.2f} s"])


def main() -> int:
    """Run what the command line asks for; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--way", action="append", choices=list(WAYS))
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    losses = [loss for way in options.way or WAYS for loss in attacked(way, options.rounds, options.seed)]
    for loss in losses:
        log.info("LOSS %s", loss)
    log.info("%d losses", len(losses))
    return min(1, len(losses))


if __name__ == "__main__":
    sys.exit(main())
