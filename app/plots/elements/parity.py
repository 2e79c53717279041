"""Predicted against reference values, as an image in which every value is drawn."""

import holoviews as hv
import numpy as np

from ..base import padded
from .maps import SIZE, pairs_image
from .options import figure, styled

FORCE_COMPONENT, ENERGY_PER_ATOM = "force component / eV Å⁻¹", "energy / eV atom⁻¹"


def parity(
    reference: np.ndarray, predicted: np.ndarray, quantity: str = FORCE_COMPONENT,
    color: np.ndarray | None = None, title: str = "", size: tuple[int, int] = SIZE,
) -> hv.Overlay:  # fmt: skip
    """Plot predicted against reference values, each of them visible whatever their number.

    Parameters
    ----------
    reference, predicted : ndarray
        Values of the same shape, such as all force components; pairs that are not finite are ignored.
    quantity : str
        The quantity and its unit, for the axes.
    color : ndarray, optional
        A number for each value; by default the density on the plot, the brighter the more values.
    title : str
        Title of the colour bar, if there is a `color`.
    size : tuple of int
        Width and height of the image in pixels.

    Returns
    -------
    hv.Overlay
        An ``Image`` of colour indices, and the dashed line where both are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> rng = np.random.default_rng(0)
    >>> forces = rng.normal(size=(1000, 3))
    >>> figure = plots.parity(forces, forces + 0.1 * rng.normal(size=forces.shape))
    >>> figure.Map.I.dimension_values("color", flat=False).shape
    (690, 960)
    """
    xy = np.stack([np.ravel(reference), np.ravel(predicted)], axis=1).astype(float)
    usable = np.isfinite(xy).all(axis=1)
    if not usable.any():
        raise ValueError("reference: expected at least one finite pair of values, got none")
    xy = xy[usable]
    low, high = limits = padded(xy, 0.03)
    color = None if color is None else np.ravel(color)[usable].astype(float)
    image, *keys = pairs_image(xy, limits, limits, color, title, size)
    equal = hv.Curve([(low, low), (high, high)], "x", "y", group="Equal")
    items = [styled(equal, "line", dash="dashed", show_legend=False), image, *keys]
    labels = {"xlabel": f"reference {quantity}", "ylabel": f"predicted {quantity}"}
    return figure(hv.Overlay(items), "wide figure", xlim=limits, ylim=limits, **labels)
