"""Measure stores of descriptors on disk: ``python benchmarks/large.py --write``.

The set is made here: frames of ``../shared/data/gap20_partial.xyz.gz``, drawn at random, strained and
displaced so that environments differ. Each step runs in a process of its own, of which the peak of resident
memory above that after imports and compilation is reported, with and without mapped files. ``--write`` writes
the section of docs/large.md.
"""

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from report import LARGE_PAGE, ROOT, write_or_log
from scipy.spatial.distance import cdist
from scipy.special import stdtrit

import quests_core as q
from quests_core.utils.mapped_arrays import MappedArrays
from quests_core.utils.memory import process_memory, resident

SOURCE = ROOT.parent / "shared" / "data" / "gap20_partial.xyz.gz"
MAX_STRAIN, DISPLACEMENTS = 0.03, (0.01, 0.03, 0.1)
N_QUERIES = 1000
# Å, between frames that are nearly equal.
NOISE = 1e-6
# Å⁻¹, the default bandwidth, and the distance in bandwidths at which a kernel is 2e-8.
H, REACH = 0.015, 6
# Share of the frames that is selected.
SHARE = 0.01
log = logging.getLogger("large")


def write_frames(path: Path, n_environments: int, seed: int = 0, n_repeats: int = 1) -> int:
    """Write frames with at least `n_environments` atoms in total, one by one; return the number of atoms.

    Each is written `n_repeats` times; displaced by `NOISE`, if more than once.
    """
    rng, sources, n = np.random.default_rng(seed), q.read(SOURCE), 0
    with path.open("w") as file:
        while n < n_environments:
            atoms = sources[rng.integers(len(sources))].copy()
            strain = rng.uniform(-MAX_STRAIN, MAX_STRAIN, (3, 3))
            atoms.set_cell(atoms.cell @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
            atoms.positions += rng.normal(scale=rng.choice(DISPLACEMENTS), size=(len(atoms), 3))
            cell = " ".join(f"{x:.8f}" for x in atoms.cell.array.ravel())
            pbc = " ".join("FT"[int(x)] for x in atoms.pbc)
            for _ in range(n_repeats):
                noise = rng.normal(scale=NOISE, size=(len(atoms), 3)) if n_repeats > 1 else 0
                file.write(f'{len(atoms)}\nLattice="{cell}" pbc="{pbc}" Properties=species:S:1:pos:R:3\n')
                rows = zip(atoms.symbols, atoms.positions + noise, strict=True)
                file.writelines(f"{symbol} {x:.8f} {y:.8f} {z:.8f}\n" for symbol, (x, y, z) in rows)
                n += len(atoms)
    return n


def describe(folder: Path, limit: str) -> dict:
    """Write the store."""
    envs = q.descriptors(folder / "large.xyz", store=folder / "large.envs", memory_limit=limit)
    return {"n_frames": len(envs), "n_envs": envs.n_envs}


def describe_again(folder: Path, limit: str) -> dict:
    """Open the complete store by the same call, which hashes the file."""
    return describe(folder, limit)


def estimate(folder: Path, limit: str) -> dict:
    """Estimate the entropy from 1,000 environments."""
    found = q.estimate_entropy(q.Environments.open(folder / "large.envs", limit))
    return {"entropy": found.entropy, "low": found.low, "high": found.high}


def entropy(folder: Path, limit: str) -> dict:
    """Compute the entropy."""
    envs = q.Environments.open(folder / "large.envs", limit)
    return {"entropy": q.entropy(envs), "where": where(envs)}


def entropy_merged(folder: Path, limit: str) -> dict:
    """Compute the entropy after merging."""
    envs = q.Environments.open(folder / "large.envs", limit)
    return {"entropy": q.entropy(envs, merge=1e-3), "remain": len(envs.merged(1e-3 * H))}


def within_reach(folder: Path, limit: str) -> dict:
    """Return the mean number of environments within reach of 200 of them."""
    envs = q.Environments.open(folder / "large.envs", limit)
    rows = np.sort(np.random.default_rng(2).choice(envs.n_envs, 200, replace=False))
    some, n = envs.store.rows(rows), 0
    for start in range(0, envs.n_envs, 16384):
        part = envs.store.rows(np.arange(start, min(start + 16384, envs.n_envs)))
        n += np.count_nonzero(cdist(some, part, "sqeuclidean") < (REACH * H) ** 2)
    return {"mean": n / len(some)}


def where(envs: q.Environments) -> str:
    """Return where the tiles of a store are."""
    if envs.shards is not None:
        return f"{len(envs.shards)} shards"
    return "tiles in files" if isinstance(envs.arrays, MappedArrays) else "tiles in memory"


def select(folder: Path, limit: str, method: str = "balanced") -> dict:
    """Select 1 % of the frames, and compute their metrics."""
    envs = q.Environments.open(folder / "large.envs", limit)
    order = q.select(envs, method, SHARE).order
    curve = q.compression_curve(envs, order, sizes=[len(order)])
    return {"order": order.tolist(), "curve": curve.to_numpy().tolist(), "where": where(envs)}


def select_msc(folder: Path, limit: str) -> dict:
    """Do the same by ``msc``."""
    return select(folder, limit, "msc")


def coverage(folder: Path, limit: str) -> dict:
    """Return the share of 2,000 intervals of `estimate_entropy` from 1,000 environments with the entropy."""
    envs = q.Environments.open(folder / "large.envs", limit)
    values, n, m = np.log(envs.n_envs) - q.log_kernel_sum(envs, envs), envs.n_envs, 1000
    rng, inside = np.random.default_rng(0), 0
    for _ in range(2000):
        sample = values[rng.choice(n, m, replace=False)]
        half = stdtrit(m - 1, 0.975) * sample.std(ddof=1) * np.sqrt((1 - m / n) / m)
        inside += abs(sample.mean() - values.mean()) <= half
    return {"coverage": inside / 2000}


def delta_entropy(folder: Path, limit: str) -> dict:
    """Compute δH of displaced environments against the store."""
    envs = q.Environments.open(folder / "large.envs", limit)
    return {"values": q.delta_entropy(queries(envs), envs).tolist()}


def single_precision(folder: Path, limit: str) -> dict:
    """Compare δH with that against descriptors rounded to single precision, both in double precision."""
    envs = q.Environments.open(folder / "large.envs")
    rounded = envs.X.astype(np.float32).astype(np.float64)
    y = queries(envs)
    y_rounded = y.astype(np.float32).astype(np.float64)
    exact = q.delta_entropy(y, envs, precision="double")
    errors = np.abs(q.delta_entropy(y_rounded, rounded, precision="double") - exact)
    return {"max_error": errors.max(), "mean_error": errors.mean(), "share_above": (errors > 1e-5).mean()}


def queries(envs: q.Environments) -> np.ndarray:
    """Return environments of the store, displaced by up to about ten bandwidths."""
    rng = np.random.default_rng(1)
    rows = np.sort(rng.choice(envs.n_envs, N_QUERIES, replace=False))
    scale = rng.uniform(0, 0.15, (N_QUERIES, 1)) / np.sqrt(envs.X.shape[1])
    return envs.store.rows(rows) + scale * rng.normal(size=(N_QUERIES, envs.X.shape[1]))


STEPS: dict[str, Callable[[Path, str], dict]] = {
    one.__name__: one
    for one in (
        describe,
        describe_again,
        estimate,
        entropy,
        entropy_merged,
        within_reach,
        coverage,
        delta_entropy,
        single_precision,
        select,
        select_msc,
    )
}


def peak() -> int:
    """Return the peak of resident memory, bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


class AnonymousMemory:
    """Samples by how much the memory grows that belongs to no file; the system cannot take it back."""

    def __enter__(self):
        """Start to sample."""
        self.most, self._ends, self._before = 0, threading.Event(), self._now()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_):
        """Stop."""
        self._ends.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ends.wait(0.01):
            self.most = max(self.most, self._now() - self._before)

    @staticmethod
    def _now() -> int:
        found = process_memory()
        return found.rss - found.shared


def child(step: str, folder: Path, limit: str) -> None:
    """Run a step, and print its result with time and memory."""
    warm = q.descriptors(q.read(SOURCE)[:3])
    q.entropy(warm)
    q.delta_entropy(warm.X[:5], warm)
    for method in ("balanced", "msc"):
        q.compression_curve(warm, q.select(warm, method).order)
    before = resident() or 0
    # Resets the peak.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    start = time.perf_counter()
    with AnonymousMemory() as anonymous:
        result = STEPS[step](folder, limit)
    seconds = time.perf_counter() - start
    result |= {"seconds": seconds, "bytes": peak() - before, "anonymous": anonymous.most}
    sys.stdout.write(json.dumps(result))


def run(step: str, folder: Path, limit: str = "10GB") -> dict:
    """Run a step in a process of its own."""
    arguments = [sys.executable, __file__, "--child", step, str(folder), limit]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    log.info("%s %s: %.1f s, %.0f MB", step, limit, result["seconds"], result["bytes"] / 1e6)
    return result


def measure(folder: Path, n_environments: int, limits: list[str]) -> list[str]:
    """Return the section of the page."""
    write_frames(folder / "large.xyz", n_environments)
    size = (folder / "large.xyz").stat().st_size
    described, again = run("describe", folder), run("describe_again", folder)
    disk = sum(path.stat().st_size for path in (folder / "large.envs").iterdir())
    whole, estimated = run("entropy", folder), run("estimate", folder, limits[-1])
    delta, rounding = run("delta_entropy", folder), run("single_precision", folder)
    covered = run("coverage", folder)["coverage"]
    lines = [
        f"{described['n_envs']:,} environments in {described['n_frames']:,} frames ({size / 1e6:.0f} MB of "
        f"text), {disk / 1e6:.0f} MB on disk (`benchmarks/large.py`), on a machine that did other work at "
        "the same time. Memory is the peak above that after imports: all that is resident, and without "
        "mapped files, which the system can take back.",
        "",
        "| step | memory limit | wall time | resident | without files | result |",
        "|---|---|---|---|---|---|",
        row("`descriptors(file, store=…)`", "one chunk", described, "the store"),
        row("the same, store complete", "–", again, "opened"),
        row("`estimate_entropy`", limits[-1], estimated, interval(estimated)),
        row("`entropy`", "none: in memory", whole, f"{whole['entropy']:.6f} nats"),
    ]
    for limit in limits:
        found = run("entropy", folder, limit)
        difference = abs(found["entropy"] - whole["entropy"])
        lines.append(row("`entropy`", limit, found, f"{found['where']}, differs by {difference:.0e} nats"))
    name = f"`delta_entropy` of {N_QUERIES:,} environments"
    lines.append(row(name, "none: in memory", delta, ""))
    for limit in limits:
        found = run("delta_entropy", folder, limit)
        difference = np.abs(np.subtract(found["values"], delta["values"])).max()
        lines.append(row(name, limit, found, f"differ by at most {difference:.0e} nats"))
    for step, method in (("select", "balanced"), ("select_msc", "msc")):
        name, best = f'`select(…, "{method}", {SHARE})`, curve', run(step, folder)
        lines.append(row(name, "none: in memory", best, f"{len(best['order']):,} frames"))
        # Sums need less memory than selections.
        for limit in limits[:1]:
            found = run(step, folder, limit)
            same = all(found[key] == best[key] for key in ("order", "curve"))
            text = "the same frames and metrics" if same else "OTHER frames or metrics"
            lines.append(row(name, limit, found, f"{found['where']}, {text}"))
    lines += [
        "",
        f"The 95 % interval of `estimate_entropy` contains the entropy in {covered:.1%} of 2,000 samples.",
        "",
        "Descriptors in single precision would take half of the disk, but change δH of these environments "
        f"by up to {rounding['max_error']:.1e} nats (mean {rounding['mean_error']:.0e}), where 1e-5 nats in "
        "total are promised: they are stored in double precision.",
    ]
    return lines


def row(step: str, limit: str, result: dict, text: str) -> str:
    """Return a row of the table."""
    memory = f"{result['bytes'] / 1e6:.0f} MB | {result['anonymous'] / 1e6:.0f} MB"
    return f"| {step} | {limit} | {result['seconds']:.1f} s | {memory} | {text} |"


def interval(found: dict) -> str:
    """Format an estimate."""
    return f"{found['entropy']:.3f} nats, 95 %: {found['low']:.3f} to {found['high']:.3f}"


def main() -> None:
    """Measure, and print or write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=int, default=300_000)
    parser.add_argument("--limits", nargs="+", default=["200MB", "80MB"])
    parser.add_argument("--write", action="store_true", help="write the section of docs/large.md")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]), given.child[2])
        return
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(Path(folder), given.environments, given.limits)
    write_or_log("large", lines, LARGE_PAGE, given.write)


if __name__ == "__main__":
    main()
