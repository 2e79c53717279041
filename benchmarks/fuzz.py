"""Read thousands of malformed files: ``python benchmarks/fuzz.py --cases 5000``, nightly.

Each file is read as in the dashboard, in a child process limited to 1.5 GB of extra memory and one minute.
Exits with 1 if the reader crashes, hangs, refuses a file without a clear reason, or returns anything other
than its content. `tests/fuzz` generates the files and checks the outcome; a fault names its case, which is
reproducible from the seed and its number.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.fuzz.run import run

log = logging.getLogger("fuzz")


def main() -> int:
    """Run, log the results, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bombs", type=int, default=25, help="one gzip bomb per 20 times this many cases")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    outcome = run(options.cases, options.seed, options.bombs)
    for kind, n in sorted(outcome.kinds.items()):
        log.info("%6d  %s", n, kind)
    for fault in outcome.faults:
        log.info("FAULT %s", fault)
    log.info(
        "%d cases: %d refused, %d read correctly, %d faults; slowest %.1f s, peak memory %.0f MB",
        outcome.n_cases, outcome.outcomes["refused"], outcome.outcomes["read"], len(outcome.faults),
        outcome.slowest, outcome.most_memory / 1e6,
    )  # fmt: skip
    return min(1, len(outcome.faults))


if __name__ == "__main__":
    sys.exit(main())
