"""The figures of the page: each shows the element of `elements` that notebooks, exports and the report show.

A function returns a new figure, empty at first. The columns of its sources are those of the element; the
functions of `columns`, `curves`, `outliers`, `forces`, `entropy_bars` and `sets` make them from results.
"""

from collections.abc import Callable, Sequence
from functools import cache, wraps

import numpy as np
import pandas as pd
from bokeh.models import Scatter

from ..analysis.bandwidth import HIGHEST, LOWEST
from . import bokeh_hooks as hooks
from . import entropy_bars, outliers, potentials, sets
from .base import limits, set_data, set_range, set_ranges
from .elements.bandwidth import bandwidth
from .elements.columns import histogram
from .elements.curves import entropy_diversity, overlap
from .elements.delta import delta_entropy, novelty
from .elements.forces import force_tail
from .elements.options import plain
from .elements.potentials import errors_against, errors_by_novelty, force_errors
from .elements.sets import TEXT_GROUPS, addition, overlap_matrix, redundancy, set_map
from .map import MapFigure, ParityFigure, ScatterFigure
from .palettes import FULL_COLOR
from .template import EXAMPLE, PlotFigure, Template

_BOUND_BARS, _ENTROPY_BARS = (entropy_bars.BOUND, "bound ln N"), (entropy_bars.ENTROPY, "H")
# Pixels.
_ROW_HEIGHT, _FRAME_HEIGHT = 21, 92
_CURVE = pd.DataFrame({
    "n_frames": [1, 2], "n_envs": [1, 2], "fraction": [0.5, 1.0], "entropy": [0.0, np.log(2)],
    "diversity": [0.0, np.log(2)], "overlap": [0.5, 1.0],
})  # fmt: skip
_CURVES, _BANDS = {EXAMPLE: _CURVE}, {EXAMPLE: (np.array([0.5, 1.0]),) * 3}


def _copied(render: Callable[[], Template]) -> Callable[[], PlotFigure]:
    """Return a function that returns a new copy of a template, which is rendered at its first call."""
    template = cache(render)

    @wraps(render, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def copied() -> PlotFigure:
        return PlotFigure(template())

    return copied


@_copied
def curve_figure() -> Template:
    """Return the figure of entropy against diversity.

    Each method has a ``Path`` (`path_columns`), a ``Mark`` and a ``Ring`` (`rows_of`), and, if it has a seed,
    a ``Band`` (columns ``x``, ``low`` and ``high``); ``Percent`` are the labels of the marks, ``Full`` is the
    star. ``Bound`` and ``BoundNote`` are the line of ln N and its label. A drag or click selects a size, see
    `bokeh_hooks.add_handle`.
    """
    template = Template(entropy_diversity(_CURVES, 1, bands=_BANDS))
    hooks.frame(template)
    hooks.bands(template)
    hooks.fill_with_paper(template, "Ring")
    hooks.pin(template, ("BoundNote", ""), x=6, x_units="screen", y_offset=2)
    # In front of the rings, which are filled.
    template.parts["Percent", ""].level = "annotation"
    labels = template.parts["Percent", ""].glyph
    labels.update(x_offset=-8, y_offset=-6)
    hooks.clear_behind(template.figure, labels)
    hooks.add_handle(template)
    return template.emptied()


@_copied
def overlap_figure() -> Template:
    """Return the figure of overlap against size.

    Each method has a ``Path`` (`path_columns`), a ``Ring`` (`rows_of`), and, if it has a seed, a ``Band``
    (columns ``x``, ``low`` and ``high``). The parts ``Size`` and ``Target`` are lines; a drag or click moves
    the former, see `bokeh_hooks.add_handle`.
    """
    template = Template(overlap(_CURVES, 1, bands=_BANDS, target=0.9))
    hooks.frame(template)
    hooks.bands(template)
    hooks.fill_with_paper(template, "Ring")
    template.parts["Target", ""].visible = False
    set_ranges(template.figure, (0, 102), (0, 104))
    hooks.add_handle(template, ("Size", ""))
    return template.emptied()


@_copied
def force_figure() -> Template:
    """Return the figure of the forces, with a ``Tail`` (`tail_data`) of the full set and of each method."""
    forces = np.array([1.0, 2.0])
    template = Template(force_tail(forces, {EXAMPLE: forces}))
    hooks.frame(template)
    hooks.steps(template, "Tail", "before")
    # Below widgets.
    template.figure.styles = {}
    return template.emptied()


@_copied
def delta_figure() -> Template:
    """Return the figure of the distribution of δH, with a ``Delta`` (`histogram_data`) of each method."""
    template = Template(delta_entropy({EXAMPLE: np.array([-1.0, 1.0])}))
    hooks.frame(template)
    hooks.steps(template, "Delta", "after")
    for name, offset in (("CoveredNote", -6), ("LostNote", 6)):
        hooks.pin(template, (name, ""), x=0, x_offset=offset, y=6, y_units="screen")
    hooks.all_ticks(template, outliers.TICKS, outliers.stretched)
    template = template.emptied()
    # Beyond what any range shows.
    shade = {"left": [-99.0], "right": [0.0], "bottom": [1e-9], "top": [1e12]}
    template.parts["Covered", ""].data_source.data = shade
    return template


@_copied
def bar_figure() -> Template:
    """Return the figure of entropies beside their bounds, updated by `show_bars`."""
    template = Template(redundancy({"set": (1.0, 9)}))
    hooks.frame(template)
    template.figure.ygrid.visible = False
    hooks.color_column(template, _ENTROPY_BARS, "color")
    hooks.follow_theme(template.figure, template.parts["Value", ""].glyph)
    return template.emptied()


def show_bars(plot: PlotFigure, rows: dict[str, list]) -> None:
    """Show rows of `redundancy_data`, the first at the top, and adapt the height of the figure."""
    for key, kind in (_BOUND_BARS, entropy_bars.BOUND), (_ENTROPY_BARS, entropy_bars.ENTROPY):
        set_data(plot.sources[key], entropy_bars.bar_columns(rows, kind))
    set_data(plot.sources["Value", ""], entropy_bars.text_columns(rows))
    fig, n = plot.figure, len(rows["y"])
    names = dict(zip(rows["y"], map(plain, rows["name"]), strict=True))
    if fig.yaxis[0].major_label_overrides != names:
        hooks.name_ticks(fig.yaxis[0], names)
        set_range(fig.y_range, *entropy_bars.y_limits(rows))
        fig.min_height = _FRAME_HEIGHT + _ROW_HEIGHT * max(4, n)
    end = entropy_bars.right_end(rows)
    if limits(fig.x_range)[1] != end:
        set_range(fig.x_range, 0, end)


@_copied
def novelty_figure() -> Template:
    """Return the figure of two histograms of δH (`sets.histogram_data`), `OF_SET` and `OF_REFERENCE`."""
    template = Template(novelty(np.array([0.0, 1.0]), np.array([0.0, 1.0])))
    hooks.frame(template)
    hooks.all_ticks(template, sets.TICKS, lambda value: float(sets.asinh_scale(value)))
    return template.emptied()


@_copied
def histogram_figure() -> Template:
    """Return the histogram of a column (`columns.histogram_data`): ``Column`` of `ALL` and `SELECTED`."""
    template = Template(histogram(np.array([0.0, 1.0]), "|F| / eV Å⁻¹", np.array([True, False]), "frames"))
    hooks.frame(template)
    hooks.add_span_selection(template)
    # Below widgets.
    template.figure.styles = {}
    return template.emptied()


@_copied
def matrix_figure() -> Template:
    """Return the heat map of overlaps, updated by `show_matrix`."""
    template = Template(overlap_matrix(np.eye(2)))
    hooks.frame(template, zooms=False)
    hooks.map_colors_of(template, ("Cell", ""), "overlap")
    return template.emptied()


def show_matrix(plot: PlotFigure, matrix: np.ndarray, names: Sequence[str]) -> None:
    """Show a matrix with its first row at the top."""
    cells, fig, n = sets.matrix_data(matrix, names), plot.figure, len(names)
    short = [plain(name) for name in sets.short_names(names)]
    for axis, shown in (fig.xaxis[0], short), (fig.yaxis[0], short[::-1]):
        hooks.name_ticks(axis, dict(enumerate(shown)))
    set_ranges(fig, (-0.5, n - 0.5), (-0.5, n - 0.5))
    edges = ("left", "bottom", "right", "top", "overlap", "query_name", "known_name")
    set_data(plot.sources["Cell", ""], {name: cells[name] for name in edges})
    for color, group in TEXT_GROUPS.items():
        rows = [i for i, one in enumerate(cells["color"]) if one == color]
        set_data(
            plot.sources[group, ""], {name: [cells[name][i] for i in rows] for name in ("x", "y", "text")}
        )


@_copied
def set_map_figure() -> Template:
    """Return the joint map of two sets.

    ``Set`` are the points of the open set, columns ``x``, ``y``, ``value`` (δH) and ``frame``; a click
    selects one. ``Reference`` are those of the reference, ``Current`` is a ring.
    """
    xy = np.zeros((2, 2))
    template = Template(set_map(xy, np.array([0.0, 1.0]), xy, np.array([0, 1])))
    hooks.frame(template)
    hooks.map_colors_of(template, ("Set", ""), "value")
    hooks.add_tap(template, ("Set", ""))
    ring = Scatter(x="x", y="y", size=16, fill_color=None, line_color=FULL_COLOR, line_width=3)
    hooks.add_glyph(template, "Current", ring)
    return template.emptied()


@_copied
def addition_figure() -> Template:
    """Return the figure of what a reference and the first frames cover.

    ``Added`` are the curves `GIVEN` and `ALONE`, columns ``n_frames`` and ``percent``. A drag or click moves
    the line ``Size``, see `bokeh_hooks.add_handle`.
    """
    template = Template(addition(np.array([0, 1]), np.array([0.5, 1.0]), np.array([0.5, 1.0]), 1))
    hooks.frame(template)
    set_range(template.figure.y_range, 0, 104)
    hooks.add_handle(template, ("Size", ""))
    return template.emptied()


@_copied
def bandwidth_figure() -> Template:
    """Return the figure of ``Entropy`` against the bandwidth, with the lines ``Bound`` and ``Current``."""
    template = Template(bandwidth(np.array([LOWEST, HIGHEST]), np.array([1.0, 0.0]), 1.0, LOWEST))
    hooks.frame(template)
    template.figure.update(min_height=170, height=170, sizing_mode="stretch_width", min_border_right=8)
    set_range(template.figure.x_range, LOWEST, HIGHEST)
    return template.emptied()


_ERRORS = pd.DataFrame({
    "method": EXAMPLE, "n_frames": [1, 2], "seed": 0, "fraction": [0.5, 1.0], "force_rmse": [1.0, 0.5],
    "overlap": [0.5, 1.0], "by": "delta_entropy", "low": [None, 0.0], "n_test_envs": 1,
})  # fmt: skip


def _share_card(template: Template) -> None:
    """Fit a figure to a card with others, of which one is visible: a card is at least as high as all."""
    hooks.frame(template)
    template.figure.update(min_height=60, styles={})


@_copied
def force_error_figure() -> Template:
    """Return the figure of force errors above the best of each size.

    Each method has an ``Error`` (a source that its marks share, columns ``percent`` and ``error``) and a
    ``Spread`` (columns ``x``, ``low`` and ``high``); see `potentials.above_best`.
    """
    template = Template(force_errors(_ERRORS))
    _share_card(template)
    hooks.bands(template, "Spread")
    set_range(template.figure.x_range, 0, 102)
    return template.emptied()


@_copied
def error_figure() -> Template:
    """Return the figure of force errors against another quantity, which names its axis.

    Each method has a ``Mean`` (columns ``x`` and ``force_rmse``) and a ``Potential`` (`potentials.against`).
    """
    template = Template(errors_against(_ERRORS))
    _share_card(template)
    return template.emptied()


@_copied
def novelty_error_figure() -> Template:
    """Return the figure of force errors by δH of test environments.

    Each method has an ``Error`` and a ``Mark`` (columns ``place``, ``error`` and ``n_envs``) and a ``Spread``
    (columns ``x``, ``low`` and ``high``); see `potentials.by_novelty`.
    """
    template = Template(errors_by_novelty(_ERRORS))
    _share_card(template)
    hooks.bands(template, "Spread")
    hooks.name_ticks(template.figure.xaxis[0], potentials.NOVELTY_TICKS)
    return template.emptied()


# What makes each of them.
ALL = (
    curve_figure, overlap_figure, force_figure, delta_figure, bar_figure, novelty_figure, matrix_figure,
    set_map_figure, addition_figure, bandwidth_figure, force_error_figure, error_figure,
    novelty_error_figure, histogram_figure,
)  # fmt: skip


def prepare() -> None:
    """Render all figures, which takes HoloViews seconds in sum: no page has to wait for it then."""
    for make in (*ALL, MapFigure, ParityFigure, ScatterFigure):
        make()
