"""Kill the process at random moments of analysis and export: ``python benchmarks/faults.py --kills 100``.

After each kill every export under its final name must be whole, and the next page must have the settings, the
marks and the undo history of the one before; at last the numbers must be those of an undisturbed run,
whatever the cache held. Fails where anything is lost; `tests/fuzz/kills.py` does the work.
"""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.fuzz.bases import ROOT
from tests.fuzz.kills import run

log = logging.getLogger("faults")


def main() -> int:
    """Run, tell, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, default=ROOT / "app/assets/demo.xyz.gz")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        losses = run(options.file.resolve(), Path(folder), options.kills, options.seed)
    for fault in losses.faults:
        log.info("FAULT %s", fault)
    log.info(
        "%d killed, %d had finished before; %d exports looked at, %d cache entries left; "
        "%d pages began with the choices of the one before, %d decisions in all; %d losses",
        losses.n_killed, losses.n_finished, losses.n_exports, losses.n_entries,
        losses.n_brought_back, losses.n_decisions, len(losses.faults),
    )  # fmt: skip
    return min(1, len(losses.faults))


if __name__ == "__main__":
    sys.exit(main())
