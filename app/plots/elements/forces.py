"""The tail of the force distribution, and the errors of potentials."""

from collections.abc import Mapping

import holoviews as hv
import numpy as np
import pandas as pd

from ..base import padded
from ..forces import tail_data
from ..palettes import FULL_COLOR
from .dimensions import FORCE, FORCE_ERROR, HIGH, LOW, PERCENT, SHARE_ABOVE
from .options import figure, look, styled

_TOOLTIPS = (("|F| above", "@force{0.00} eV Å⁻¹"), ("share", "@share{0.000%}"))
_ERROR_TOOLTIPS = (
    ("method", "$name"), ("frames kept", "@percent{0.0} %"), ("above the best / eV Å⁻¹", "@error{0.0000}")
)  # fmt: skip


def force_tail(forces: np.ndarray, subsets: Mapping[str, np.ndarray] | None = None) -> hv.Overlay:
    """Plot the share of environments whose force exceeds f, on a logarithmic axis.

    A subset whose curve follows the grey one of the full set keeps the tail of the distribution.

    Parameters
    ----------
    forces : ndarray of shape (n,)
        Norm of the force on each environment of the full set, eV Å⁻¹; values that are not finite are ignored.
    subsets : dict of str to ndarray, optional
        The same for the subset of each method.

    Returns
    -------
    hv.Overlay
        A stepped ``Curve`` for the full set and for each subset.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> forces = np.random.default_rng(0).exponential(size=1000)
    >>> figure = plots.force_tail(forces, {"msc": forces[:250]})
    >>> float(figure.Tail.Msc["share"][0])
    1.0
    """
    full = _sorted(forces)
    if not len(full):
        raise ValueError("forces: expected at least one finite value, got none")
    styles = look(subsets or {})
    full_tail, steps = _tail(full, "full set"), "steps-pre"
    items = [styled(full_tail, "broad step", FULL_COLOR, tooltips=_TOOLTIPS, interpolation=steps)]
    for name, values in (subsets or {}).items():
        style, curve = styles[name], _tail(_sorted(values), name)
        items.append(styled(curve, "step", style.color, style.dash, _TOOLTIPS, interpolation=steps))
    xlim, ylim = (0.0, 1.03 * max(float(full[-1]), 1e-3)), (0.6 / len(full), 1.6)
    labels = {"xlabel": FORCE.label, "ylabel": SHARE_ABOVE.label}
    return figure(hv.Overlay(items), xlim=xlim, ylim=ylim, logy=True, **labels)


def _sorted(forces: np.ndarray) -> np.ndarray:
    forces = np.asarray(forces, dtype=float)
    return np.sort(forces[np.isfinite(forces)])


def _tail(sorted_forces: np.ndarray, name: str) -> hv.Curve:
    return hv.Curve(tail_data(sorted_forces), FORCE, SHARE_ABOVE, group="Tail", label=name)


def force_errors(table: pd.DataFrame) -> hv.Overlay:
    """Plot the force error of potentials trained on subsets, above the best of each size.

    Parameters
    ----------
    table : DataFrame
        A row for each potential: ``method``, ``fraction`` of the frames that it was trained on, and
        ``force_rmse``, the root mean squared error of the forces on test frames, eV Å⁻¹. Rows of the same
        method and fraction, such as of several seeds, are a band around their mean.

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
    grouped = table.groupby(["method", "fraction"], sort=False)["force_rmse"].agg(["mean", "min", "max"])
    best = grouped["mean"].groupby("fraction").min()
    above = grouped.sub(grouped.index.get_level_values("fraction").map(best.to_dict()), axis=0).reset_index()
    names = list(dict.fromkeys(table["method"]))
    bands: list[hv.Element] = []
    lines: list[hv.Element] = []
    for name, style in look(names).items():
        rows = above[above["method"] == name].sort_values("fraction")
        percent = 100 * rows["fraction"].to_numpy()
        if len(table) > len(above):
            band = hv.Area((percent, rows["min"], rows["max"]), PERCENT, [LOW, HIGH], group="Band")
            bands.append(styled(band, "band", style.color, show_legend=False))
        columns = (percent, rows["mean"].to_numpy())
        line = hv.Curve(columns, PERCENT, FORCE_ERROR, group="Error", label=name)
        lines.append(styled(line, "path", style.color, style.dash, _ERROR_TOOLTIPS))
        marks = hv.Points(columns, [PERCENT, FORCE_ERROR], group="Mark")
        lines.append(styled(marks, "mark", style.color, show_legend=False))
    ylim = padded(above[["min", "max"]].to_numpy() if bands else above["mean"].to_numpy(), 0.1)
    labels = {"xlabel": PERCENT.label, "ylabel": FORCE_ERROR.label}
    return figure(hv.Overlay([*bands, *lines]), xlim=(0, 102), ylim=ylim, **labels)
