"""Columns of the errors of potentials that were trained on subsets."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from quests_core.potentials.errors import DELTA_ENTROPY_EDGES

# What errors are drawn against, and its factor on the axis.
QUANTITIES = {"fraction": 100.0, "overlap": 100.0, "information_loss": 1.0}
# Groups of test environments by δH against the training set, and their places on the axis.
NOVELTY_TICKS: dict[float, str] = {
    0: f"≤ {DELTA_ENTROPY_EDGES[0]:g}",
    **{
        i + 1: f"{low:g} to {high:g}" for i, (low, high) in enumerate(itertools.pairwise(DELTA_ENTROPY_EDGES))
    },
    len(DELTA_ENTROPY_EDGES): f"> {DELTA_ENTROPY_EDGES[-1]:g}",
}
Columns = Mapping[str, dict[str, np.ndarray]]


def finished(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with an error; failed potentials have none."""
    return table[table["force_rmse"].notna()]


def above_best(table: pd.DataFrame) -> Columns:
    """Return, for each method, ``percent``, ``error`` above the best of the size, ``low`` and ``high``."""
    grouped = finished(table).groupby(["method", "fraction"], sort=False)["force_rmse"]
    means = grouped.agg(["mean", "min", "max"])
    best = means["mean"].groupby("fraction").min()
    above = means.sub(means.index.get_level_values("fraction").map(best.to_dict()), axis=0).reset_index()
    return {
        str(method): {
            "percent": 100 * rows["fraction"].to_numpy(), "error": rows["mean"].to_numpy(),
            "low": rows["min"].to_numpy(), "high": rows["max"].to_numpy(),
        }
        for method, rows in above.sort_values("fraction").groupby("method", sort=False)
    }  # fmt: skip


def against(table: pd.DataFrame, quantity: str) -> Columns:
    """Return, for each method, the quantity as ``x``, ``force_rmse``, and the keys of each potential."""
    found = finished(table).sort_values(["fraction", "seed"])
    scale = QUANTITIES[quantity]
    return {
        str(method): {
            "x": scale * rows[quantity].to_numpy(), "force_rmse": rows["force_rmse"].to_numpy(),
            "n_frames": rows["n_frames"].to_numpy(), "seed": rows["seed"].to_numpy(),
        }
        for method, rows in found.groupby("method", sort=False)
    }  # fmt: skip


def means_of(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the means over the seeds of each size, of columns of `against`."""
    means = pd.DataFrame(dict(columns)).groupby("n_frames")[["x", "force_rmse"]].mean()
    return {name: means[name].to_numpy() for name in ("x", "force_rmse")}


def by_novelty(groups: pd.DataFrame) -> Columns:
    """Return, for each method, the place of each group by δH, and the mean, lowest and highest error."""
    found = finished(groups[groups["by"] == "delta_entropy"])
    # The lowest group has no lower limit, which a record cannot express.
    lows = found["low"].astype(float).fillna(-np.inf).to_numpy()
    places = (lows[:, None] >= np.array(DELTA_ENTROPY_EDGES)).sum(axis=1)
    grouped = found.assign(place=places).groupby(["method", "place"], sort=False)
    rows = grouped.agg(
        error=("force_rmse", "mean"), low=("force_rmse", "min"), high=("force_rmse", "max"),
        n_envs=("n_test_envs", "mean"),
    ).reset_index()  # fmt: skip
    return {
        str(method): {name: own[name].to_numpy() for name in ("place", "error", "low", "high", "n_envs")}
        for method, own in rows.sort_values("place").groupby("method", sort=False)
    }
