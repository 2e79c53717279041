"""The look of all plots: one table of options for each backend, by the role of what is drawn."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from threading import RLock
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh

from quests_core.utils import escape

from ...analysis.methods import METHOD_INFO, MethodInfo
from ..palettes import FULL_COLOR
from .matplotlib_hooks import finish

# Stand for the colour and the dash of the drawn method or set.
COLOR, DASH = "{color}", "{dash}"
_LINE_STYLES = {"solid": "-", "dashed": "--", "dotted": ":", "dotdash": "-."}
# For methods without a colour of their own.
_OTHER_COLORS = (
    "#882255", "#332288", "#117733", "#999933", "#44AA99", "#AA4499", "#88CCEE", "#DDCC77", "#CC6677",
    "#661100", "#6699CC", "#888888",
)  # fmt: skip
_COLOR_BAR = {"width": 10, "padding": 6, "background_fill_alpha": 0}

BOKEH: dict[str, dict[str, Any]] = {
    "figure": {"width": 560, "height": 400, "toolbar": "above", "gridstyle": {"grid_line_alpha": 0.5}},
    "wide figure": {"width": 680, "height": 400, "toolbar": "above"},
    "path": {"color": COLOR, "line_dash": DASH, "line_width": 2.2},
    "step": {"color": COLOR, "line_dash": DASH, "line_width": 2.2},
    "broad step": {"color": COLOR, "line_width": 5, "line_alpha": 0.45},
    "band": {"fill_color": COLOR, "fill_alpha": 0.22, "line_alpha": 0},
    "mark": {"color": COLOR, "size": 7},
    "mark label": {
        "text_color": COLOR, "text_font_size": "11px", "text_align": "right", "text_baseline": "bottom",
    },
    "ring": {"size": 13, "line_width": 3, "line_color": COLOR, "fill_color": "white"},
    "star": {"marker": "star", "size": 17, "color": COLOR},
    "line": {"color": FULL_COLOR, "line_dash": DASH, "line_width": 2},
    "note": {"text_color": FULL_COLOR, "text_font_size": "12px"},
    "shade": {"fill_color": FULL_COLOR, "fill_alpha": 0.1, "line_alpha": 0},
    "outlined bar": {
        "fill_color": COLOR, "fill_alpha": 0.2, "line_color": COLOR, "line_dash": "dotted",
    },
    "bar": {"fill_color": COLOR, "line_color": COLOR},
    "bar label": {"text_font_size": "11px", "text_color": FULL_COLOR, "text_align": "left"},
    "histogram": {"fill_color": COLOR, "fill_alpha": 0.35, "line_color": COLOR},
    "cell": {"color": COLOR, "line_color": "white", "colorbar_opts": _COLOR_BAR},
    "cell label": {"text_color": COLOR, "text_font_size": "11px"},
    "point": {"color": COLOR, "size": 5, "alpha": 0.6},
    "colored point": {
        "color": COLOR, "size": 5, "alpha": 0.8, "colorbar_opts": _COLOR_BAR,
    },
    "key": {"color": COLOR, "size": 9},
    "color key": {"color": COLOR, "size": 0, "colorbar_opts": _COLOR_BAR},
    "image": {},
    "spread": {"line_color": COLOR},
}  # fmt: skip
# Lengths in points, of which four are as long as three of Bokeh's pixels.
MATPLOTLIB: dict[str, dict[str, Any]] = {
    "figure": {"fig_inches": (5.2, 3.7), "fig_bounds": (0, 0, 1, 1), "aspect": 1.4},
    "wide figure": {"fig_inches": (5.2, 3.7), "fig_bounds": (0, 0, 1, 1), "aspect": 1.4},
    "path": {"color": COLOR, "linestyle": DASH, "linewidth": 1.7},
    "step": {"color": COLOR, "linestyle": DASH, "linewidth": 1.7},
    "broad step": {"color": COLOR, "linewidth": 4, "alpha": 0.45},
    "band": {"color": COLOR, "facecolor": COLOR, "alpha": 0.22, "linewidth": 0},
    "mark": {"color": COLOR, "s": 28},
    "mark label": {
        "color": COLOR, "size": 8, "horizontalalignment": "right", "verticalalignment": "bottom",
    },
    "ring": {"s": 95, "linewidth": 2.2, "edgecolors": COLOR, "facecolors": "white"},
    "star": {"marker": "*", "s": 160, "color": COLOR},
    "line": {"color": FULL_COLOR, "linestyle": DASH, "linewidth": 1.5},
    "note": {"color": FULL_COLOR},
    "shade": {"facecolor": FULL_COLOR, "alpha": 0.1, "linewidth": 0},
    "outlined bar": {"facecolor": COLOR, "alpha": 0.25, "linewidth": 0},
    "bar": {"facecolor": COLOR, "linewidth": 0},
    "bar label": {"size": 8, "color": "black", "horizontalalignment": "left"},
    "histogram": {"facecolor": COLOR, "edgecolor": COLOR, "alpha": 0.4, "linewidth": 0.6},
    "cell": {"color": COLOR, "edgecolor": "white"},
    "cell label": {"color": COLOR, "size": 8},
    "point": {"color": COLOR, "s": 14, "alpha": 0.6, "linewidth": 0},
    "colored point": {"color": COLOR, "s": 14, "alpha": 0.8, "linewidth": 0},
    "key": {"color": COLOR, "s": 40},
    "color key": {"color": COLOR, "s": 0},
    "image": {"interpolation": "nearest"},
    "spread": {"edgecolor": COLOR},
}  # fmt: skip
RC_PARAMS = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#8a929b",
    "grid.color": "#dfe3e7", "grid.linewidth": 0.6, "axes.axisbelow": True, "legend.frameon": False,
    "legend.fontsize": 8, "legend.handlelength": 1.6, "legend.columnspacing": 1.0,
    "legend.handletextpad": 0.5, "axes.titlesize": 9, "axes.labelsize": 9, "svg.fonttype": "none",
}  # fmt: skip
_SCALES = ("logx", "logy", "xticks")
_NUMBERING = RLock()


def load_matplotlib() -> None:
    """Give the elements made from now on the options of matplotlib too.

    Importing it takes a second, which the page needs only for an export.
    """
    import holoviews.plotting.mpl  # noqa: F401


def _loaded() -> list[str]:
    return [backend for backend in ("bokeh", "matplotlib") if backend in hv.Store.renderers]


def styled(
    element: hv.core.Dimensioned,
    role: str,
    color: str = "",
    dash: str = "solid",
    tooltips: Sequence[tuple[str, str]] = (),
    **options,
) -> hv.core.Dimensioned:
    """Return `element` with the options of its role for every backend that is loaded.

    Parameters
    ----------
    element : hv.Element or hv.Overlay
        Changed in place.
    role : str
        Key of `BOKEH` and `MATPLOTLIB`.
    color, dash : str
        Colour and line dash where the role has none of its own.
    tooltips : sequence of tuple
        What Bokeh shows of what the pointer is on: names, and columns as Bokeh formats them.
    **options
        Options that both backends know, such as ``xlim``.
    """
    slots = {"bokeh": {COLOR: color, DASH: dash}, "matplotlib": {COLOR: color, DASH: _LINE_STYLES[dash]}}
    for backend, table in (("bokeh", BOKEH), ("matplotlib", MATPLOTLIB)):
        if backend in hv.Store.renderers:
            own = {
                name: slots[backend].get(value, value) if isinstance(value, str) else value
                for name, value in table[role].items()
            }
            hover = (
                {"tools": ["hover"], "hover_tooltips": list(tooltips)}
                if backend == "bokeh" and tooltips
                else {}
            )
            set_options(element, backend, **own, **hover, **options)
    return element


def set_options(element: hv.core.Dimensioned, backend: str, **options) -> None:
    """Set options of an element for a backend.

    HoloViews numbers the sets of options of the whole process, which threads must not do at once.
    """
    with _NUMBERING:
        element.opts(backend=backend, **options)


def figure(overlay: hv.Overlay, role: str = "figure", **options) -> hv.Overlay:
    """Return an overlay as a figure with the axes that `options` describe."""
    shown: dict[str, Any] = {"show_grid": True, "legend_position": "top", "title": "", **options}
    styled(overlay, role, **shown)
    # An overlay that is laid over another loses its options, and takes the scales of its elements.
    scales = {name: options[name] for name in _SCALES if name in options}
    for curve in [one for one in overlay if isinstance(one, hv.Curve)][: bool(scales)]:
        for backend in _loaded():
            set_options(curve, backend, **scales)
    longest = max((len(one.label) for one in overlay), default=0)
    if "matplotlib" in hv.Store.renderers:
        set_options(
            overlay, "matplotlib", fig_rcparams=RC_PARAMS, hooks=[finish], show_frame=False,
            legend_cols=max(1, min(5, 75 // (longest + 4))),
        )  # fmt: skip
    return overlay


def plain(text: object) -> str:
    """Return text from a file as both backends draw it: one that starts no formula."""
    return escape.bokeh(text)


def check_not_empty(values: Mapping, name: str) -> None:
    """Raise a ValueError for a figure of nothing, which no backend draws."""
    if not values:
        raise ValueError(f"{name}: expected at least one method, got none")


def look(names: Iterable[str]) -> Mapping[str, MethodInfo]:
    """Return colour and dash of each name: those of the method, else some that no method has.

    Examples
    --------
    >>> look(["msc", "mine"])["msc"].color
    '#0072B2'
    """
    found, others = {}, cycle(_OTHER_COLORS)
    for name in names:
        info = METHOD_INFO.get(name)
        found[name] = info if info is not None and info.color else MethodInfo("", color=next(others))
    return found


def titled(overlay: hv.Overlay, title: str) -> hv.Overlay:
    """Return a figure with a title."""
    for backend in hv.Store.renderers:
        set_options(overlay, backend, title=plain(title))
    return overlay


def arranged(panels: Sequence[hv.Overlay], columns: int) -> hv.Layout:
    """Return panels in rows, each with axes of its own; in matplotlib the first has the legend of all."""
    layout = hv.Layout(list(panels)).cols(columns)
    set_options(layout, "bokeh", shared_axes=False)
    if "matplotlib" in hv.Store.renderers:
        set_options(panels[0], "matplotlib", legend_cols=3)
        for panel in panels[1:]:
            set_options(panel, "matplotlib", show_legend=False)
        set_options(
            layout, "matplotlib", fig_rcparams=RC_PARAMS, fig_inches=4, vspace=0.3, hspace=0.3,
            sublabel_format="",
        )  # fmt: skip
    return layout
