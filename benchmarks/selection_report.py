"""Report of benchmarks/selection.py: differences to `msc`, tables and the figure."""

from pathlib import Path

import numpy as np
import pandas as pd

FRACTIONS = (0.05, 0.1, 0.25, 0.5, 0.75)
# Sets of one family resemble each other: a method that was tuned on one of them has seen all.
FAMILIES = {
    "3bpa": "molecule 3BPA",
    "agpd_msg": "Ag-Pd",
    "co2_ni100_reann_val": "CO₂ on Ni",
    "cu_poet_19": "Cu",
    "gete_part": "Ge-Te",
    "inp_part": "In-P",
    "mg_fletcher_ns": "Mg",
    "mlearn_Mo": "Mo",
    "mlearn_Si": "Si",
}
TUNED_ON = ("cu_poet_19", "gap20_Graphite", "gete_part", "inp_part", "mlearn_Mo")
# Smaller differences are rounding errors and count as ties.
TIE = 1e-6
# The largest δH may exceed that of `msc` by this factor, or by this much in nats, whichever allows more.
GUARD_FACTOR, GUARD_MARGIN = 1.5, 2.0
# What a default must meet on the families left out of its tuning, as fractions of the cells.
TARGETS = {"first three at once": 0.9, "guard": 0.8}
# Entropy counts as equally good down to this much lower, in nats.
ENTROPY_MARGIN = 0.05


def family_of(name: str) -> str:
    """Return the family of a set; a set that is not listed is a family of its own."""
    return "C (GAP-20)" if name.startswith("gap20") else FAMILIES.get(name, name)


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return each cell's difference to `msc`, and how far its largest δH is below the limit of the guard."""
    names = ["overlap", "information_loss", "diversity", "entropy", "force_ks", "max_delta_entropy"]
    table = table.set_index(["set", "cell", "method"])[names]
    base = table.xs("msc", level="method").reindex(table.index.droplevel("method")).set_axis(table.index)
    largest = base.max_delta_entropy
    limit = np.maximum(GUARD_FACTOR * largest, largest + GUARD_MARGIN)
    return (table - base).assign(below_limit=limit - table.max_delta_entropy)


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
    good["guard"] = difference.below_limit >= -1e-5
    good["three and guard"] = good["first three at once"] & good["guard"]
    return good


def wins(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each method, the number of cells in which it is at least as good as `msc`."""
    groups = judged(difference).groupby(level="method", sort=False)
    return groups.sum().assign(cells=groups.size()).drop(index="msc")


def shares_of_families(good: pd.DataFrame) -> pd.DataFrame:
    """Return the fraction of the cells of each family that a method wins, by method and family."""
    families = good.index.get_level_values("set").map(family_of)
    return good.groupby([good.index.get_level_values("method"), families], sort=False).mean()


def spread(difference: pd.DataFrame) -> pd.DataFrame:
    """Return, for each method, the share of all cells won, and the lowest, median and highest of a family.

    Each family counts the same in the medians, however many sets it has.
    """
    good = judged(difference).drop(index="msc", level="method")[[*TARGETS, "three and guard"]]
    by_family = shares_of_families(good).groupby(level=0, sort=False)
    total, low, middle, high = (
        good.groupby(level="method", sort=False).mean(), by_family.min(), by_family.median(), by_family.max()
    )  # fmt: skip
    table = pd.DataFrame(index=total.index)
    for name in total.columns:
        table[name] = [f"{100 * share:.0f} %" for share in total[name]]
        table[f"families: {name}"] = [
            f"{100 * a:.0f} – {100 * b:.0f} – {100 * c:.0f} %"
            for a, b, c in zip(low[name], middle[name], high[name], strict=True)
        ]
    return table.assign(cells=good.groupby(level="method", sort=False).size())


def family_table(difference: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the number of cells that a method wins in each family."""
    good = judged(difference).xs(method, level="method")
    families = good.index.get_level_values("set").map(family_of)
    columns = ["overlap", "information loss", "diversity", *TARGETS, "three and guard"]
    groups = good[columns].groupby(families)
    counts = groups.sum().assign(cells=groups.size())
    counts.loc["all"] = counts.sum()
    return counts


def losses(difference: pd.DataFrame, method: str) -> list[str]:
    """Return a table of the cells in which a method is worse than `msc` in overlap, loss, or diversity."""
    part = difference.xs(method, level="method")
    part = part[~judged(part)["first three at once"]]
    lines = ["| set | size | Δ overlap | Δ information loss | Δ diversity |", "|" + "---|" * 5]
    for (name, cell), row in part.iterrows():
        numbers = " | ".join(f"{value:+.4f}" for value in row.iloc[:3]).replace("-", "−")
        lines.append(f"| {name} | {100 * cell:.0f} % | {numbers} |")
    return lines


def as_markdown(table: pd.DataFrame, label: str = "method") -> list[str]:
    """Return the lines of a table."""
    head = [label, *table.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, row in table.iterrows():
        shown = f"`{name}`" if label == "method" else name
        lines.append(f"| {shown} | " + " | ".join(map(str, row)) + " |")
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
    is_made, same_frames = table.set.str.startswith("made_"), table["at"] == "frames"
    is_left_out = ~table.set.map(family_of).isin({family_of(name) for name in TUNED_ON})
    lines = []
    for title, mask in (("families left out of the tuning", ~is_made & is_left_out), ("made sets", is_made)):
        if (mask & same_frames).any():
            part = differences(table[mask & same_frames])
            lines += ["", f"Cells won at the same number of frames, {title} ({_sets(part)}), and the"]
            lines[-1] += " lowest – median – highest share of a family:"
            lines += ["", *as_markdown(spread(part))]
    if is_made.all():
        return lines
    for at in ("frames", "environments"):
        part = differences(table[~is_made & (table["at"] == at)])
        lines += ["", f"Cells in which a method is at least as good as `msc`, at the same number of {at}, "]
        lines[-1] += f"all measured sets ({_sets(part)}):"
        lines += ["", *as_markdown(wins(part))]
    by_frames = differences(table[~is_made & same_frames])
    if "balanced" in by_frames.index.get_level_values("method"):
        lines += ["", "Cells won by `balanced` in each family, at the same number of frames:"]
        lines += ["", *as_markdown(family_table(by_frames, "balanced"), "family")]
        middle = by_frames.xs("balanced", level="method").median()
        lines += [
            "",
            f"Median differences to `msc`: overlap {100 * middle.overlap:+.1f} points, information loss ",
        ]
        lines[-1] += f"{middle.information_loss:+.2f}, diversity {middle.diversity:+.2f}, entropy "
        lines[-1] += f"{middle.entropy:+.2f}, largest δH {middle.max_delta_entropy:+.1f} nats."
        lines += ["", "Where `balanced` loses to `msc` at the same number of frames:", ""]
        lines += losses(by_frames, "balanced")
    return [*lines, "", "![Differences to msc](selection.png)", ""]


def _sets(part: pd.DataFrame) -> str:
    sets = sorted(part.index.get_level_values("set").unique())
    families = len({family_of(name) for name in sets})
    return f"{len(sets)} sets of {families} families: {', '.join(sets)}"
