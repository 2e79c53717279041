"""The tail of the force distribution."""

import numpy as np
from bokeh.models import HoverTool, Step
from bokeh.models.renderers import GlyphRenderer

from ..analysis.methods import METHOD_INFO
from .base import Plot, add_legend, blank, empty
from .palettes import FULL_COLOR


def tail_data(sorted_forces: np.ndarray, most: int = 600) -> dict[str, np.ndarray]:
    """Return the fraction of environments whose force exceeds f, as steps.

    The 100 largest forces are all kept; the remaining ranks are thinned evenly on the logarithmic
    axis, below the resolution of the screen.

    Parameters
    ----------
    sorted_forces : ndarray of shape (n,)
        Magnitudes in ascending order.
    most : int
        Approximate number of steps.
    """
    n = len(sorted_forces)
    if n == 0:
        return {"force": np.empty(0), "share": np.empty(0)}
    ranks = np.unique(np.append(np.arange(1, min(n, 100) + 1), np.geomspace(1, n, most).astype(int)))[::-1]
    forces = sorted_forces[n - ranks]
    # All forces exceed values left of the smallest one; the curve steps down at each force.
    return {"force": np.append(0.0, forces), "share": np.append(n, ranks) / n}


def forces_plot() -> Plot:
    """Plot the tail of the force distribution; sources ``full`` and ``<method>`` (`tail_data`)."""
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
