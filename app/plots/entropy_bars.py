"""Entropies of sets as bars, with their bounds ln N."""

from collections.abc import Sequence

import numpy as np
from bokeh.models import FactorRange, HoverTool
from bokeh.plotting import figure

from ..text.numbers import nats
from .base import Plot, add_legend, blank, clear, empty, follow_theme, limits, set_data, set_range
from .palettes import FULL_COLOR
from .sets import short_names

_COLUMNS = ("name", "full_name", "entropy", "bound", "color", "text", "n_envs", "copies")
LABEL_COLOR = "#5b8fb0"
_ROW, _REST = 21, 92


def redundancy_data(names: Sequence[str], entropies, n_envs, colors: Sequence[str]) -> dict[str, list]:
    """Return one row per set: entropy H, bound ln N, and exp(ln N − H) copies per environment."""
    entropies, bounds = np.asarray(entropies, dtype=float), np.log(np.asarray(n_envs, dtype=float))
    pairs = zip(entropies, bounds, strict=True)
    return {
        "name": short_names(names),
        "full_name": list(names),
        "entropy": entropies.tolist(),
        "bound": bounds.tolist(),
        "color": list(colors),
        "text": [f"{nats(value, 2)} of {nats(bound, 2)}" for value, bound in pairs],
        "n_envs": [int(n) for n in n_envs],
        "copies": np.exp(bounds - entropies).tolist(),
    }


def redundancy_plot() -> Plot:
    """Plot horizontal bars; source ``bars``, updated by `show_redundancy`."""
    fig = blank("entropy / nats", "", y_range=FactorRange())
    fig.ygrid.visible = False
    source = empty(*_COLUMNS)
    bound = fig.hbar(
        "name", 0.78, "bound", source=source, fill_color=FULL_COLOR, fill_alpha=0.2, line_color=FULL_COLOR,
        line_dash="dotted",
    )  # fmt: skip
    bars = fig.hbar("name", 0.5, "entropy", source=source, color="color")
    text = fig.text(
        "bound", "name", "text", source=source, x_offset=6, text_baseline="middle", text_font_size="11px"
    )
    follow_theme(fig, text.glyph)
    tooltips = [
        ("set", "@full_name"),
        ("entropy H / nats", "@entropy{0.000}"),
        ("bound ln N / nats", "@bound{0.000}"),
        ("environments N", "@n_envs{0,0}"),
        ("copies of each", "@copies{0.0}"),
    ]
    fig.add_tools(HoverTool(renderers=[bound], tooltips=tooltips, visible=False))
    return Plot(fig, {"bars": source}, legend=add_legend(fig, {"H": [bars], "bound ln N": [bound]}))


def show_redundancy(plot: Plot, data: dict[str, list]) -> None:
    """Show these rows, the first at the top, and adapt the height of the figure."""
    fig: figure = plot.figure
    source = plot.sources["bars"]
    names = data["name"][::-1]
    if list(source.data["name"]) != data["name"]:
        clear(source)
        fig.y_range.update(factors=names)
        fig.min_height = _REST + _ROW * max(4, len(names))
    set_data(source, data)
    # Leave space for the text right of the longest bar.
    end = 1.28 * max([*data["bound"], 0.5])
    if limits(fig.x_range)[1] != end:
        set_range(fig.x_range, 0, end)
