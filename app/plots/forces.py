"""The tail of the force distribution."""

import numpy as np
from bokeh.models import HoverTool, Step
from bokeh.models.renderers import GlyphRenderer

from ..analysis.methods import METHOD_INFO
from .base import Plot, add_legend, blank, empty
from .palettes import FULL_COLOR


def tail_data(sorted_forces: np.ndarray, most: int = 600) -> dict[str, np.ndarray]:
    """Return the share of environments whose force is above f, as steps.

    All of the 100 largest forces are kept; below them ranks are thinned evenly on the logarithmic
    axis, which loses nothing that the screen could show.

    Parameters
    ----------
    sorted_forces : ndarray of shape (n,)
        Magnitudes, rising.
    most : int
        About how many steps to return.
    """
    n = len(sorted_forces)
    if n == 0:
        return {"force": np.empty(0), "share": np.empty(0)}
    ranks = np.unique(np.append(np.arange(1, min(n, 100) + 1), np.geomspace(1, n, most).astype(int)))[::-1]
    forces = sorted_forces[n - ranks]
    # Left of the smallest force all are above; a step goes down at each force.
    return {"force": np.append(0.0, forces), "share": np.append(n, ranks) / n}


def forces_plot() -> Plot:
    """Return the tail of the force distribution; sources ``full`` and ``<method>`` (`tail_data`)."""
    fig = blank("f / eV Å⁻¹", "share with |F| > f", y_axis_type="log", y_start=1e-4)
    sources = {"full": empty("force", "share")}
    full = fig.add_glyph(sources["full"], _step(line_color=FULL_COLOR, line_width=5, line_alpha=0.45))
    tooltips = [("|F| above", "@force{0.00} eV Å⁻¹"), ("share", "@share{0.000%}")]
    fig.add_tools(HoverTool(tooltips=tooltips, mode="mouse", visible=False))
    return Plot(fig, sources, legend=add_legend(fig, {"full set": [full]}), draw=_draw)


def _draw(plot: Plot, method: str) -> list[GlyphRenderer]:
    source = plot.sources[method] = empty("force", "share")
    glyph = _step(line_color=METHOD_INFO[method].color, line_width=2.2, line_dash=METHOD_INFO[method].dash)
    return [plot.figure.add_glyph(source, glyph)]


def _step(**options) -> Step:
    return Step(x="force", y="share", mode="before", **options)
