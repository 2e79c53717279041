"""Time whole orders of dense sets: ``python benchmarks/dense.py --write``.

In a dense set most environments are within the kernel's reach of each other, so that every pair counts. The
alloys are made here: bcc cells of four elements, strained at random and displaced as a harmonic crystal is at
each temperature. The other sets are those of ``../shared/data`` that are the most alike. Times are medians
of three runs, compilation excluded; ``--write`` writes the section of docs/benchmarks.md.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable

import numpy as np
from ase import Atoms
from ase.build import bulk
from report import ROOT, write_section

import quests_core as q

ELEMENTS = ("Mo", "Nb", "Ta", "W")
LATTICE_CONSTANT = 3.24
# K, and the root mean square displacement along one axis at each, Å.
TEMPERATURES = {300: 0.02, 600: 0.03, 1200: 0.04, 2400: 0.06}
MAX_STRAIN = 0.01
SIZES = (10_000, 20_000, 40_000)
DATA = ROOT.parent / "shared" / "data"
MEASURED = ("inp_part", "mlearn_Si", "gete_part")
METHODS = ("msc", "balanced")
log = logging.getLogger("dense")


def alloy(n_environments: int, seed: int = 0) -> list[Atoms]:
    """Return frames with at least `n_environments` atoms in total; label: the temperature."""
    rng = np.random.default_rng(seed)
    displacements = list(TEMPERATURES.items())
    frames, n = [], 0
    while n < n_environments:
        temperature, displacement = displacements[len(frames) % len(displacements)]
        repeats = rng.choice([(2, 2, 2), (2, 2, 3), (2, 3, 3), (3, 3, 3)])
        atoms = bulk("Mo", "bcc", LATTICE_CONSTANT, cubic=True).repeat(tuple(repeats))
        atoms.symbols[:] = rng.choice(ELEMENTS, len(atoms))
        strain = rng.uniform(-MAX_STRAIN, MAX_STRAIN, (3, 3))
        atoms.set_cell(atoms.cell @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
        atoms.positions += rng.normal(scale=displacement, size=(len(atoms), 3))
        atoms.info["config_type"] = f"{temperature}K"
        frames.append(atoms)
        n += len(atoms)
    return frames


def seconds(function: Callable[[], object]) -> float:
    """Return the median wall time of three calls."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(envs: q.Environments) -> tuple[float, ...]:
    """Return the time of `entropy` and those of the orders, each including the construction of tiles."""
    q.entropy(envs.take(range(8)))
    times = [seconds(lambda: q.entropy(q.Environments(envs.X, envs.offsets)))]
    for method in METHODS:
        q.select(envs.take(range(8)), method)
        times.append(seconds(lambda m=method: q.select(q.Environments(envs.X, envs.offsets), m)))
    return tuple(times)


def table(sizes: tuple[int, ...], names: tuple[str, ...]) -> list[str]:
    """Return the lines of the table, and the growth with the size of the alloy."""
    sets = {f"alloy, made, {size:,}": lambda size=size: alloy(size) for size in sizes}
    sets |= {name: lambda name=name: q.read(DATA / f"{name}.xyz.gz") for name in names}
    lines = [
        f"| set | frames | environments | H of ln N | `entropy` | {' | '.join(f'`{m}`' for m in METHODS)} |",
        "|---|---|---|---|---|---|---|",
    ]
    orders = []
    for name, frames in sets.items():
        envs = q.descriptors(frames())
        entropy, *times = measure(envs)
        orders.append(times[0])
        ratios = " | ".join(f"{one:.1f} s, {one / entropy:.1f}×" for one in times)
        found = f"{q.entropy(envs):.1f} of {np.log(envs.n_envs):.1f}"
        lines.append(f"| {name} | {len(envs):,} | {envs.n_envs:,} | {found} | {entropy:.2f} s | {ratios} |")
        log.info(lines[-1])
    exponent = np.log(orders[len(sizes) - 1] / orders[0]) / np.log(sizes[-1] / sizes[0])
    return [*lines, "", f"The time of `msc` for the alloy grows with the exponent {exponent:.1f}."]


def main() -> None:
    """Measure, log, and write the section if requested."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="environments of the alloys")
    parser.add_argument("--sets", nargs="*", default=MEASURED, help="files of ../shared/data")
    options = parser.parse_args()
    text = [
        "## Dense sets",
        "",
        "Most environments are within the kernel's reach of each other, so that every pair counts. Times of",
        "whole orders, also in multiples of one `entropy` of the same set (`python benchmarks/dense.py`).",
        "",
        *table(tuple(options.sizes), tuple(options.sets)),
    ]
    log.info(text[-1])
    if options.write:
        write_section("dense", text)


if __name__ == "__main__":
    main()
