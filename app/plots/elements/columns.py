"""Any column: its histogram, or one against another as an image in which every value is drawn."""

import holoviews as hv
import numpy as np

from ..base import padded
from ..columns import bin_edges, histogram_data
from ..palettes import FULL_COLOR, SELECTED_COLOR
from .maps import SIZE, pairs_image
from .options import figure, plain, styled

ALL, SELECTED = "all", "selected"
_TOOLTIPS = (("from", "@left"), ("to", "@right"), ("count", "@top{0,0}"))


def histogram(
    values: np.ndarray, quantity: str = "value", selected: np.ndarray | None = None, noun: str = "count"
) -> hv.Overlay:
    """Plot how often values occur, and those of them that are selected.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Values that are not finite are ignored.
    quantity : str
        The quantity and its unit, for the x axis.
    selected : ndarray of bool, shape (n,), optional
        Which values are also drawn on their own.
    noun : str
        What is counted, for the y axis, such as "frames".

    Returns
    -------
    hv.Overlay
        A ``Histogram`` of all values and one of the selected values, with the same edges.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> values = np.array([0.0, 1.0, 1.5, 4.0])
    >>> figure = plots.histogram(values, "energy / eV", values > 1, noun="frames")
    >>> [int(sum(one["count"])) for one in figure.Column]
    [4, 2]
    """
    values = np.ravel(np.asarray(values, dtype=float))
    edges = bin_edges(values)
    if edges is None:
        raise ValueError("values: expected at least one finite value, got none")
    chosen = np.zeros(len(values), dtype=bool) if selected is None else np.asarray(selected, dtype=bool)
    if chosen.shape != values.shape:
        raise ValueError(f"selected: expected shape {values.shape}, got {chosen.shape}")
    items, highest = [], 1.0
    for name, color, one in ((ALL, FULL_COLOR, values), (SELECTED, SELECTED_COLOR, values[chosen])):
        counts = histogram_data(one, edges)["top"]
        highest = max(highest, float(counts.max()))
        bars = hv.Histogram((edges, counts), kdims="value", vdims="count", group="Column", label=name)
        items.append(styled(bars, "histogram", color, tooltips=_TOOLTIPS))
    return figure(
        hv.Overlay(items), xlim=(float(edges[0]), float(edges[-1])), ylim=(0, 1.08 * highest),
        xlabel=plain(quantity), ylabel=plain(noun),
    )  # fmt: skip


def scatter(
    x: np.ndarray, y: np.ndarray, x_quantity: str = "x", y_quantity: str = "y",
    color: np.ndarray | None = None, title: str = "", size: tuple[int, int] = SIZE,
) -> hv.Overlay:  # fmt: skip
    """Plot a column against another, each pair of values visible whatever their number.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Pairs of which one is not finite are ignored.
    x_quantity, y_quantity : str
        The quantities and their units, for the axes.
    color : ndarray of shape (n,), optional
        A number for each pair; by default the density on the plot, the brighter the more values.
    title : str
        Title of the colour bar, if there is a `color`.
    size : tuple of int
        Width and height of the image in pixels.

    Returns
    -------
    hv.Overlay
        An ``Image`` of colour indices, 1 byte per pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> x = np.random.default_rng(0).normal(size=100_000)
    >>> figure = plots.scatter(x, x**2, "energy / eV atom⁻¹", "|F| / eV Å⁻¹")
    >>> figure.Map.I.dimension_values("color", flat=False).shape
    (690, 960)
    """
    xy = np.stack([np.ravel(x), np.ravel(y)], axis=1).astype(float)
    usable = np.isfinite(xy).all(axis=1)
    if not usable.any():
        raise ValueError("x: expected at least one finite pair of values, got none")
    xy = xy[usable]
    xlim, ylim = padded(xy[:, 0], 0.03), padded(xy[:, 1], 0.03)
    color = None if color is None else np.ravel(color)[usable].astype(float)
    items = pairs_image(xy, xlim, ylim, color, title, size)
    labels = {"xlabel": plain(x_quantity), "ylabel": plain(y_quantity)}
    return figure(hv.Overlay(items), "wide figure", xlim=xlim, ylim=ylim, **labels)
