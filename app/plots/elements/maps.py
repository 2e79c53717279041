"""The map of environments as an image in which every point is drawn, and the full set beside subsets."""

from collections.abc import Mapping

import holoviews as hv
import numpy as np

from .. import map_colors
from ..base import padded
from ..map_colors import MapColors
from ..palettes import PARITY_DENSITY
from ..raster import Raster
from .options import arranged, figure, plain, styled, titled

# Width and height of the image in pixels.
SIZE = (960, 690)
_CLEAR = "#00000000"


def environment_map(
    xy: np.ndarray,
    color: np.ndarray | MapColors | None = None,
    rows: np.ndarray | None = None,
    title: str = "",
    size: tuple[int, int] = SIZE,
) -> hv.Overlay:
    """Plot environments on a map, each of them visible whatever their number.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Places of the environments, such as from a UMAP.
    color : ndarray of shape (n,), optional
        Numbers or names by which the environments are coloured; by default the density on the map, the
        brighter the more points. Overlapping points have the mean of their numbers, and rare names are on
        top.
    rows : ndarray of int, optional
        Draw only these environments, in the range of all, coloured as among all.
    title : str
        Title of the colour bar: the quantity and its unit.
    size : tuple of int
        Width and height of the image in pixels.

    Returns
    -------
    hv.Overlay
        An ``Image`` of colour indices, 1 byte per pixel, with a colour bar or a legend.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> xy = np.random.default_rng(0).normal(size=(50_000, 2))
    >>> figure = plots.environment_map(xy, xy[:, 0], title="x / Å")
    >>> image = figure.Map.I.dimension_values("color", flat=False)
    >>> image.shape, image.dtype
    ((690, 960), dtype('uint8'))
    """
    xy, colors = np.asarray(xy, dtype=float), _colors(xy, color, rows, title)
    xlim, ylim = padded(xy[:, 0], 0.03), padded(xy[:, 1], 0.03)
    drawn = np.arange(len(xy)) if rows is None else np.asarray(rows)
    raster = Raster.of(xy[drawn], xlim, ylim, size)
    pixels = colors.image(raster, drawn)
    items = [map_image(pixels, colors, xlim, ylim), *color_keys(colors, (xlim[0], ylim[0]))]
    return figure(
        hv.Overlay(items), "wide figure", xlim=xlim, ylim=ylim, xaxis=None, yaxis=None, show_grid=False
    )


def _colors(xy, color, rows, title: str) -> MapColors:
    if isinstance(color, MapColors):
        return color
    if color is None:
        return map_colors.by_crowding(xy, np.arange(len(xy)) if rows is None else np.asarray(rows))
    values = np.asarray(color)
    if values.dtype.kind in "UOS":
        return map_colors.by_category(values.astype(str))
    return map_colors.by_value(values.astype(float), title)


def map_image(
    pixels: np.ndarray, colors: MapColors, xlim: tuple[float, float], ylim: tuple[float, float]
) -> hv.Image:
    """Return pixels, row by row from the bottom, as an element of indices into the palette."""
    palette = [_CLEAR, *colors.palette]
    bounds = (xlim[0], ylim[0], xlim[1], ylim[1])
    image = hv.Image(pixels[::-1], ["x", "y"], "color", bounds=bounds, group="Map")
    return styled(image, "image", cmap=palette, clim=(-0.5, len(palette) - 0.5), show_legend=False)


def pairs_image(
    xy: np.ndarray, xlim: tuple[float, float], ylim: tuple[float, float], color: np.ndarray | None,
    title: str, size: tuple[int, int],
) -> list[hv.Element]:  # fmt: skip
    """Return the image of pairs of finite values, and the keys of its colours.

    Colours are those of the numbers `color`, or of the density, which has no key.
    """
    rows = np.arange(len(xy))
    if color is None:
        colors = map_colors.by_crowding(xy, rows, PARITY_DENSITY)
    else:
        colors = map_colors.by_value(color, title)
    image = map_image(colors.image(Raster.of(xy, xlim, ylim, size), rows), colors, xlim, ylim)
    return [image, *([] if color is None else color_keys(colors, (xlim[0], ylim[0])))]


def color_keys(colors: MapColors, corner: tuple[float, float]) -> list[hv.Element]:
    """Return invisible points that carry the colour bar or the legend."""
    if colors.bar:
        low, high, title = colors.bar
        point = hv.Points([(*corner, low)], ["x", "y"], "bar", group="Bar")
        return [styled(
            point, "color key", "bar", cmap=list(colors.palette[1:]), clim=(low, high), colorbar=True,
            clabel=plain(title), show_legend=False,
        )]  # fmt: skip
    return [
        styled(
            hv.Points([(np.nan, np.nan)], ["x", "y"], group="Key", label=plain(f"{name} {n:,}")), "key", color
        )
        for name, color, n in colors.legend
    ]


def subset_maps(xy: np.ndarray, subsets: Mapping[str, np.ndarray]) -> hv.Layout:
    """Plot the full set on a map beside each subset, the brighter the more points.

    A map in two dimensions hides lost information, so it comes after the numbers.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Places of all environments.
    subsets : dict of str to ndarray of int
        Environments of each subset, rows of `xy`.

    Returns
    -------
    hv.Layout
        An `environment_map` for the full set and for each subset, in the same range and colours.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> xy = np.random.default_rng(0).normal(size=(500, 2))
    >>> len(plots.subset_maps(xy, {"msc, 25 %": np.arange(125)}))
    2
    """
    size = (SIZE[0] // 2, SIZE[1] // 2)
    panels = [titled(environment_map(xy, size=size), "full set")]
    panels += [titled(environment_map(xy, rows=rows, size=size), name) for name, rows in subsets.items()]
    return arranged(panels, min(3, len(panels)))
