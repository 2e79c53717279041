"""Entropy against the bandwidth."""

import holoviews as hv
import numpy as np

from ...analysis.methods import METHOD_INFO
from .dimensions import BANDWIDTH, BANDWIDTH_ENTROPY
from .options import figure, styled


def bandwidth(
    bandwidths: np.ndarray, entropies: np.ndarray, bound: float | None = None, current: float | None = None
) -> hv.Overlay:
    """Plot the entropy of a set against the bandwidth h, on a logarithmic axis.

    Parameters
    ----------
    bandwidths, entropies : ndarray of shape (n,)
        h in Å⁻¹ and H in nats, such as the columns of `quests_core.bandwidth_curve`.
    bound : float, optional
        ln N, nats, drawn as a dotted line.
    current : float, optional
        Bandwidth in use, Å⁻¹, drawn as a dashed line.

    Returns
    -------
    hv.Overlay
        A ``Curve`` with the lines.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> h, entropies = np.array([0.001, 0.01, 0.1]), np.array([5.0, 3.0, 0.2])
    >>> figure = plots.bandwidth(h, entropies, bound=5.1, current=0.015)
    >>> figure.Entropy.I["entropy"]
    array([5. , 3. , 0.2])
    """
    curve = hv.Curve((bandwidths, entropies), BANDWIDTH, BANDWIDTH_ENTROPY, group="Entropy")
    tooltips = ((BANDWIDTH.label, "@bandwidth{0.0000}"), (BANDWIDTH_ENTROPY.label, "@entropy{0.00}"))
    items = [styled(curve, "path", METHOD_INFO["msc"].color, tooltips=tooltips, show_legend=False)]
    if bound is not None:
        items.append(styled(hv.HLine(bound, group="Bound"), "line", dash="dotted"))
    if current is not None:
        items.append(styled(hv.VLine(current, group="Current"), "line", dash="dashed"))
    top = 1.08 * max(0.1, float(np.max(entropies)) if bound is None else bound)
    xlim = (float(np.min(bandwidths)), float(np.max(bandwidths)))
    return figure(
        hv.Overlay(items), xlim=xlim, ylim=(0, top), logx=True, xlabel=BANDWIDTH.label,
        ylabel=BANDWIDTH_ENTROPY.label,
    )  # fmt: skip
