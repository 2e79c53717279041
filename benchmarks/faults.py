"""Kill the process at random times during analysis and export: ``python benchmarks/faults.py --kills 100``.

After each kill, every export under its final name must be complete, and the next session must restore the
settings, locked and excluded frames and undo history. In the end the results must equal those of an
uninterrupted run, whatever the cache contains. Exits with 1 if anything is lost. The checks are in
`tests/fuzz/kills.py`.
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
    """Run, log the results, and return the exit status."""
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
        "%d killed, %d had finished before; %d exports checked, %d cache entries left; "
        "%d sessions restored, %d decisions in all; %d losses",
        losses.n_killed, losses.n_finished, losses.n_exports, losses.n_entries,
        losses.n_brought_back, losses.n_decisions, len(losses.faults),
    )  # fmt: skip
    return min(1, len(losses.faults))


if __name__ == "__main__":
    sys.exit(main())
