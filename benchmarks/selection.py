"""Compare the selection methods on real sets: ``python benchmarks/selection.py --write``.

Every method orders each set of ``../shared/data``; at 5, 10, 25, 50 and 75 % of the frames its subset is
compared with that of `msc`: overlap, information loss, diversity, entropy, and the force tail (the
Kolmogorov-Smirnov distance of |F| to the full set's). A cell is one set at one size. gap20_partial is
taken apart by its labels, as a set is what one calculation was made for; labels with a file of their own
and those of fewer than 50 frames are left out. The same is done at the number of environments that
`msc` has at these sizes, the methods that know costs then dividing by the number of environments.

`balanced` was found on the sets named in `TUNED_ON`; the tables tell them from the others. ``--write``
puts the tables into the README and the figure into docs; ``--sets`` takes a part; sets that a file given
as ``--csv`` holds already are not measured again.
"""

import argparse
import logging
import time
from pathlib import Path

import numpy as np
import pandas as pd

import quests_core as q

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
MARKS = "<!-- selection -->", "<!-- /selection -->"
TUNED_ON = (
    "3bpa",
    "agpd_msg",
    "cu_poet_19",
    "gap20_Fullerenes",
    "gap20_Graphite",
    "gap20_Nanotubes",
    "mg_fletcher_ns",
    "mlearn_Mo",
)
TAKEN_APART, FEWEST_FRAMES = "gap20_partial", 50
FRACTIONS = (0.05, 0.1, 0.25, 0.5, 0.75)
METHODS = ("msc", "information_loss", "coverage", "balanced", "fps", "mean_fps", "random")
WITH_COSTS = ("information_loss", "coverage", "balanced")
# Less than this is rounding: such cells are ties, and count as not worse.
TIE = 1e-6
# Entropy is as good where it is lower by no more than this, in nats.
ENTROPY_MARGIN = 0.05
log = logging.getLogger("selection")


def forces_of(frames) -> np.ndarray:
    """Return |F| of every atom; NaN where a frame has none."""
    norms = []
    for atoms in frames:
        forces = q.atoms_forces(atoms)
        norms.append(np.full(len(atoms), np.nan) if forces is None else np.linalg.norm(forces, axis=1))
    return np.concatenate(norms)


def ks_distance(all_values: np.ndarray, values: np.ndarray) -> float:
    """Return the largest difference of two empirical distribution functions."""
    grid = np.sort(all_values)
    full = np.arange(1, len(grid) + 1) / len(grid)
    part = np.searchsorted(np.sort(values), grid, side="right") / max(len(values), 1)
    return float(np.abs(full - part).max(initial=0.0))


def frames_of(path: Path) -> dict[str, list]:
    """Return the sets of a file."""
    name, frames = path.name.split(".")[0], q.read(path)
    if name != TAKEN_APART:
        return {name: frames}
    files = {path.name.split(".")[0] for path in DATA.glob("*.xyz.gz")}
    by_label = {}
    for atoms in frames:
        by_label.setdefault(f"gap20_{atoms.info['config_type']}", []).append(atoms)
    return {
        label: part for label, part in by_label.items() if len(part) >= FEWEST_FRAMES and label not in files
    }


def measure(name: str, frames: list) -> pd.DataFrame:
    """Return the numbers of every method at every size of one set."""
    envs, forces = q.descriptors(frames), forces_of(frames)
    sizes = sorted({max(1, int(fraction * len(envs) + 0.5)) for fraction in FRACTIONS})
    tables = []
    for method in METHODS:
        start = time.perf_counter()
        order = q.select(envs, method).order
        seconds = time.perf_counter() - start
        if method == "msc":
            room = np.cumsum(envs.sizes[order])[np.array(sizes) - 1]
        tables.append(table_of(envs, forces, order, np.array(sizes)).assign(at="frames"))
        if method in WITH_COSTS:
            order = q.select(envs, method, cost="environments").order
        # The most frames that are no more environments than those of `msc`.
        fitting = np.maximum(1, np.searchsorted(np.cumsum(envs.sizes[order]), room, side="right"))
        tables.append(table_of(envs, forces, order, fitting).assign(at="environments"))
        for table in tables[-2:]:
            table[["set", "method", "seconds"]] = name, method, seconds
        log.info("%s %s: %.1f s", name, method, seconds)
    return pd.concat(tables, ignore_index=True)


def table_of(envs, forces: np.ndarray, order: np.ndarray, sizes: np.ndarray) -> pd.DataFrame:
    """Return every metric of the subsets of the given sizes, a row a fraction."""
    curve = q.compression_curve(envs, order, sizes=np.unique(sizes))
    table = curve.set_index("n_frames").loc[sizes].reset_index()
    known = np.isfinite(forces)
    kept = [np.isin(envs.frame_index, order[:size]) & known for size in sizes]
    table["force_ks"] = [ks_distance(forces[known], forces[mask]) for mask in kept]
    table["cell"] = FRACTIONS[: len(sizes)]
    return table


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return each cell's difference to `msc`."""
    names = ["overlap", "information_loss", "diversity", "entropy", "force_ks", "max_delta_entropy"]
    table = table.set_index(["set", "cell", "method"])[names]
    base = table.xs("msc", level="method")
    return table - base.reindex(table.index.droplevel("method")).set_axis(table.index)


def judged(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each cell, in what it is at least as good as `msc`."""
    good = pd.DataFrame(
        {
            "overlap": difference.overlap >= -TIE,
            "information loss": difference.information_loss <= TIE,
            "diversity": difference.diversity >= -TIE,
            f"entropy (− {ENTROPY_MARGIN})": difference.entropy >= -ENTROPY_MARGIN,
            # A set without forces loses nothing.
            "force KS": ~(difference.force_ks > TIE),
            # In single precision a δH is good to 1e-5 nats.
            "largest δH": difference.max_delta_entropy <= 1e-5,
        }
    )
    good["first three at once"] = good.iloc[:, :3].all(axis=1)
    good["first four at once"] = good.iloc[:, :4].all(axis=1)
    return good


def wins(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each method, in how many cells it is at least as good as `msc`."""
    groups = judged(difference).groupby(level="method", sort=False)
    return groups.sum().assign(cells=groups.size()).drop(index="msc")


def losses(difference: pd.DataFrame, method: str) -> list[str]:
    """Return a table of the cells in which a method is not as good as `msc` in the first four."""
    part = difference.xs(method, level="method")
    part = part[~judged(part)["first four at once"]]
    lines = ["| set | size | Δ overlap | Δ information loss | Δ diversity | Δ entropy |", "|" + "---|" * 6]
    for (name, cell), row in part.iterrows():
        numbers = " | ".join(f"{value:+.4f}" for value in row.iloc[:4]).replace("-", "−")
        lines.append(f"| {name} | {100 * cell:.0f} % | {numbers} |")
    return lines


def as_markdown(counts: pd.DataFrame) -> list[str]:
    """Return the lines of a table."""
    head = ["method", *counts.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for method, row in counts.iterrows():
        lines.append(f"| `{method}` | " + " | ".join(str(int(value)) for value in row) + " |")
    return lines


def draw(difference: pd.DataFrame, path: Path) -> None:
    """Draw each set's difference to `msc` at each size, and the median of each method as a line."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from quests_app.parts.format import METHOD_COLORS

    names = {
        "overlap": "overlap",
        "diversity": "diversity / nats",
        "information_loss": "information loss / nats",
        "entropy": "entropy / nats",
    }
    fig, axes = plt.subplots(2, 2, figsize=(11, 7.4), layout="constrained")
    table = difference.reset_index()
    table["rank"] = table.cell.map({fraction: k for k, fraction in enumerate(FRACTIONS)})
    for ax, (name, label) in zip(axes.flat, names.items(), strict=True):
        for k, method in enumerate(METHODS[1:]):
            part = table[table.method == method]
            x = part["rank"] + 0.12 * (k - 2.5)
            ax.plot(x, part[name], ".", ms=5, alpha=0.5, color=METHOD_COLORS[method])
            middle = part.groupby("rank")[name].median()
            ax.plot(
                middle.index + 0.12 * (k - 2.5),
                middle,
                "-",
                lw=1.8,
                color=METHOD_COLORS[method],
                label=method,
            )
        ax.axhline(0, color="0.5", lw=1)
        # Far outliers would flatten all else; what lies outside is in the table of numbers.
        low, high = np.nanpercentile(table.loc[table.method != "msc", name], [1, 99])
        ax.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
        ax.set_xticks(range(len(FRACTIONS)), [f"{100 * f:.0f} %" for f in FRACTIONS])
        ax.set_xlabel("frames kept")
        ax.set_ylabel(f"Δ {label}, to msc")
    axes[0, 0].legend(fontsize=8, frameon=False)
    fig.savefig(path, dpi=130)
    plt.close(fig)


def write_readme(lines: list[str]) -> None:
    """Replace what stands between the marks in the README."""
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    text = "\n".join([before + MARKS[0], *lines, MARKS[1] + after])
    readme.write_text(text, encoding="utf-8")


def report(table: pd.DataFrame) -> list[str]:
    """Return the lines of all tables."""
    lines = []
    by_frames, by_envs = (differences(table[table["at"] == at]) for at in ("frames", "environments"))
    tuned = by_frames.index.get_level_values("set").isin(TUNED_ON)
    parts = (
        ("at the same number of frames, sets that `balanced` was not tuned on", by_frames[~tuned]),
        ("at the same number of frames, sets that `balanced` was tuned on", by_frames[tuned]),
        ("at the same number of environments, all sets", by_envs),
    )
    for title, part in parts:
        if len(part):
            sets = sorted(part.index.get_level_values("set").unique())
            lines += ["", f"Cells in which a method is at least as good as `msc`, {title} ({len(sets)}: "]
            lines[-1] += f"{', '.join(sets)}):"
            lines += ["", *as_markdown(wins(part))]
    lines += ["", "Where `balanced` loses to `msc` at the same number of frames:", ""]
    return [*lines, *losses(by_frames, "balanced"), "", "![Differences to msc](docs/selection.png)", ""]


def main() -> None:
    """Measure, log, and write the table where asked to."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", help="names of sets, by default all")
    parser.add_argument("--csv", type=Path, help="where every number is kept")
    parser.add_argument("--write", action="store_true", help="write the README's table and the figure")
    options = parser.parse_args()
    tables = [pd.read_csv(options.csv)] if options.csv and options.csv.exists() else []
    done = {name for table in tables for name in table["set"]}
    for path in sorted(DATA.glob("*.xyz.gz")):
        if path.name.split(".")[0] in done:
            continue
        for name, frames in frames_of(path).items():
            if name in done or (options.sets and name not in options.sets):
                continue
            tables.append(measure(name, frames))
            if options.csv:
                pd.concat(tables).to_csv(options.csv, index=False)
    table = pd.concat(tables, ignore_index=True)
    lines = report(table)
    log.info("\n".join(lines))
    if options.write:
        write_readme(lines)
        draw(differences(table[table["at"] == "frames"]), ROOT / "docs" / "selection.png")


if __name__ == "__main__":
    main()
