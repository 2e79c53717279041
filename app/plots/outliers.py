"""The distribution of δH given the subset."""

import numpy as np
from bokeh.models import FixedTicker, HoverTool
from bokeh.models.annotations import BoxAnnotation, Label, Span
from bokeh.models.renderers import GlyphRenderer

from quests_core.information.entropy import OVERLAP_THRESHOLD

from ..analysis.methods import METHOD_INFO
from .base import Plot, add_legend, blank, empty, follow_theme, set_range
from .palettes import FULL_COLOR

TICKS = (-1000, -100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 100000)
_BINS_PER_UNIT = 16


def stretched(values):
    """Return asinh of values: linear near 0, logarithmic in the tails."""
    return np.arcsinh(values)


def histogram_data(delta_entropy: np.ndarray) -> dict[str, np.ndarray]:
    """Return the number of environments in each bin of the asinh axis, as steps.

    No bin contains values of both signs. Values that are not finite are ignored.

    Parameters
    ----------
    delta_entropy : ndarray of shape (n,)
        In nats.
    """
    places = stretched(delta_entropy[np.isfinite(delta_entropy)])
    if not places.size:
        return {"place": np.empty(0), "count": np.empty(0), "low": np.empty(0), "high": np.empty(0)}
    # An environment of the subset has δH = 0 up to rounding and counts as covered.
    bins = np.floor(_BINS_PER_UNIT * places).astype(np.int64)
    bins[(bins == 0) & (places < OVERLAP_THRESHOLD)] = -1
    first = int(bins.min()) - 1
    counts = np.append(np.bincount(bins - first), 0)
    edges = (first + np.arange(len(counts))) / _BINS_PER_UNIT
    ends = edges + 1 / _BINS_PER_UNIT
    # A logarithmic axis has no zero: draw empty bins below its lower end.
    return {"place": edges, "count": np.maximum(counts, 0.1), "low": np.sinh(edges), "high": np.sinh(ends)}


def outliers_plot() -> Plot:
    """Plot the distribution of δH; sources ``<method>`` (`histogram_data`)."""
    fig = blank("δH(environment | subset) / nats", "environments", y_axis_type="log", y_start=0.5)
    fig.add_layout(BoxAnnotation(right=0, fill_color=FULL_COLOR, fill_alpha=0.1, line_color=None))
    fig.add_layout(Span(location=0, dimension="height", line_color=FULL_COLOR, line_dash="dashed"))
    for label in (
        Label(x=0, y=6, y_units="screen", x_offset=-6, text="covered", text_align="right"),
        Label(x=0, y=6, y_units="screen", x_offset=6, text="lost", text_align="left"),
    ):
        label.text_font_size = "12px"
        fig.add_layout(label)
        follow_theme(fig, label)
    fig.xaxis.ticker = FixedTicker(ticks=[float(stretched(tick)) for tick in TICKS])
    fig.xaxis.major_label_overrides = {float(stretched(t)): f"{t:,}".replace("-", "−") for t in TICKS}
    tooltips = [("δH / nats", "@low{0.00} to @high{0.00}"), ("environments", "@count{0,0}")]
    fig.add_tools(HoverTool(tooltips=tooltips, mode="mouse", visible=False))
    return Plot(fig, {}, legend=add_legend(fig, {}), draw=_draw)


def _draw(plot: Plot, method: str) -> list[GlyphRenderer]:
    source = plot.sources[method] = empty("place", "count", "low", "high")
    return [
        plot.figure.step(
            "place", "count", source=source, color=METHOD_INFO[method].color, line_width=2.2,
            line_dash=METHOD_INFO[method].dash, mode="after",
        )
    ]  # fmt: skip


def fit(plot: Plot, columns: list[dict[str, np.ndarray]]) -> None:
    """Set the ranges to show all histograms completely."""
    filled = [column for column in columns if len(column["place"])]
    if filled:
        set_range(
            plot.figure.x_range, min(c["place"][0] for c in filled), max(c["place"][-1] for c in filled)
        )
        set_range(plot.figure.y_range, 0.5, 2 * max(c["count"].max() for c in filled))
