"""The errors of potentials that were trained on subsets."""

from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd

from ..base import padded
from ..potentials import NOVELTY_TICKS, QUANTITIES, above_best, against, by_novelty, means_of
from .dimensions import FORCE_ERROR, FORCE_RMSE, HIGH, LOSS, LOW, OVERLAP, PERCENT
from .options import check_not_empty, figure, look, styled

_ABOVE_TOOLTIPS = (
    ("method", "$name"), ("frames kept", "@percent{0.0} %"), ("above the best / eV Å⁻¹", "@error{0.0000}")
)  # fmt: skip
_POTENTIAL_TOOLTIPS = (
    ("method", "$name"), ("frames", "@n_frames{0,0}"), ("seed", "@seed"),
    ("force RMSE / eV Å⁻¹", "@force_rmse{0.0000}"),
)  # fmt: skip
_NOVELTY_TOOLTIPS = (
    ("method", "$name"), ("test environments", "@n_envs{0,0}"), ("force RMSE / eV Å⁻¹", "@error{0.0000}")
)  # fmt: skip
QUANTITY_AXES = {"fraction": PERCENT, "overlap": OVERLAP, "information_loss": LOSS}
_NOVELTY = hv.Dimension("place", label="δH(test environment | training set) / nats")
_RMSE = hv.Dimension("error", label=FORCE_RMSE.label)


def force_errors(table: pd.DataFrame) -> hv.Overlay:
    """Plot the force error of potentials trained on subsets, above the best of each size.

    Parameters
    ----------
    table : DataFrame
        A row for each potential: ``method``, ``fraction`` of the frames that it was trained on, and
        ``force_rmse``, the root mean squared error of the forces on test frames, eV Å⁻¹. Rows of the same
        method and fraction, such as of several seeds, are a band around their mean. Rows without an error
        are ignored.

    Returns
    -------
    hv.Overlay
        A ``Curve`` for each method.

    Examples
    --------
    >>> import pandas as pd
    >>> from quests_app import plots
    >>> table = pd.DataFrame({"method": ["msc", "random"] * 2, "fraction": [0.1, 0.1, 0.5, 0.5],
    ...                       "force_rmse": [0.30, 0.36, 0.21, 0.20]})
    >>> plots.force_errors(table).Error.Msc["error"].round(3)
    array([0.  , 0.01])
    """
    found = above_best(table)
    check_not_empty(found, "table")
    overlay = _with_spread(found, "percent", PERCENT, FORCE_ERROR, _ABOVE_TOOLTIPS)
    ylim = padded(_extremes(found), 0.1)
    return figure(overlay, xlim=(0, 102), ylim=ylim, xlabel=PERCENT.label, ylabel=FORCE_ERROR.label)


def errors_against(table: pd.DataFrame, quantity: str = "overlap") -> hv.Overlay:
    """Plot the force error of each potential against what its training set contains.

    Parameters
    ----------
    table : DataFrame
        A row for each potential: ``method``, ``n_frames``, ``seed``, ``force_rmse`` (eV Å⁻¹), ``fraction``
        of the frames, and `quantity`. Rows without an error are ignored.
    quantity : {"overlap", "information_loss", "fraction"}
        What the error is plotted against.

    Returns
    -------
    hv.Overlay
        ``Points`` for each method, a point for each potential, and a ``Curve`` through the means over seeds.

    Examples
    --------
    >>> import pandas as pd
    >>> from quests_app import plots
    >>> table = pd.DataFrame({"method": ["msc", "random"], "n_frames": 9, "seed": 0, "fraction": 0.1,
    ...                       "force_rmse": [0.30, 0.36], "overlap": [0.8, 0.6]})
    >>> float(plots.errors_against(table).Potential.Msc["x"][0])
    80.0
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity: expected one of {', '.join(map(repr, QUANTITIES))}, got {quantity!r}")
    found, axis = against(table, quantity), QUANTITY_AXES[quantity]
    check_not_empty(found, "table")
    x = hv.Dimension("x", label=axis.label)
    items: list[hv.Element] = []
    for method, style in look(found).items():
        means = hv.Curve(means_of(found[method]), x, FORCE_RMSE, group="Mean", label=method)
        items.append(styled(means, "path", style.color, style.dash))
        points = hv.Points(
            found[method], [x, FORCE_RMSE], ["n_frames", "seed"], group="Potential", label=method
        )
        items.append(styled(points, "mark", style.color, tooltips=_POTENTIAL_TOOLTIPS, show_legend=False))
    limits: dict[str, Any] = {
        name: padded(np.concatenate([columns[column] for columns in found.values()]), 0.1)
        for name, column in (("xlim", "x"), ("ylim", "force_rmse"))
    }
    options = {"xlabel": axis.label, "ylabel": FORCE_RMSE.label, **limits}
    return figure(hv.Overlay(items), **options)


def errors_by_novelty(groups: pd.DataFrame) -> hv.Overlay:
    """Plot the force error on test environments by their δH against the training set.

    Parameters
    ----------
    groups : DataFrame
        `quests_core.PotentialComparison.groups` of one size: a row for each potential and group, of which
        those by ``"delta_entropy"`` are used. Several seeds are a band around their mean.

    Returns
    -------
    hv.Overlay
        A ``Curve`` for each method, over the groups from covered to novel.

    Examples
    --------
    >>> import pandas as pd
    >>> from quests_app import plots
    >>> groups = pd.DataFrame({"method": "msc", "by": "delta_entropy", "low": [None, 20.0],
    ...                        "force_rmse": [0.1, 0.9], "n_test_envs": [90, 4]})
    >>> plots.errors_by_novelty(groups).Error.Msc["place"].tolist()
    [0, 3]
    """
    found = by_novelty(groups)
    check_not_empty(found, "groups")
    overlay = _with_spread(found, "place", _NOVELTY, _RMSE, _NOVELTY_TOOLTIPS)
    top = 1.08 * np.nanmax(_extremes(found))
    return figure(
        overlay, xlim=(-0.3, len(NOVELTY_TICKS) - 0.7), ylim=(0, top), xticks=list(NOVELTY_TICKS.items()),
        xlabel=_NOVELTY.label, ylabel=FORCE_RMSE.label,
    )  # fmt: skip


def _extremes(found) -> np.ndarray:
    return np.concatenate([columns[name] for columns in found.values() for name in ("low", "high")])


def _with_spread(found, key: str, x: hv.Dimension, y: hv.Dimension, tooltips) -> hv.Overlay:
    """Return curves with marks, above bands from the lowest to the highest value."""
    bands: list[hv.Element] = []
    lines: list[hv.Element] = []
    for method, style in look(found).items():
        columns = found[method]
        band = hv.Area(
            (columns[key], columns["low"], columns["high"]), x, [LOW, HIGH], group="Spread", label=method
        )
        bands.append(styled(band, "band", style.color, show_legend=False))
        extra = ["n_envs"] if "n_envs" in columns else []
        own = {name: columns[name] for name in (key, "error", *extra)}
        line = hv.Curve(own, x, [y, *extra], group="Error", label=method)
        lines.append(styled(line, "path", style.color, style.dash, tooltips))
        marks = hv.Points(own, [x, y], extra, group="Mark", label=method)
        lines.append(styled(marks, "mark", style.color, show_legend=False))
    return hv.Overlay([*bands, *lines])
