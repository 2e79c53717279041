"""Measure how time and memory grow with the size of a set: ``python benchmarks/growth.py --write``.

Sets are made as in benchmarks/large.py: diverse ones, of strained and displaced frames, and redundant ones,
in which each of these frames is repeated. One part of a set of 50 million environments is described and
estimated too, from which the whole is modelled. ``--write`` writes sections and the figure of docs/large.md.
"""

import argparse
import logging
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from large import NOISE, REACH, log, run, write_frames
from report import LARGE_PAGE, write_or_log

# What is timed on diverse sets, with its name in table and figure.
STEPS = {
    "describe": "descriptors",
    "estimate": "estimate of the entropy",
    "entropy": "entropy",
    "select_msc": "1 % by `msc`",
    "select": "1 % by `balanced`",
}
MERGED, N_REPEATS = "entropy of a redundant set, merged", 20
Points = dict[str, list[tuple[int, float]]]


def of_diverse_set(folder: Path, size: int, limit: str, n_most_balanced: int, points: Points) -> str:
    """Measure the steps on a set, add the times, and return the row of the table."""
    n = write_frames(folder / "large.xyz", size)
    cells = [f"{n:,}"]
    for step, name in STEPS.items():
        if step == "select" and size > n_most_balanced:
            cells.append("not run")
            continue
        found = run(step, folder, limit)
        points[name].append((n, found["seconds"]))
        cells.append(f"{found['seconds']:.1f} s, {found['bytes'] / 1e6:.0f} MB")
    near = run("within_reach", folder, limit)["mean"]
    points["pairs"].append((n, n * near))
    return " | ".join([*cells, f"{near:,.0f}"])


def of_redundant_set(folder: Path, size: int, limit: str, points: Points) -> str:
    """Measure the entropy of a redundant set, add the time, and return the cell of the table."""
    n = write_frames(folder / "large.xyz", size, n_repeats=N_REPEATS)
    run("describe", folder, limit)
    found = run("entropy_merged", folder, limit)
    points[MERGED].append((n, found["seconds"]))
    return f"{found['seconds']:.1f} s, {found['bytes'] / 1e6:.0f} MB, {found['remain']:,} remain"


def growth(
    folder: Path, sizes: list[int], limit: str, n_most_balanced: int, figure: Path | None
) -> list[str]:
    """Return the section of the page on sets of several sizes, each made on its own."""
    points: Points = defaultdict(list)
    names = [*STEPS.values(), f"environments within {REACH} bandwidths of one", MERGED]
    lines = [
        f"Sets of several sizes with a memory limit of {limit} (`benchmarks/growth.py`), each step in a "
        "process of its own: wall time, and the peak of resident memory above that after imports. Selections "
        "include the metrics of the subset. In a redundant set, of as many environments, each frame is "
        f"repeated {N_REPEATS} times with displacements of {NOISE:g} Å, and merged by `merge=1e-3`.",
        "",
        f"| environments | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
    ]
    for size in sizes:
        cells = []
        for of_set, options in ((of_diverse_set, (n_most_balanced,)), (of_redundant_set, ())):
            part = folder / str(size)
            part.mkdir()
            cells.append(of_set(part, size, limit, *options, points))
            shutil.rmtree(part)
        lines.append(f"| {' | '.join(cells)} |")
        log.info("%s", lines[-1])
    timed = (points[name] for name in (*STEPS.values(), "pairs", MERGED))
    exponents = [
        f"{exponent(some[-2:]):.2f} ({exponent(some):.2f})" if len(some) > 1 else "–" for some in timed
    ]
    lines.append(f"| exponent of the last two sizes (of all); of pairs | {' | '.join(exponents)} |")
    if figure:
        draw(points, figure)
    return lines


def exponent(points: list[tuple[int, float]]) -> float:
    """Return the exponent of a power of the size, fitted to times."""
    n, seconds = np.log(np.array(points)).T
    return float(np.polyfit(n, seconds, 1)[0])


def draw(points: Points, path: Path) -> None:
    """Draw times against sizes, with the exponents of the last two."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for name in (*STEPS.values(), MERGED):
        n, seconds = np.array(points[name]).T
        label = name.replace("`", "")
        if len(n) > 1:
            label += f": {exponent(points[name][-2:]):.2f}"
        ax.loglog(n, seconds, "o-", lw=1.6, ms=5, label=label)
    ax.set_xlabel("environments")
    ax.set_ylabel("wall time / s")
    ax.grid(alpha=0.3)
    ax.legend(title="exponent of the last two sizes", fontsize=9, frameon=False)
    fig.savefig(path, dpi=130)
    plt.close(fig)


def of_part(folder: Path, size: int, total: int, limit: str) -> list[str]:
    """Describe and estimate one part of a set, and return the section about the whole."""
    n = write_frames(folder / "large.xyz", size)
    described, estimated = (run(step, folder, limit) for step in ("describe", "estimate"))
    disk = sum(path.stat().st_size for path in (folder / "large.envs").iterdir())
    text, parts = (folder / "large.xyz").stat().st_size, total / n
    rows = (
        ("text", f"{text / 1e6:.0f} MB", f"{parts * text / 1e9:.1f} GB"),
        ("store on disk", f"{disk / 1e6:.0f} MB", f"{parts * disk / 1e9:.1f} GB"),
        ("descriptors", f"{described['seconds']:.0f} s", f"{parts * described['seconds'] / 60:.0f} min"),
        ("estimate of the entropy", f"{estimated['seconds']:.1f} s", f"{parts * estimated['seconds']:.0f} s"),
    )
    memory = max(described["bytes"], estimated["bytes"])
    return [
        f"One part in {parts:.0f} of a set of {total:,} environments: {n:,} were described and estimated "
        f"with a limit of {limit}, and took {memory / 1e6:.0f} MB; the whole takes {parts:.0f} times as "
        "long, as both grow linearly (exponents above).",
        "",
        "| | measured | whole, modelled |",
        "|---|---|---|",
        *(f"| {name} | {measured} | {modelled} |" for name, measured, modelled in rows),
    ]


def main() -> None:
    """Measure, and print or write the sections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000, 1_000_000, 2_700_000])
    parser.add_argument("--limit", default="2GB", metavar="BYTES")
    parser.add_argument("--most-balanced", type=int, default=100_000, help="largest set for `balanced`")
    parser.add_argument("--part", type=int, default=1_000_000, help="environments that are described")
    parser.add_argument("--total", type=int, default=50_000_000, help="environments of the set it is part of")
    parser.add_argument("--only", choices=("growth", "part"))
    parser.add_argument("--write", action="store_true", help="write sections and figure of docs/large.md")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    figure = LARGE_PAGE.with_name("growth.png") if given.write else None
    sections = {
        "growth": lambda folder: growth(folder, given.sizes, given.limit, given.most_balanced, figure),
        "part": lambda folder: of_part(folder, given.part, given.total, given.limit),
    }
    for name, measure in sections.items():
        if given.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                lines = measure(Path(folder))
            write_or_log(name, lines, LARGE_PAGE, given.write)


if __name__ == "__main__":
    main()
