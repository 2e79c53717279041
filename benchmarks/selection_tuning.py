"""Choose the constants of `balanced` with whole families left out: ``python benchmarks/selection_tuning.py``.

Every set of benchmarks/selection.py with at most `MAX_ENVS` environments is ordered with each of
`CANDIDATES`, values of `SOFTNESS` and `DIVERSITY_LEAD`. For each family, the candidate that wins the
largest share of the cells of the other families (criterion and guard, each family counts the same) is
applied to the family left out; only these cells are counted. Results are stored in the folder ``--cache``
immediately.
"""

import argparse
import json
import logging
import math
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import selection
from made_sets import MADE_SETS, made_set
from selection_report import FRACTIONS, TARGETS, as_markdown, differences, family_of, judged

import quests_core as q
from quests_core.selection import balanced
from quests_core.selection.greedy import greedy_order
from quests_core.selection.msc import msc_order
from quests_core.selection.subset_totals import SubsetTotals

MAX_ENVS = 15_000
CANDIDATES = [f"{softness} {lead}" for softness, lead in product((0.02, 0.05, 0.1), (0.0, 0.05, 0.1))]
METRICS = ["overlap", "information_loss", "diversity", "entropy", "max_delta_entropy"]
log = logging.getLogger("tuning")


def sets():
    """Yield the name and frames of each set that is small enough."""
    for name in MADE_SETS:
        yield name, made_set(name)
    for path in sorted(selection.DATA.glob("*.xyz.gz"), key=lambda path: path.stat().st_size):
        for name, frames in selection.sets_of(path):
            if sum(map(len, frames)) <= MAX_ENVS:
                yield name, frames


def measure(name: str, frames: list) -> pd.DataFrame:
    """Return the metrics of `msc` and of all candidates, one row per cell."""
    envs = q.descriptors(frames)
    sizes = np.array([max(1, int(fraction * len(envs) + 0.5)) for fraction in FRACTIONS])
    found = msc_order(envs, 0.015, None, (), "single", "msc order", None)
    subset = SubsetTotals.of(envs, 0.015, None, None)
    scorer = balanced.Balanced(subset, envs.sizes, np.ones(len(envs)), found)
    orders = {"msc": q.select(envs, "msc").order}
    for candidate in CANDIDATES:
        balanced.SOFTNESS, balanced.DIVERSITY_LEAD = map(float, candidate.split())
        scorer.restart()
        orders[candidate] = greedy_order(scorer, len(envs), int(sizes[-1]), (), candidate, None)
    rows = []
    for method, order in orders.items():
        curve = q.compression_curve(envs, order, np.unique(sizes)).set_index("n_frames")
        part = curve.loc[sizes, METRICS].assign(set=name, method=method, cell=FRACTIONS, force_ks=math.nan)
        rows.append(part.reset_index(drop=True))
    return pd.concat(rows)


def left_out(good: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the cells of each family with the constants chosen on all others, and these constants."""
    is_made = good.index.get_level_values("set").str.startswith("made_")
    families = good.index.get_level_values("set").map(family_of)
    shares = (
        good["three and guard"].groupby([good.index.get_level_values("method"), families]).mean().unstack()
    )
    chosen = {
        family: shares.drop(columns=family).mean(axis=1).idxmax() for family in families[~is_made].unique()
    }
    kept = [
        good[(families == family) & (good.index.get_level_values("method") == method)]
        for family, method in chosen.items()
    ]
    return pd.concat(kept), pd.Series(chosen)


def main() -> None:
    """Measure what is missing, and print the cells won on the families left out."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--cache", type=Path, default=selection.CACHE.with_name("tuning"), help="folder of results"
    )
    parser.add_argument("--kept", action="store_true", help="only report stored results")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    for name, frames in () if options.kept else sets():
        kept = options.cache / f"{name}.json"
        if not kept.exists():
            kept.write_text(json.dumps(measure(name, frames).to_dict("records")))
            log.info("%s", name)
    rows = [row for path in sorted(options.cache.glob("*.json")) for row in json.loads(path.read_text())]
    good = judged(differences(pd.DataFrame(rows))).drop(index="msc", level="method")
    columns = [*TARGETS, "three and guard"]
    groups = good[columns].groupby(level="method", sort=False)
    log.info("\n".join(as_markdown(groups.sum().assign(cells=groups.size()), "SOFTNESS, DIVERSITY_LEAD")))
    cells, chosen = left_out(good)
    families = cells.index.get_level_values("set").map(family_of)
    counts = cells[columns].groupby(families).sum().assign(cells=cells.groupby(families).size())
    counts.loc["all"] = counts.sum()
    counts["chosen on the others"] = chosen
    log.info("\n".join(as_markdown(counts.fillna(""), "family left out")))


if __name__ == "__main__":
    main()
