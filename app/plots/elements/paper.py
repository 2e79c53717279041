"""The figures of the paper (arXiv 2511.10561), each with one call."""

from collections.abc import Mapping, Sequence

import holoviews as hv
import numpy as np
import pandas as pd

from .curves import entropy_diversity, overlap
from .delta import delta_entropy
from .forces import force_tail
from .maps import subset_maps
from .options import arranged, figure, look, styled, titled
from .potentials import force_errors
from .sets import redundancy


def compression_figure(
    curves: Mapping[str, pd.DataFrame],
    forces: np.ndarray,
    subset_forces: Mapping[str, np.ndarray],
    entropies: Mapping[str, tuple[float, int]],
    errors: pd.DataFrame | None = None,
) -> hv.Layout:
    """Draw figures 2 and 4 of the paper: what compression keeps, in panels a to e.

    a: entropy against diversity; b: overlap against size; c: the tail of the forces; d: entropy of each set
    beside its bound; e: force errors of potentials trained on the subsets.

    Parameters
    ----------
    curves : dict of str to DataFrame
        See `entropy_diversity`.
    forces, subset_forces : ndarray, dict of str to ndarray
        See `force_tail`.
    entropies : dict of str to tuple
        See `redundancy`.
    errors : DataFrame, optional
        See `force_errors`; without it, panel e is omitted.

    Returns
    -------
    hv.Layout
        The panels, three in a row.

    Examples
    --------
    >>> import numpy as np
    >>> import quests_core as qc
    >>> from quests_app import plots
    >>> envs = qc.Environments(np.random.default_rng(0).normal(size=(12, 2)), [0, 3, 6, 9, 12])
    >>> curve = qc.compression_curve(envs, qc.select(envs, bandwidth=1.0).order, bandwidth=1.0)
    >>> forces = np.linspace(0.1, 9, 12)
    >>> entropies = {"full set": (qc.entropy(envs, bandwidth=1.0), 12)}
    >>> figure = plots.compression_figure({"balanced": curve}, forces, {"balanced": forces[::2]}, entropies)
    >>> len(figure)
    4
    """
    panels = [
        entropy_diversity(curves), overlap(curves), force_tail(forces, subset_forces), redundancy(entropies)
    ]  # fmt: skip
    titles = ["", "", "", "entropy H, and its bound ln N", ""]
    if errors is not None:
        panels.append(force_errors(errors))
    return _lettered(panels, 3, titles)


def lost_figure(
    deltas: Mapping[str, Mapping[str, np.ndarray]], xy: np.ndarray, subsets: Mapping[str, np.ndarray]
) -> hv.Layout:
    """Draw figure 3 of the paper: what compression loses.

    Parameters
    ----------
    deltas : dict of str to dict
        For each size, by its name such as ``"25 %"``, what `delta_entropy` takes.
    xy, subsets : ndarray, dict of str to ndarray of int
        See `subset_maps`.

    Returns
    -------
    hv.Layout
        A distribution of δH for each size, then the map of the full set and of each subset.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> rng = np.random.default_rng(0)
    >>> values = {"msc": rng.normal(size=60) - 1, "random": rng.normal(size=60)}
    >>> figure = plots.lost_figure({"25 %": values}, rng.normal(size=(60, 2)), {"msc": np.arange(15)})
    >>> len(figure)
    3
    """
    panels = [delta_entropy(values) for values in deltas.values()]
    titles = [f"{size} of the frames" for size in deltas] + ["full set", *subsets]
    return _lettered([*panels, *subset_maps(xy, subsets)], 3, titles)


def comparison_figure(table: pd.DataFrame, baseline: str = "msc") -> hv.Layout:
    """Draw figure 5 of the paper: each method against one of them, over many data sets.

    Parameters
    ----------
    table : DataFrame
        A row for each data set, method and size, with the columns ``set``, ``method``, ``fraction`` (of the
        frames), ``diversity`` (nats) and ``overlap`` (a fraction).
    baseline : str
        Method whose values are subtracted: below zero, it keeps more.

    Returns
    -------
    hv.Layout
        Differences of diversity above those of overlap, a column for each size and a point for each set.

    Examples
    --------
    >>> import pandas as pd
    >>> from quests_app import plots
    >>> table = pd.DataFrame({"set": ["Cu"] * 2, "method": ["msc", "random"], "fraction": [0.5] * 2,
    ...                       "diversity": [4.0, 3.5], "overlap": [0.9, 0.8]})
    >>> figure = plots.comparison_figure(table)
    >>> [float(panel.Set.Cu.dimension_values(1)[0].round(3)) for panel in figure]
    [-0.5, -10.0]
    """
    keys = ["set", "fraction"]
    base = table[table["method"] == baseline].set_index(keys)[["diversity", "overlap"]]
    if not len(base):
        raise ValueError(f"baseline: expected a method of the table, got {baseline!r}")
    joined = table[table["method"] != baseline].join(base.add_suffix(" of baseline"), on=keys)
    fractions = sorted(table["fraction"].unique(), reverse=True)
    panels = [
        _differences(joined[joined["fraction"] == fraction], quantity, scale, label)
        for quantity, scale, label in (
            ("diversity", 1, f"diversity − that of {baseline} / nats"),
            ("overlap", 100, f"overlap − that of {baseline} / %"),
        )
        for fraction in fractions
    ]
    titles = [f"{fraction:.0%} of the frames" for fraction in fractions]
    return _lettered(panels, len(fractions), [*titles, *titles])


def _differences(rows: pd.DataFrame, quantity: str, scale: float, label: str) -> hv.Overlay:
    methods, sets = list(dict.fromkeys(rows["method"])), list(dict.fromkeys(rows["set"]))
    place = {name: i for i, name in enumerate(methods)}
    items: list[hv.Element] = [styled(hv.HLine(0, group="Zero"), "line", dash="dashed")]
    for i, style in enumerate(look(f"set {one}" for one in sets).values()):
        mine = rows[rows["set"] == sets[i]]
        x = mine["method"].map(place) + 0.5 * (i / max(1, len(sets) - 1) - 0.5) * (len(sets) > 1)
        y = scale * (mine[quantity] - mine[f"{quantity} of baseline"])
        points = hv.Points((x, y), ["place", hv.Dimension(quantity, label=label)], group="Set", label=sets[i])
        items.append(styled(points, "mark", style.color))
    return figure(
        hv.Overlay(items), xlim=(-0.6, len(methods) - 0.4), xticks=list(enumerate(methods)), xrotation=40,
        xlabel="", ylabel=label,
    )  # fmt: skip


def _lettered(panels: Sequence[hv.Overlay], columns: int, titles: Sequence[str]) -> hv.Layout:
    letters = "abcdefghijklmnopqrstuvwxyz"
    marked = [
        titled(panel, f"({letter}) {name}".rstrip())
        for panel, letter, name in zip(panels, letters, titles, strict=False)
    ]
    return arranged(marked, columns)
