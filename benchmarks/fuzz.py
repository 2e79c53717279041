"""Try thousands of wrong files on the reader: ``python benchmarks/fuzz.py --cases 5000``, nightly.

Each is read, as the dashboard does, in a child process with 1.5 GB of memory to spare and a minute of time.
The command fails where one crashes, hangs, is refused without a clear reason, or is read as anything else
than what stands in it. `tests/fuzz` holds the files and the judge; a fault names the case, which a seed and
a number make anew.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.fuzz.run import run

log = logging.getLogger("fuzz")


def main() -> int:
    """Run, tell, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bombs", type=int, default=25, help="every so many 20th case is a gzip bomb")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    outcome = run(options.cases, options.seed, options.bombs)
    for kind, n in sorted(outcome.kinds.items()):
        log.info("%6d  %s", n, kind)
    for fault in outcome.faults:
        log.info("FAULT %s", fault)
    log.info(
        "%d cases: %d refused, %d read as they are, %d faults; slowest %.1f s, most memory %.0f MB",
        outcome.n_cases, outcome.outcomes["refused"], outcome.outcomes["read"], len(outcome.faults),
        outcome.slowest, outcome.most_memory / 1e6,
    )  # fmt: skip
    return min(1, len(outcome.faults))


if __name__ == "__main__":
    sys.exit(main())
