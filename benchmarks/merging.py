"""Measure merging of nearly equal environments: ``python benchmarks/merging.py --write``.

On every set of ``../shared/data``: what remains, the time of the entropy without and with merging in the same
process, and the errors beside their bounds. Then the growth of the time of redundant sets: frames of
gap20_partial, strained and displaced as in ``benchmarks/large.py``, each repeated with displacements so small
that environments are within the tolerance. ``--write`` writes the section of docs/large.md.
"""

import argparse
import logging
import tempfile
import time
from pathlib import Path

import numpy as np
from large import DISPLACEMENTS, MAX_STRAIN, SOURCE, peak
from report import LARGE_PAGE, ROOT, write_or_log

import quests_core as q
from quests_core.kernel_sums.merging import merge_rows
from quests_core.kernel_sums.sums import self_sums
from quests_core.store.manifest import Manifest
from quests_core.store.writer import Chunk, StoreWriter
from quests_core.utils.memory import resident

DATA, H = ROOT.parent / "shared" / "data", 0.015
TOLERANCES = (0.0, 1e-6, 1e-3)
# Repetitions of a frame in redundant sets, and their displacements, Å.
N_REPEATS, NOISE = 20, 1e-6
# Without merging, larger sets take too long.
MOST_UNMERGED = 100_000
# Of stores: environments of gap20_partial that are repeated, displacements of descriptors, Å⁻¹, and limit.
N_STORED, STORED_NOISE, LIMIT = 135_000, 1e-8, "500MB"
log = logging.getLogger("merging")


def seconds_of(function, *arguments, **options):
    """Return the result of a call, and the processor time of this process."""
    start = time.process_time()
    result = function(*arguments, **options)
    return result, time.process_time() - start


def sums_of(X: np.ndarray, merge: float | None) -> np.ndarray:
    """Return the logarithms of kernel sums, without tiles that are left from before."""
    envs = q.Environments(X, [0, len(X)])
    return self_sums(envs, envs.X, H, "single", "", None, None, merge)


def entropy_of(sums: np.ndarray) -> float:
    """Return the entropy."""
    return float(np.log(len(sums)) - sums.mean())


def row_of(name: str, X: np.ndarray) -> tuple[str, dict[float, tuple[float, float]]]:
    """Return a row of the table, and the largest errors of δH and H by tolerance."""
    exact, seconds = seconds_of(sums_of, X, None)
    cells, errors = [name, f"{len(X):,}", f"{seconds:.2f} s"], {}
    for merge in TOLERANCES:
        found, merged_seconds = seconds_of(sums_of, X, merge)
        share = len(merge_rows(X, merge * H).rows) / len(X)
        errors[merge] = np.abs(found - exact).max(), abs(entropy_of(found) - entropy_of(exact))
        cells.append(f"{share:.1%}, {merged_seconds:.2f} s")
        bound = q.merge_error_bound(entropy_of(exact), merge)
        log.info("%s %g: %s, errors %.1e %.1e, bound %.1e", name, merge, cells[-1], *errors[merge], bound)
        if errors[merge][1] > bound + 1e-6:
            raise AssertionError(f"{name}: the entropy differs by {errors[merge][1]}, above {bound}")
    cells.append(f"{errors[1e-6][1]:.0e}")
    cells.append(f"{errors[1e-3][1]:.0e} ({q.merge_error_bound(entropy_of(exact), 1e-3):.0e})")
    return f"| {' | '.join(cells)} |", errors


def redundant(n: int, n_distinct: int, seed: int = 0) -> np.ndarray:
    """Return n environments, of frames with `n_distinct`, repeated with small displacements."""
    rng, sources, frames, n_atoms = np.random.default_rng(seed), q.read(SOURCE), [], 0
    while n_atoms < n_distinct:
        atoms = sources[rng.integers(len(sources))].copy()
        strain = rng.uniform(-MAX_STRAIN, MAX_STRAIN, (3, 3))
        atoms.set_cell(atoms.cell @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
        atoms.positions += rng.normal(scale=rng.choice(DISPLACEMENTS), size=(len(atoms), 3))
        frames.append(atoms)
        n_atoms += len(atoms)
    blocks, n_rows = [], 0
    while n_rows < n:
        moved = [atoms.copy() for atoms in frames]
        for atoms in moved:
            atoms.positions += rng.normal(scale=NOISE, size=(len(atoms), 3))
        blocks.append(q.descriptors(moved).X)
        n_rows += len(blocks[-1])
    return rng.permutation(np.concatenate(blocks)[:n])


def growth(sizes: list[int]) -> list[str]:
    """Return the table of redundant sets, and the fitted exponents."""
    lines, times = [], []
    for n in sizes:
        X = redundant(n, n // N_REPEATS)
        merging, search = seconds_of(merge_rows, X, 1e-3 * H)
        found, seconds = seconds_of(sums_of, X, 1e-3)
        times.append(seconds)
        cells = [f"{n:,}", f"{len(merging.rows):,}", f"{search:.2f} s", f"{seconds:.2f} s", "not run", ""]
        if n <= MOST_UNMERGED:
            exact, unmerged = seconds_of(sums_of, X, None)
            cells[-2:] = f"{unmerged:.2f} s", f"{abs(entropy_of(found) - entropy_of(exact)):.0e}"
        lines.append(f"| {' | '.join(cells)} |")
        log.info("%s", lines[-1])
    exponents = [np.polyfit(np.log(sizes[k:]), np.log(times[k:]), 1)[0] for k in (0, -3)]
    return [
        *lines,
        "",
        f"With merging, the time grows with the exponent {exponents[0]:.2f}, and {exponents[1]:.2f} from "
        f"{sizes[-3]:,} environments on.",
    ]


def write_store(folder: Path, n_repeats: int) -> None:
    """Write a store of environments that are repeated, in frames of a hundred."""
    X, rng = q.descriptors(q.read(SOURCE)).X[:N_STORED], np.random.default_rng(0)
    n, m = len(X), len(X) // 100
    rest = np.ones(n), np.zeros((n, 3)), np.full(m, 100), np.zeros(m), [""] * m
    with StoreWriter(folder, Manifest("redundant", {}, (str(SOURCE),), X.shape[1])) as writer:
        for _ in range(n_repeats):
            writer.append(Chunk(X + rng.normal(scale=STORED_NOISE, size=X.shape), *rest), set())
        writer.finish()


def of_store(n_repeats: int) -> str:
    """Return a line on the entropy of a store."""
    with tempfile.TemporaryDirectory() as folder:
        write_store(Path(folder) / "a.envs", n_repeats)
        envs = q.Environments.open(Path(folder) / "a.envs", LIMIT)
        before = resident() or 0
        # Resets the peak.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        start = time.perf_counter()
        q.entropy(envs, merge=1e-3)
        seconds, n = time.perf_counter() - start, len(envs.merged(1e-3 * H))
    line = f"| {envs.n_envs:,} | {n:,} | {seconds:.1f} s | {(peak() - before) / 1e6:.0f} MB |"
    log.info("%s", line)
    return line


def measure(sizes: list[int], repeats: list[int]) -> list[str]:
    """Return the section of the page."""
    warm = np.random.default_rng(0).normal(size=(300, 63))
    for merge in (None, *TOLERANCES):
        sums_of(warm, merge)
    lines = [
        "Environments that remain, and processor time of the entropy with the time of merging, on two cores "
        "that did other work at the same time; then by how much the entropy changes, with the bound in "
        "parentheses (`benchmarks/merging.py`).",
        "",
        "| set | environments | not merged | `merge=0` | `merge=1e-6` | `merge=1e-3` "
        "| change at 1e-6, nats | at 1e-3 (bound) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    largest = dict.fromkeys(TOLERANCES, 0.0)
    for path in sorted(DATA.glob("*.xyz.gz")):
        row, errors = row_of(path.name.removesuffix(".xyz.gz"), q.descriptors(q.read(path)).X)
        largest = {merge: max(largest[merge], errors[merge][0]) for merge in TOLERANCES}
        lines.append(row)
    listed = ", ".join(f"{largest[merge]:.0e} nats with {merge:g}" for merge in TOLERANCES)
    return [
        *lines,
        "",
        f"The δH of a single environment changes by at most {listed}; up to 1e-5 of this is the error of "
        "single precision.",
        "",
        f"Redundant sets: frames of which each is repeated {N_REPEATS} times with displacements of {NOISE:g} "
        "Å, with `merge=1e-3`.",
        "",
        "| environments | remain | merging | entropy in total | not merged | change, nats |",
        "|---|---|---|---|---|---|",
        *growth(sizes),
        "",
        f"Stores of {N_STORED:,} environments of gap20_partial, repeated with normal deviates of "
        f"{STORED_NOISE:g} Å⁻¹, with `merge=1e-3` and a limit of {LIMIT}: wall time and peak of resident "
        "memory of `entropy`.",
        "",
        "| environments | remain | time | memory |",
        "|---|---|---|---|",
        *map(of_store, repeats),
    ]


def main() -> None:
    """Measure, and print or write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    parser.add_argument("--repeats", nargs="*", type=int, default=[20, 74], help="74 take 5 GB of the disk")
    parser.add_argument("--write", action="store_true", help="write the section of docs/large.md")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    lines = measure(given.sizes, given.repeats)
    write_or_log("merging", lines, LARGE_PAGE, given.write)


if __name__ == "__main__":
    main()
