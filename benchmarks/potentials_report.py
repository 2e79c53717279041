"""Report of benchmarks/potentials.py: ranks, errors relative to `random`, tables by set, and the figure.

Potentials of one set are not independent: every number is first averaged within a set, then over the sets of
a family, then over families. Intervals are from a bootstrap that draws families, and sets within them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from selection_report import as_markdown, family_of

FULL, BASE = "full", "random"
TITLES = {"random": "In distribution", "other": "Out of distribution"}
N_BOOTSTRAP, LEVEL = 5000, 0.95
# With fewer, the bootstrap has too few draws that differ, and its interval is too narrow.
MIN_FAMILIES = 5
CELL = ["set", "test", "size", "seed"]
Values = dict[str, float]


def complete(table: pd.DataFrame, methods: Sequence[str], sizes: Sequence[float]) -> pd.DataFrame:
    """Return the potentials on subsets of each set, test and seed that has all methods at all sizes.

    A set of which only one size is finished would count as much as the others.
    """
    part = table[table.method.isin(methods)]
    n_potentials = part.groupby(["set", "test", "seed"]).method.transform("size")
    return part[n_potentials == len(methods) * len(sizes)].copy()


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Add rank, and log ratios of the force RMSE to `random` (frames, environments) and to the reference.

    A diverged potential ranks last, and has no ratio. At the same number of environments, the error of
    `random` is interpolated between its sizes, as straight lines of logarithms; there is none outside them.
    """
    table = table.copy()
    table["log_rmse"] = np.log(table.force_rmse)
    subsets = table[table.method != FULL]
    table["rank"] = subsets.force_rmse.fillna(np.inf).groupby([subsets[name] for name in CELL]).rank()
    for (_, _, _), block in table.groupby(["set", "test", "seed"]):
        base = block[block.method == BASE].set_index("size").log_rmse
        table.loc[block.index, "at_frames"] = block.log_rmse - block["size"].map(base)
        full = block.loc[block.method == FULL, "log_rmse"]
        if len(full):
            table.loc[block.index, "to_full"] = block.log_rmse - full.iloc[0]
        line = block[block.method.isin([BASE, FULL])].dropna(subset="log_rmse").sort_values("n_envs")
        if len(line) > 1:
            found = np.interp(
                np.log(block.n_envs), np.log(line.n_envs), line.log_rmse, left=np.nan, right=np.nan
            )
            table.loc[block.index, "at_environments"] = block.log_rmse - found
    return table


def by_families(values: pd.Series) -> tuple[float, float, float]:
    """Return the mean of values indexed by set over families, and the limits of its bootstrap interval.

    With one family there is no interval: its limits are NaN.
    """
    groups = [part.to_numpy() for _, part in values.dropna().groupby(family_of)]
    if not groups:
        return np.nan, np.nan, np.nan
    mean = float(np.mean([part.mean() for part in groups]))
    if len(groups) == 1:
        return mean, np.nan, np.nan
    rng = np.random.default_rng(0)
    # Means of sets drawn from each family; a family that is drawn twice draws its sets twice.
    drawn = np.stack(
        [rng.choice(part, (N_BOOTSTRAP, len(groups), len(part))).mean(axis=2) for part in groups]
    )
    families = rng.integers(len(groups), size=(N_BOOTSTRAP, len(groups)))
    draws, slots = np.indices(families.shape)
    means = drawn[families, draws, slots].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return mean, float(low), float(high)


def _shown(found: tuple[float, float, float], form: Callable[[float], str]) -> str:
    mean, low, high = found
    if np.isnan(mean):
        return "–"
    return form(mean) if np.isnan(low) else f"{form(mean)} ({form(low)} to {form(high)})"


def rank(value: float) -> str:
    """Return a rank as it is shown."""
    return f"{value:.2f}"


def percent(value: float) -> str:
    """Return the log of a ratio as a difference in percent."""
    return f"{100 * np.expm1(value):+.1f} %".replace("-", "−")


def summary(part: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    """Return mean rank and errors relative to `random` of each method."""
    rows = {}
    for method in methods:
        sets = part[part.method == method].groupby("set")
        families = sets.at_frames.mean().groupby(family_of).mean()
        rows[method] = {
            "mean rank": _shown(by_families(sets["rank"].mean()), rank),
            "force RMSE against `random`, same frames": _shown(by_families(sets.at_frames.mean()), percent),
            "same environments": _shown(by_families(sets.at_environments.mean()), percent),
            "families with a lower RMSE": f"{(families < 0).sum()} of {len(families)}",
        }
        if method == BASE:
            rows[method] |= dict.fromkeys(list(rows[method])[1:], "–")
    return pd.DataFrame(rows).T


def by_size(part: pd.DataFrame, methods: list[str], name: str) -> pd.DataFrame:
    """Return a log ratio of each method at each size."""
    rows = {
        method: {
            f"{100 * size:.0f} %": _shown(by_families(cells.groupby("set")[name].mean()), percent)
            for size, cells in part[part.method == method].groupby("size")
        }
        for method in methods
    }
    return pd.DataFrame(rows).T


def by_set(table: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    """Return the force RMSE of each set, a column for each size, with the methods separated by slashes."""
    rows = {}
    for name in dict.fromkeys(table.set):
        part = table[table.set == name]
        means = part.groupby(["size", "method"]).force_rmse.mean()
        row = {"seeds": part.seed.nunique(), "spread": f"{part.spread.mean():.2f}"}
        for size in sorted(set(part["size"]) - {1.0}):
            row[f"{100 * size:.0f} %"] = " / ".join(_error(means.get((size, one))) for one in methods)
        rows[name] = row | {"all": _error(means.get((1.0, FULL)))}
    return pd.DataFrame(rows).T


def _error(value: float | None) -> str:
    return "–" if value is None or np.isnan(value) else f"{value:.3f}"


def verdicts(part: pd.DataFrame, methods: list[str]) -> list[str]:
    """Return a sentence for each method against `random`, and one for the default against each other."""
    values = {one: part[part.method == one].groupby("set").at_frames.mean() for one in methods}
    others = [one for one in methods if one != BASE]
    pairs = [(one, BASE, values[one]) for one in others]
    pairs += [(others[0], one, values[others[0]] - values[one]) for one in others[1:]]
    return [f"- {verdict(*pair)} {where_higher(part, *pair[:2])}" for pair in pairs]


def where_higher(part: pd.DataFrame, method: str, other: str) -> str:
    """Return a sentence that lists the sets and sizes at which a method has a higher force RMSE, if any."""
    means = part.groupby(["method", "set", "size"], sort=False).force_rmse.mean()
    higher = means[method] > means[other]
    n_worse = int(higher.sum())
    if not n_worse:
        return f"It is lower at all {len(higher)} sizes of all sets."
    sizes = higher[higher].reset_index().groupby("set", sort=False)["size"]
    text = ", ".join(f"{name} ({_percents(values)})" for name, values in sizes)
    return f"It is higher at {n_worse} of {len(higher)} sizes of all sets: {text}."


def _percents(sizes: pd.Series) -> str:
    return ", ".join(f"{100 * size:.0f}" for size in sorted(sizes)) + " %"


def verdict(method: str, other: str, values: pd.Series) -> str:
    """Return a sentence that says whether log ratios of two methods, indexed by set, show a difference."""
    mean, low, high = by_families(values)
    shown, n_families = _shown((mean, low, high), percent), len(set(map(family_of, values.dropna().index)))
    at = "at the same number of frames"
    if n_families < MIN_FAMILIES:
        return f"`{method}` against `{other}`, {at}: {shown}, of too few families ({n_families}) for a claim."
    if high < 0:
        return f"`{method}` has a lower force RMSE than `{other}` {at}: {shown}."
    if low > 0:
        return f"`{method}` has a **higher** force RMSE than `{other}` {at}: {shown}."
    return f"`{method}` and `{other}` show no difference {at} that exceeds the spread over families: {shown}."


def report(table: pd.DataFrame, plan, settings: pd.DataFrame) -> list[str]:
    """Return the lines of the section.

    Parameters
    ----------
    table : DataFrame
        A row for each stored potential.
    plan : Plan
        What was planned.
    settings : DataFrame
        The parameters of each set.
    """
    methods, table = list(plan.methods), with_ratios(table)
    lines = [*extent(table, plan), ""]
    for test in plan.tests:
        of_test = table[table.test == test]
        part = complete(of_test, methods, plan.sizes)
        if part.empty:
            continue
        lines += [f"### {TITLES[test]}", "", _cells(part), "", *as_markdown(summary(part, methods)), ""]
        lines += verdicts(part, methods)
        lines += ["", f"Force RMSE against `{BASE}` at each size:", ""]
        lines += as_markdown(by_size(part, [one for one in methods if one != BASE], "at_frames"))
        if "to_full" in part and part.to_full.notna().any():
            lines += ["", "Force RMSE against the potential trained on all frames of the training part:", ""]
            lines += as_markdown(by_size(part, methods, "to_full"))
        names = " / ".join(f"`{method}`" for method in methods)
        lines += [
            "",
            f"Force RMSE in eV/Å, {names}, mean over seeds, beside the spread of the test forces:",
            "",
        ]
        lines += [*as_markdown(by_set(of_test, methods), "set"), ""]
    lines += ["![Force errors above the best of each size](potentials.png)", "", "### Parameters", ""]
    return [*lines, *as_markdown(settings, "set")]


def extent(table: pd.DataFrame, plan) -> list[str]:
    """Return what of the plan is in the tables."""
    counts = table.groupby("status").size()
    diverged = int(counts.get("diverged", 0))
    sets = table.set.unique()
    families = len({family_of(name) for name in sets})
    is_part = len(table) < plan.n_potentials
    text = f"{len(table):,} of {plan.n_potentials:,} planned potentials are finished"
    text += f", {diverged} of them diverged" if diverged else ""
    text += f"; sets: {len(sets)} of {len(plan.sets)}, families: {families}, "
    text += f"seeds: {table.seed.nunique()} of {len(plan.seeds)}."
    return [("**The study is incomplete**: " if is_part else "") + text]


def _cells(part: pd.DataFrame) -> str:
    n_cells, n_sets = part.groupby(CELL).ngroups, part.set.nunique()
    families = sorted({family_of(name) for name in part.set})
    return (
        f"Cells (set, size and seed), of sets and seeds that are complete: {n_cells}; sets: {n_sets}; "
        f"families: {len(families)} ({', '.join(families)})."
    )


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the force error above the best of each size, a panel for each set and test."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = [(name, test) for test in TITLES for name in dict.fromkeys(table.set)]
    n_columns = -(-len(panels) // 4)
    fig, axes = plt.subplots(
        4, n_columns, figsize=(2.4 * n_columns, 8.4), layout="constrained", squeeze=False
    )
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    for ax, (name, test) in zip(axes.flat, panels, strict=False):
        part = table[(table.set == name) & (table.test == test) & (table.method != FULL)]
        draw_panel(ax, part)
        ax.set_title(f"{name}\n{TITLES[test].lower()}", fontsize=8)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    fig.supxlabel("frames of the training part / %", fontsize=9)
    fig.supylabel("force RMSE above the best / meV Å⁻¹", fontsize=9)
    fig.savefig(path, dpi=90)
    plt.close(fig)


def draw_panel(ax, part: pd.DataFrame) -> None:
    """Draw the means of seeds as lines, and each seed as a point."""
    from quests_app.analysis.methods import METHOD_INFO

    means = part.groupby(["method", "size"]).force_rmse.mean()
    best = means.groupby("size").min()
    for method in dict.fromkeys(part.method):
        color, own = METHOD_INFO[method].color, part[part.method == method]
        line = means[method]
        ax.plot(100 * line.index, 1e3 * (line - best[line.index]), "-", color=color, label=method)
        ax.plot(
            100 * own["size"],
            1e3 * (own.force_rmse - own["size"].map(best)),
            ".",
            color=color,
            ms=3,
            alpha=0.5,
        )
    ax.axhline(0, color="0.6", lw=0.6)
    ax.tick_params(labelsize=7)
    ax.set_xticks([10, 25, 50, 75])
