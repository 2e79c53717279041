"""Time quests_core and the peer package in the same run, and write the tables of README and docs.

``python benchmarks/speed.py`` with the extra ``benchmark`` installed measures on the sets of
``../shared/data``; ``--write`` writes the tables of the README and of docs/benchmarks.md. Ratios are
of median wall times, excluding compilation. The peer's ``entropy`` runs with three batch sizes, of which the
fastest counts; its ``msc`` is too slow to repeat.
"""

import argparse
import logging
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from dense import alloy
from quests.compression.fps import msc as peer_msc
from quests.descriptor import get_descriptors as peer_descriptors
from quests.entropy import entropy as peer_entropy
from report import write_section

import quests_core as q

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
# Å: the displacement along one axis of silicon at 300 K.
DISPLACEMENT = 0.075
# Of the default descriptor.
DIMENSION = 63
log = logging.getLogger("speed")


def timed(function: Callable[[], object], repeats: int = 3, seconds: float = 3.0) -> float:
    """Return the median wall time in seconds, of at least `repeats` calls and `seconds` in total."""
    times = []
    while len(times) < repeats or sum(times) < seconds:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def fresh(envs: q.Environments) -> q.Environments:
    """Return the same environments without cached tiles, so that building them is timed too."""
    return q.Environments(envs.X, envs.offsets)


def row(work: str, peer: float, ours: float) -> str:
    """Return and log a line of the table."""
    line = f"| {work} | **{peer / ours:.0f}×** | {ours:.2f} s | {peer:.1f} s |"
    log.info(line)
    return line


def entropy_times(X: np.ndarray) -> tuple[float, float]:
    """Return the time of the peer's entropy at its best batch size, and of ours."""
    sizes = (500, 1000, 2000)
    best = min(timed(lambda b=b: peer_entropy(X, h=0.015, batch_size=b), 1, 0.0) for b in sizes)
    return best, timed(lambda: q.entropy(X))


def crystal(n_environments: int, seed: int = 0) -> list[Atoms]:
    """Return cells of silicon at 300 K, displaced as those of a harmonic crystal."""
    rng, cell = np.random.default_rng(seed), bulk("Si", cubic=True) * 3
    frames = [cell.copy() for _ in range(-(-n_environments // len(cell)))]
    for atoms in frames:
        atoms.positions += rng.normal(scale=DISPLACEMENT, size=(len(atoms), 3))
    return frames


def dense_sums() -> list[str]:
    """Return the lines of the table of entropies of dense sets, with the rate of a matrix product."""
    sets = {
        "alloy, made (`benchmarks/dense.py`)": lambda: alloy(20_000),
        "silicon at 300 K, made": lambda: crystal(20_000),
        "gete_part": lambda: q.read(DATA / "gete_part.xyz.gz"),
        "mlearn_Si": lambda: q.read(DATA / "mlearn_Si.xyz.gz"),
    }
    lines = [
        "| set | environments | H of ln N | speedup | ns per pair | of `sgemm` |",
        "|---|---|---|---|---|---|",
    ]
    for name, frames in sets.items():
        X = q.descriptors(frames()).X
        peer, ours = entropy_times(X)
        single = np.ascontiguousarray(X[:8000], dtype=np.float32)
        product = timed(lambda single=single: single @ single.T) / len(single) ** 2
        # Each pair counts twice, as in the product, which computes both.
        pair = ours / len(X) ** 2
        lines.append(
            f"| {name} | {len(X):,} | {q.entropy(X):.1f} of {np.log(len(X)):.1f} | **{peer / ours:.1f}×** "
            f"| {1e9 * pair:.2f} | {product / pair:.2f} |"
        )
        log.info(lines[-1])
    return lines


def compare_msc(envs: q.Environments, work: str) -> str:
    """Time the whole order of `msc`."""
    blocks = list(envs)
    entropies = np.array([peer_entropy(block, h=0.015) for block in blocks])
    peer = timed(lambda: peer_msc(blocks, entropies, len(blocks), h=0.015), 1, 0.0)
    return row(work, peer, timed(lambda: q.select(fresh(envs), "msc")))


def comparisons() -> list[str]:
    """Return the lines of the comparison with the peer."""
    frames = q.read(DATA / "gap20_partial.xyz.gz")
    sample = frames[::20]
    n_atoms = sum(map(len, sample))
    fullerenes = q.descriptors(q.read(DATA / "gap20_Fullerenes.xyz.gz"))
    # Compile everything once.
    small = fullerenes.take(range(8))
    q.compression_curve(small, q.select(small, "msc").order)
    q.entropy(small)
    peer_descriptors(sample[:2])
    peer_entropy(small.X, h=0.015, batch_size=100)
    peer_msc(list(small), np.zeros(8), 3, h=0.015)

    lines = [
        row(
            f"`descriptors`, {n_atoms:,} environments (every 20th frame of gap20_partial)",
            timed(lambda: peer_descriptors(sample)),
            timed(lambda: q.descriptors(sample)),
        )
    ]
    envs = q.descriptors(frames)
    lines.append(row("`entropy`, 30,000 environments of gap20_partial", *entropy_times(envs.X[:30_000])))
    lines.append(
        compare_msc(fullerenes, "`select(method='msc')`, gap20_Fullerenes, 272 frames, 11,782 environments")
    )
    first = envs.take(range(1000))
    lines.append(
        compare_msc(
            first, f"`select(method='msc')`, 1,000 frames of gap20_partial, {first.n_envs:,} environments"
        )
    )
    return lines


def whole_analysis() -> list[str]:
    """Return the time of each step of the analysis of gap20_partial, and its memory."""
    steps, start = {}, time.perf_counter()

    def step(name: str, function: Callable[[], object]) -> object:
        before = time.perf_counter()
        result = function()
        steps[name] = time.perf_counter() - before
        return result

    frames = step("read", lambda: q.read(DATA / "gap20_partial.xyz.gz"))
    envs = step("descriptors", lambda: q.descriptors(frames))
    step("entropy", lambda: q.entropy(envs))
    order = step("msc order", lambda: q.select(envs, "msc").order)
    step("curve at 200 sizes", lambda: q.compression_curve(envs, order))
    total = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    entropy_30k = timed(lambda: q.entropy(envs.X[:30_000]))
    exponent = np.log(steps["entropy"] / entropy_30k) / np.log(envs.n_envs / 30_000)
    every = timed(lambda: q.compression_curve(envs, order, sizes=range(1, len(envs) + 1)), 1, 0.0)
    lines = [
        f"{envs.n_envs:,} environments in {len(envs):,} frames, from the file to the whole curve: "
        f"**{total:.0f} s**, {memory:.1f} GB resident at most "
        f"({', '.join(f'{name} {seconds:.1f} s' for name, seconds in steps.items())}).",
        f"The curve takes {steps['curve at 200 sizes'] / steps['entropy']:.1f} times one `entropy` of the "
        f"set at 200 sizes, {every / steps['entropy']:.1f} times at every size. From 30,000 to "
        f"{envs.n_envs:,} environments the time of `entropy` grows with the exponent {exponent:.2f}.",
    ]
    for line in lines:
        log.info(line)
    return lines


def first_call() -> str:
    """Return the extra time of the first analysis in a new process, with and without compiled kernels."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, "--first"]
        found = [
            float(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
            for env in [{**os.environ, "NUMBA_CACHE_DIR": cache}] * 2
        ]
    line = (
        f"The first analysis in a new process takes {found[1]:.1f} s longer than the second; "
        f"{found[0]:.0f} s if nothing is compiled yet."
    )
    log.info(line)
    return line


def first_and_second() -> float:
    """Return the extra time of the first analysis in this process over the second."""
    frames = q.read(DATA / "gap20_Fullerenes.xyz.gz")[:40]

    def analyse() -> None:
        envs = q.descriptors(frames)
        q.entropy(envs)
        q.compression_curve(envs, q.select(envs, "msc").order)

    return timed(analyse, 1, 0.0) - timed(analyse, 1, 0.0)


def machine() -> str:
    """Return a description of the machine."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = re.search(r"model name\s*:\s*(.*)", info.read_text()).group(1)
    return f"{os.cpu_count()} cores of an {model}, Python {platform.python_version()}"


def main() -> None:
    """Measure, log, and write the tables if requested."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the tables of README and docs")
    parser.add_argument("--whole", action="store_true", help="only time the whole analysis")
    parser.add_argument("--first", action="store_true", help="only time the first analysis")
    options = parser.parse_args()
    if options.first:
        sys.stdout.write(str(first_and_second()))
        return
    if options.whole:
        q.compression_curve(small := q.Environments(np.eye(9), range(10)), q.select(small, "msc").order)
        q.entropy(np.eye(9))
        q.descriptors([bulk("Cu")])
        sys.stdout.write("\n".join(whole_analysis()))
        return
    # A separate process, for its peak memory.
    whole = subprocess.run(
        [sys.executable, __file__, "--whole"], capture_output=True, text=True, check=True
    ).stdout
    table = ["| work | speedup | quests_core | `quests` |", "|---|---|---|---|", *comparisons()]
    text = [
        "## Speed",
        "",
        f"Against the `quests` package (2026.2.22) in the same run, on {machine()}:",
        "medians of wall times, compilation excluded (`benchmarks/speed.py`).",
        "",
        *table,
        "",
        "Sums of dense sets, where most pairs are within the kernel's reach: the rate of pairs is also given",
        f"relative to that of a matrix product, `X @ X.T` in single precision, d = {DIMENSION}, which is the",
        "work of the distances alone.",
        "",
        *dense_sums(),
        "",
        whole,
        first_call(),
    ]
    log.info("\n".join(text))
    if options.write:
        write_section("speed", text)
        write_section("speed", table, ROOT / "README.md")


if __name__ == "__main__":
    main()
