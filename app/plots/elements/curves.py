"""Compression curves: entropy against diversity, and overlap against size."""

import math
from collections.abc import Iterable, Mapping

import holoviews as hv
import numpy as np
import pandas as pd

from ...text.numbers import nats
from ..base import padded
from ..curves import marked_rows, path_columns, rows_of, without_near_labels
from ..palettes import FULL_COLOR
from .dimensions import DIVERSITY, ENTROPY, HIGH, LOW, N_ENVS, N_FRAMES, OVERLAP, PERCENT
from .options import check_not_empty, figure, look, styled

_TOOLTIPS = (
    ("method", "$name"),
    ("frames", "@n_frames{0,0} (@percent{0.0} %)"),
    ("entropy / nats", "@entropy{0.000}"),
    ("diversity / nats", "@diversity{0.000}"),
    ("overlap", "@overlap{0.0} %"),
)
# Smaller subsets would dominate the axes.
_FIRST_PERCENT = 9

Bands = Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


def entropy_diversity(
    curves: Mapping[str, pd.DataFrame],
    n_frames: int | None = None,
    labelled: str | None = None,
    bands: Bands | None = None,
) -> hv.Overlay:
    """Plot entropy against diversity along the compression path of each method.

    Marks are at 75, 50, 25 and 10 % of the frames, the star is the full set. The dotted line is the bound
    ln N, drawn unless that would press the curves into less than half of the figure.

    Parameters
    ----------
    curves : dict of str to DataFrame
        `quests_core.compression_curve` of each method.
    n_frames : int, optional
        Size marked with a ring: the largest of each curve of at most so many frames.
    labelled : str, optional
        Method whose marks are labelled; by default the first.
    bands : dict of str to tuple, optional
        Diversities, lowest and highest entropy at each, such as of several seeds, nats.

    Returns
    -------
    hv.Overlay
        A ``Curve`` for each method with all columns of the curve, over bands, under marks.

    Examples
    --------
    >>> import numpy as np
    >>> import quests_core as qc
    >>> from quests_app import plots
    >>> envs = qc.Environments(np.random.default_rng(0).normal(size=(12, 2)), [0, 3, 6, 9, 12])
    >>> curve = qc.compression_curve(envs, qc.select(envs, bandwidth=1.0).order, bandwidth=1.0)
    >>> figure = plots.entropy_diversity({"balanced": curve}, n_frames=2)
    >>> figure.Path.Balanced.dimension_values("n_frames")
    array([1, 2, 3, 4])
    """
    check_not_empty(curves, "curves")
    columns, styles = {name: path_columns(curve) for name, curve in curves.items()}, look(curves)
    labelled = labelled if labelled is not None else next(iter(columns))
    now = {name: _row_of(one, n_frames) for name, one in columns.items()}
    xlim, ylim, bound = _ranges(columns, now)
    items: list[hv.Element] = _bands(bands, styles, DIVERSITY, ENTROPY)
    for name, one in columns.items():
        items.append(_path(one, name, styles[name], DIVERSITY, ENTROPY))
    for name, one in columns.items():
        marks = rows_of(one, marked_rows(one["percent"] / 100))
        color = styles[name].color
        points = _points(marks, DIVERSITY, ENTROPY, "Mark", name)
        items.append(styled(points, "mark", color, show_legend=False))
        if name == labelled:
            shown = without_near_labels(marks, (xlim[1] - xlim[0], ylim[1] - ylim[0]))
            labels = hv.Labels(pd.DataFrame(shown), [DIVERSITY, ENTROPY], "label", group="Percent")
            items.append(styled(labels, "mark label", color))
    items += _rings(columns, now, styles, DIVERSITY, ENTROPY)
    items += [*_bound(bound, xlim, ylim), _full_set(next(iter(columns.values())))]
    return figure(hv.Overlay(items), xlim=xlim, ylim=ylim, xlabel=DIVERSITY.label, ylabel=ENTROPY.label)


def overlap(
    curves: Mapping[str, pd.DataFrame],
    n_frames: int | None = None,
    bands: Bands | None = None,
    target: float | None = None,
) -> hv.Overlay:
    """Plot the overlap with the full set against the size of the subset.

    Parameters
    ----------
    curves : dict of str to DataFrame
        `quests_core.compression_curve` of each method.
    n_frames : int, optional
        Size marked with a dashed line and a ring on each curve.
    bands : dict of str to tuple, optional
        Sizes, lowest and highest overlap at each, such as of several seeds; all as fractions.
    target : float, optional
        Overlap to reach, a fraction, drawn as a dotted line.

    Returns
    -------
    hv.Overlay
        A ``Curve`` for each method; both axes in percent.

    Examples
    --------
    >>> import numpy as np
    >>> import quests_core as qc
    >>> from quests_app import plots
    >>> envs = qc.Environments(np.random.default_rng(0).normal(size=(12, 2)), [0, 3, 6, 9, 12])
    >>> curve = qc.compression_curve(envs, qc.select(envs, bandwidth=1.0).order, bandwidth=1.0)
    >>> figure = plots.overlap({"balanced": curve}, target=0.9)
    >>> float(figure.Path.Balanced["overlap"][-1])
    100.0
    """
    check_not_empty(curves, "curves")
    columns, styles = {name: path_columns(curve) for name, curve in curves.items()}, look(curves)
    now = {name: _row_of(one, n_frames) for name, one in columns.items()}
    scaled = {
        name: (100 * np.asarray(sizes), 100 * np.asarray(low), 100 * np.asarray(high))
        for name, (sizes, low, high) in (bands or {}).items()
    }
    items = _bands(scaled, styles, PERCENT, OVERLAP)
    items += [_path(one, name, styles[name], PERCENT, OVERLAP) for name, one in columns.items()]
    for row, one in [(row, columns[name]) for name, row in now.items() if row is not None][:1]:
        items.append(styled(hv.VLine(float(one["percent"][row]), group="Size"), "line", dash="dashed"))
    if target is not None:
        items.append(styled(hv.HLine(100 * target, group="Target"), "line", dash="dotted"))
    items += _rings(columns, now, styles, PERCENT, OVERLAP)
    return figure(hv.Overlay(items), xlim=(0, 102), ylim=(0, 104), xlabel=PERCENT.label, ylabel=OVERLAP.label)


def _row_of(columns: dict[str, np.ndarray], n_frames: int | None) -> int | None:
    if n_frames is None:
        return None
    return max(0, int(np.searchsorted(columns["n_frames"], n_frames, side="right")) - 1)


def _path(columns, name: str, style, x: hv.Dimension, y: hv.Dimension) -> hv.Curve:
    more = [d for d in (ENTROPY, DIVERSITY, PERCENT, OVERLAP, N_FRAMES, N_ENVS) if d not in (x, y)]
    curve = hv.Curve(pd.DataFrame(columns), x, [y, *more], group="Path", label=name)
    return styled(curve, "path", style.color, style.dash, _TOOLTIPS)


def _points(columns, x: hv.Dimension, y: hv.Dimension, group: str, name: str) -> hv.Points:
    return hv.Points(pd.DataFrame(columns), [x, y], group=group, label=name)


def _bands(bands: Bands | None, styles, x: hv.Dimension, y: hv.Dimension) -> list[hv.Element]:
    return [
        styled(
            hv.Area(band, x, [LOW, HIGH], group="Band", label=name), "band", styles[name].color,
            show_legend=False, ylabel=y.label,
        )
        for name, band in (bands or {}).items()
        if name in styles
    ]  # fmt: skip


def _rings(columns, now: Mapping[str, int | None], styles, x, y) -> list[hv.Element]:
    return [
        styled(
            _points(rows_of(columns[name], [row]), x, y, "Ring", name), "ring", styles[name].color,
            show_legend=False,
        )
        for name, row in now.items()
        if row is not None
    ]  # fmt: skip


def _full_set(columns) -> hv.Points:
    last = pd.DataFrame({name: values[-1:] for name, values in columns.items()})
    points = hv.Points(last, [DIVERSITY, ENTROPY], group="Full", label="full set")
    return styled(points, "star", FULL_COLOR)


def _bound(bound: float, xlim: tuple[float, float], ylim: tuple[float, float]) -> list[hv.Element]:
    """Return the line of the bound ln N and its label, if it is in the range."""
    if bound > ylim[1]:
        return []
    left = xlim[0] + 0.01 * (xlim[1] - xlim[0])
    text = hv.Text(
        left, bound, f"bound ln N = {nats(bound, 2)}", fontsize=8, halign="left", valign="bottom",
        group="BoundNote",
    )  # fmt: skip
    return [styled(hv.HLine(bound, group="Bound"), "line", dash="dotted"), styled(text, "note")]


def _ranges(columns, now: Mapping[str, int | None]):
    """Return the ranges that show each path from 9 % or the marked size, and the bound ln N, if near."""
    ends: dict[str, list[float]] = {"diversity": [], "entropy": []}
    bound = math.nan
    for name, one in columns.items():
        row = now[name]
        first = int(np.searchsorted(one["percent"], _FIRST_PERCENT))
        first = min(first, len(one["percent"]) - 1) if row is None else min(first, row)
        for quantity, values in ends.items():
            values.extend(one[quantity][first:])
        bound = math.log(one["n_envs"][-1])
    low, high = _extremes(ends["entropy"])
    if bound - high <= max(high - low, 0.1):
        ends["entropy"].append(bound)
    return padded(np.asarray(ends["diversity"]), 0.13), padded(np.asarray(ends["entropy"]), 0.13), bound


def _extremes(values: Iterable[float]) -> tuple[float, float]:
    finite = [value for value in values if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else (0.0, 0.0)
