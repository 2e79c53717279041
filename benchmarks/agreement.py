"""Compare all results with the peer package, row by row, on the sets of ``../shared/data``.

The peer breaks ties at the k-th neighbour arbitrarily, quests_core averages over them, so sets with perfect
crystals differ by design. This shows that ties are the only difference: rows without ties agree to 1e-9,
and the peer's descriptors lead to the same picks and metrics.

Run ``python benchmarks/agreement.py`` with the extra ``benchmark`` installed.
"""

import json
import logging
from pathlib import Path

import numpy as np
from quests.descriptor import get_descriptors

import quests_core as q

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
log = logging.getLogger("agreement")


def compare(name: str, expected: dict) -> None:
    """Log the differences in the rows, picks and metrics of one set."""
    frames = q.read(DATA / f"{name}.xyz.gz")[: expected["structures"]]
    ours = q.descriptors(frames)
    x1, x2 = get_descriptors(frames, k=32, cutoff=5.0, concat=False)
    peers = np.hstack([x1, x2])
    # With one more neighbour, a tie appears as two equal values at the end of X1.
    wider = q.descriptors(frames, k=33).X
    tied = (np.abs(wider[:, 31] - wider[:, 32]) < 1e-7) & (wider[:, 31] > 0)
    difference = np.abs(ours.X - peers).max(axis=1)
    envs = q.Environments(peers, ours.offsets)
    order = q.select(envs, "msc").order
    curve = q.compression_curve(envs, order, sizes=[row["n"] for row in expected["curve"].values()])
    reference = np.array([[row[c] for c in ("H", "D", "overlap")] for row in expected["curve"].values()])
    log.info(
        "%-17s rows %5d, tied %4d, largest difference untied %.0e, tied %.0e | from the peer's rows: "
        "first 20 picks equal %s, H %+.0e, D %+.0e, curve %.0e",
        name,
        len(peers),
        tied.sum(),
        difference[~tied].max(),
        difference[tied].max(initial=0.0),
        order[:20].tolist() == expected["msc_first20"],
        q.entropy(envs) - expected["H"],
        q.diversity(envs) - expected["D"],
        np.abs(curve[["entropy", "diversity", "overlap"]].to_numpy() - reference).max(),
    )


def main() -> None:
    """Compare all sets of the reference file."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for name, expected in json.loads((DATA / "reference_values.json").read_text()).items():
        compare(name, expected)


if __name__ == "__main__":
    main()
