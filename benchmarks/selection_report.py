"""Report of benchmarks/selection.py: differences to `msc`, tables and the figure."""

from pathlib import Path

import numpy as np
import pandas as pd

FRACTIONS = (0.05, 0.1, 0.25, 0.5, 0.75)
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
# Smaller differences are rounding errors and count as ties.
TIE = 1e-6
# Entropy counts as equally good down to this much lower, in nats.
ENTROPY_MARGIN = 0.05


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return each cell's difference to `msc`."""
    names = ["overlap", "information_loss", "diversity", "entropy", "force_ks", "max_delta_entropy"]
    table = table.set_index(["set", "cell", "method"])[names]
    base = table.xs("msc", level="method")
    return table - base.reindex(table.index.droplevel("method")).set_axis(table.index)


def judged(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each cell, a mask of the metrics that are at least as good as for `msc`."""
    good = pd.DataFrame(
        {
            "overlap": difference.overlap >= -TIE,
            "information loss": difference.information_loss <= TIE,
            "diversity": difference.diversity >= -TIE,
            f"entropy (− {ENTROPY_MARGIN})": difference.entropy >= -ENTROPY_MARGIN,
            # NaN for a set without forces counts as a tie.
            "force KS": ~(difference.force_ks > TIE),
            # Single precision bounds the error of δH to 1e-5 nats.
            "largest δH": difference.max_delta_entropy <= 1e-5,
        }
    )
    good["first three at once"] = good.iloc[:, :3].all(axis=1)
    good["first four at once"] = good.iloc[:, :4].all(axis=1)
    return good


def wins(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each method, the number of cells in which it is at least as good as `msc`."""
    groups = judged(difference).groupby(level="method", sort=False)
    return groups.sum().assign(cells=groups.size()).drop(index="msc")


def losses(difference: pd.DataFrame, method: str) -> list[str]:
    """Return a table of the cells in which a method is worse than `msc` in any of the first four metrics."""
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

    from quests_app.analysis.methods import METHOD_INFO, METHODS

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
        methods = [method for method in METHODS if method in set(table.method) - {"msc"}]
        for k, method in enumerate(methods):
            part = table[table.method == method]
            x = part["rank"] + 0.12 * (k - 2.5)
            ax.plot(x, part[name], ".", ms=5, alpha=0.5, color=METHOD_INFO[method].color)
            middle = part.groupby("rank")[name].median()
            ax.plot(
                middle.index + 0.12 * (k - 2.5),
                middle,
                "-",
                lw=1.8,
                color=METHOD_INFO[method].color,
                label=method,
            )
        ax.axhline(0, color="0.5", lw=1)
        # Outliers would compress the axis; they are listed in the tables.
        low, high = np.nanpercentile(table.loc[table.method != "msc", name], [1, 99])
        ax.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
        ax.set_xticks(range(len(FRACTIONS)), [f"{100 * f:.0f} %" for f in FRACTIONS])
        ax.set_xlabel("frames kept")
        ax.set_ylabel(f"Δ {label}, to msc")
    axes[0, 0].legend(fontsize=8, frameon=False)
    fig.savefig(path, dpi=130)
    plt.close(fig)


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
    if "balanced" in by_frames.index.get_level_values("method"):
        lines += ["", "Where `balanced` loses to `msc` at the same number of frames:", ""]
        lines += losses(by_frames, "balanced")
    return [*lines, "", "![Differences to msc](selection.png)", ""]
