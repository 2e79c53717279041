"""The tail of the force distribution."""

from collections.abc import Mapping

import holoviews as hv
import numpy as np

from ..forces import tail_data
from ..palettes import FULL_COLOR
from .dimensions import FORCE, SHARE_ABOVE
from .options import figure, look, styled

_TOOLTIPS = (("|F| above", "@force{0.00} eV Å⁻¹"), ("share", "@share{0.000%}"))


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
