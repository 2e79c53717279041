"""Attack served dashboards repeatedly, and measure the latency of a session that is open meanwhile.

Each documented way of serving runs in a separate process. Another process keeps a session open throughout and
moves its slider about five times a second; each attack of `tests/hostile/attacks.py` repeats for
``--seconds``, at least once.

    python benchmarks/hostile.py --seconds 12
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.hostile.attacks import ATTACKS, Attack  # noqa: E402
from tests.hostile.client import SECONDS, run  # noqa: E402
from tests.hostile.inside import Inside  # noqa: E402
from tests.hostile.server import WAYS, ServedAs  # noqa: E402

log = logging.getLogger("benchmark")
# Maximum latency of the open session, seconds, at the 95th percentile.
MAX_SECONDS = 0.5


def attacked(way: str, names: Iterable[str], seconds: float, seed: int) -> list[str]:
    """Serve in one way, run the attacks, log a line for each, and return the losses."""
    losses = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ServedAs(way, Path(folder), has_data=True) as server,
        Inside(server.address, Path(folder, "moves")) as inside,
    ):
        for name in names:
            attack = ATTACKS[name]
            losses += [f"{way}, {name}: {loss}" for loss in repeated(attack, server, inside, seconds, seed)]
            if not (server.is_alive() and inside.is_inside()):
                return [*losses, f"{way}, {name}: the server or the open session is gone"]
    return losses


def repeated(attack: Attack, server: ServedAs, inside: Inside, seconds: float, seed: int) -> list[str]:
    """Repeat one attack for some time; return the losses, including excessive latency."""
    losses, begun, n_rounds = [], time.monotonic(), 0
    while not n_rounds or time.monotonic() < begun + seconds:
        try:
            losses += run(attack(server, np.random.default_rng([seed, n_rounds])))
        except Exception as error:
            # The attack waited in vain.
            losses.append(f"{type(error).__name__}: {error}"[:500])
            break
        n_rounds += 1
    ended = time.monotonic()
    # A response to a later move implies one to the last move.
    server.wait(lambda: not inside.is_inside() or bool(inside.moves(ended)), SECONDS)
    moves = np.array(inside.moves(begun, ended))
    middle, late = np.percentile(moves, [50, 95]) if moves.size else (np.nan, np.nan)
    log.info(
        "%-8s %-16s %3d times in %5.1f s; %3d responses: median %.2f s, 95 %% in %.2f s, slowest %.2f s; "
        "server %.0f MB, peak %.0f MB",
        server.way, attack.__name__, n_rounds, ended - begun, moves.size, middle, late, moves.max(initial=0),
        server.resident_bytes / 2**20, server.peak_bytes / 2**20,
    )  # fmt: skip
    return losses + ([] if late <= MAX_SECONDS else [f"95 % of responses within {late:.2f} s"])


def main() -> int:
    """Run what the command line asks for; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="of each attack in each way of serving")
    parser.add_argument("--attack", action="append", choices=list(ATTACKS))
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--way", action="append", choices=list(WAYS))
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    losses = [
        loss
        for way in options.way or WAYS
        for loss in attacked(way, options.attack or ATTACKS, options.seconds, options.seed)
    ]
    for loss in losses:
        log.info("LOSS %s", loss)
    log.info("%d losses", len(losses))
    return min(1, len(losses))


if __name__ == "__main__":
    sys.exit(main())
