"""Compare the selection methods on real sets: ``python benchmarks/selection.py``.

Every method orders each set of ``../shared/data``; at 5, 10, 25, 50 and 75 % its subset is compared with
that of `msc`: overlap, information loss, diversity, entropy, and the force tail (the Kolmogorov-Smirnov
distance of |F| to the full set's). A cell is one set at one size. Methods were tuned on the sets named
in `TUNED_ON`; the table tells those from the others. ``--write`` puts the table into the README and the
figure into docs; ``--sets`` takes a part.
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
TUNED_ON = ("gap20_Fullerenes", "mlearn_Mo", "3bpa")
FRACTIONS = (0.05, 0.1, 0.25, 0.5, 0.75)
METHODS = ("msc", "information_loss", "coverage", "balanced", "fps", "mean_fps", "random")
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


def measure(path: Path) -> pd.DataFrame:
    """Return the numbers of every method at every size of one set."""
    frames = q.read(path)
    envs, forces = q.descriptors(frames), forces_of(frames)
    sizes = sorted({max(1, int(fraction * len(envs) + 0.5)) for fraction in FRACTIONS})
    tables = []
    for method in METHODS:
        start = time.perf_counter()
        order = q.select(envs, method).order
        seconds = time.perf_counter() - start
        table = q.compression_curve(envs, order, sizes=sizes)
        known = np.isfinite(forces)
        kept = [np.isin(envs.frame_index, order[:size]) & known for size in sizes]
        table["force_ks"] = [ks_distance(forces[known], forces[mask]) for mask in kept]
        table.insert(0, "set", path.name.split(".")[0])
        table.insert(1, "method", method)
        table["seconds"] = seconds
        tables.append(table)
        log.info("%s %s: %.1f s", path.name, method, seconds)
    return pd.concat(tables, ignore_index=True)


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return each cell's difference to `msc`."""
    names = ["overlap", "information_loss", "diversity", "entropy", "force_ks", "max_delta_entropy"]
    table = table.set_index(["set", "n_frames", "method"])[names]
    base = table.xs("msc", level="method")
    return table - base.reindex(table.index.droplevel("method")).set_axis(table.index)


def wins(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each method, in how many cells it is at least as good as `msc`."""
    good = pd.DataFrame(
        {
            "overlap": difference.overlap >= 0,
            "information loss": difference.information_loss <= 0,
            "diversity": difference.diversity >= 0,
            f"entropy (− {ENTROPY_MARGIN})": difference.entropy >= -ENTROPY_MARGIN,
            "force KS": difference.force_ks <= 0,
        }
    )
    good["first three at once"] = good.iloc[:, :3].all(axis=1)
    good["first four at once"] = good.iloc[:, :4].all(axis=1)
    counts = good.groupby(level="method", sort=False).sum()
    counts["cells"] = good.groupby(level="method", sort=False).size()
    return counts.drop(index="msc")


def as_markdown(counts: pd.DataFrame) -> list[str]:
    """Return the lines of a table."""
    head = ["method", *counts.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for method, row in counts.iterrows():
        lines.append(f"| `{method}` | " + " | ".join(str(int(value)) for value in row) + " |")
    return lines


def draw(difference: pd.DataFrame, path: Path) -> None:
    """Draw the differences to `msc` in overlap and diversity at each size, a line a method."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from quests_app.parts.format import METHOD_COLORS

    names = {
        "overlap": "overlap",
        "diversity": "diversity / nats",
        "information_loss": "information loss / nats",
    }
    fig, axes = plt.subplots(1, len(names), figsize=(12, 3.6), layout="constrained")
    table = difference.reset_index()
    table["rank"] = table.groupby(["set", "method"]).n_frames.rank(method="dense").astype(int) - 1
    for ax, (name, label) in zip(axes, names.items(), strict=True):
        for k, method in enumerate(METHODS[1:]):
            part = table[table.method == method]
            x = part["rank"] + 0.1 * (k - 2.5)
            ax.plot(x, part[name], ".", ms=5, alpha=0.5, color=METHOD_COLORS[method])
            mean = part.groupby("rank")[name].mean()
            ax.plot(mean.index, mean, "-", lw=1.8, color=METHOD_COLORS[method], label=method)
        ax.axhline(0, color="0.5", lw=1)
        ax.set_xticks(range(len(FRACTIONS)), [f"{100 * f:.0f} %" for f in FRACTIONS])
        ax.set_xlabel("frames kept")
        ax.set_ylabel(f"Δ {label}, to msc")
    axes[0].legend(fontsize=8, frameon=False)
    fig.savefig(path, dpi=130)


def write_readme(lines: list[str]) -> None:
    """Replace what stands between the marks in the README."""
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    text = "\n".join([before + MARKS[0], *lines, MARKS[1] + after])
    readme.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure, log, and write the table where asked to."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", help="names of sets, by default all")
    parser.add_argument("--csv", type=Path, help="where to write every number")
    parser.add_argument("--write", action="store_true", help="write the README's table and the figure")
    options = parser.parse_args()
    paths = sorted(DATA.glob("*.xyz.gz"))
    chosen = [path for path in paths if not options.sets or path.name.split(".")[0] in options.sets]
    table = pd.concat([measure(path) for path in chosen], ignore_index=True)
    if options.csv:
        table.to_csv(options.csv, index=False)
    difference = differences(table)
    tuned = difference.index.get_level_values("set").isin(TUNED_ON)
    lines = []
    for title, part in (("Sets never tuned on", difference[~tuned]), ("Sets tuned on", difference[tuned])):
        if len(part):
            n_sets = part.index.get_level_values("set").nunique()
            lines += ["", f"{title} ({n_sets}), cells in which a method is at least as good as `msc`:", ""]
            lines += as_markdown(wins(part))
    log.info("\n".join(lines))
    if options.write:
        write_readme([*lines, ""])
        draw(difference, ROOT / "docs" / "selection.png")


if __name__ == "__main__":
    main()
