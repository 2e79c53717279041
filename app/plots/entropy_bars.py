"""Columns of the bars of entropies beside their bounds ln N."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..text.numbers import nats
from .sets import short_names

LABEL_COLOR = "#5b8fb0"
BOUND, ENTROPY = "Bound", "Entropy"
# Half the height of the bars.
_HALF = {BOUND: 0.39, ENTROPY: 0.25}


def redundancy_data(names: Sequence[str], entropies, n_envs, colors: Sequence[str]) -> dict[str, list]:
    """Return one row per set: entropy H, bound ln N, and exp(ln N − H) copies per environment.

    The first is at the top, at the largest ``y``.
    """
    entropies, bounds = np.asarray(entropies, dtype=float), np.log(np.asarray(n_envs, dtype=float))
    pairs = zip(entropies, bounds, strict=True)
    return {
        "name": short_names(names),
        "full_name": list(names),
        "entropy": entropies.tolist(),
        "bound": bounds.tolist(),
        "color": list(colors),
        "text": [f"{nats(value, 2)} of {nats(bound, 2)}" for value, bound in pairs],
        "n_envs": [int(n) for n in n_envs],
        "copies": np.exp(bounds - entropies).tolist(),
        "y": list(range(len(names)))[::-1],
    }


def bar_columns(rows: Mapping[str, list], kind: str) -> dict[str, list]:
    """Return the bars of `BOUND` or of `ENTROPY` of rows from `redundancy_data`."""
    length, half = rows["bound" if kind == BOUND else "entropy"], _HALF[kind]
    edges = {"left": [0.0] * len(length), "bottom": [y - half for y in rows["y"]], "right": length,
             "top": [y + half for y in rows["y"]]}  # fmt: skip
    return {**edges, "set": rows["full_name"], **{name: rows[name] for name in (
        "entropy", "bound", "n_envs", "copies", "color"
    )}}  # fmt: skip


def text_columns(rows: Mapping[str, list]) -> dict[str, list]:
    """Return the texts beside the bars."""
    gap = 0.01 * right_end(rows)
    return {"bound": [bound + gap for bound in rows["bound"]], "y": rows["y"], "text": rows["text"]}


def right_end(rows: Mapping[str, list]) -> float:
    """Return the end of the axis: there is space for the text right of the longest bar."""
    return 1.28 * max([*rows["bound"], 0.5])


def y_limits(rows: Mapping[str, list]) -> tuple[float, float]:
    """Return the ends of the axis of the names."""
    return -0.6, len(rows["y"]) - 0.4
