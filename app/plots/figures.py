"""The figures of the page: each shows the element of `elements` that notebooks, exports and the report show.

A function returns a new figure, empty at first. The columns of its sources are those of the element; the
functions of `curves`, `outliers`, `forces`, `entropy_bars` and `sets` make them from results.
"""

from functools import cache

import numpy as np
import pandas as pd

from . import bokeh_hooks as hooks
from . import outliers
from .base import set_range
from .elements.curves import entropy_diversity, overlap
from .elements.delta import delta_entropy
from .elements.forces import force_tail
from .template import EXAMPLE, PlotFigure, Template

_CURVE = pd.DataFrame({
    "n_frames": [1, 2], "n_envs": [1, 2], "fraction": [0.5, 1.0], "entropy": [0.0, np.log(2)],
    "diversity": [0.0, np.log(2)], "overlap": [0.5, 1.0],
})  # fmt: skip
_CURVES, _BANDS = {EXAMPLE: _CURVE}, {EXAMPLE: (np.array([0.5, 1.0]),) * 3}


def curve_figure() -> PlotFigure:
    """Return the figure of entropy against diversity.

    Each method has a ``Path`` (`path_columns`), a ``Mark`` and a ``Ring`` (`rows_of`), and, if it has a seed,
    a ``Band`` (columns ``x``, ``low`` and ``high``); ``Percent`` are the labels of the marks, ``Full`` is the
    star. ``Bound`` and ``BoundNote`` are the line of ln N and its label. A drag or click selects a size, see
    `bokeh_hooks.add_handle`.
    """
    return PlotFigure(_curve())


@cache
def _curve() -> Template:
    template = Template(entropy_diversity(_CURVES, 1, bands=_BANDS))
    hooks.frame(template)
    hooks.bands(template)
    hooks.pin(template, ("BoundNote", ""), x=6, x_units="screen", y_offset=2)
    template.parts["Percent", ""].glyph.update(x_offset=-8, y_offset=-6)
    hooks.add_handle(template)
    return template.emptied()


def overlap_figure() -> PlotFigure:
    """Return the figure of overlap against size.

    Each method has a ``Path`` (`path_columns`), a ``Ring`` (`rows_of`), and, if it has a seed, a ``Band``
    (columns ``x``, ``low`` and ``high``). The parts ``Size`` and ``Target`` are lines; a drag or click moves
    the former, see `bokeh_hooks.add_handle`.
    """
    return PlotFigure(_overlap())


@cache
def _overlap() -> Template:
    template = Template(overlap(_CURVES, 1, bands=_BANDS, target=0.9))
    hooks.frame(template)
    hooks.bands(template)
    template.parts["Target", ""].visible = False
    for axis, end in ((template.figure.x_range, 102), (template.figure.y_range, 104)):
        set_range(axis, 0, end)
    hooks.add_handle(template, ("Size", ""))
    return template.emptied()


def force_figure() -> PlotFigure:
    """Return the figure of the forces, with a ``Tail`` (`tail_data`) of the full set and of each method."""
    return PlotFigure(_force())


@cache
def _force() -> Template:
    forces = np.array([1.0, 2.0])
    template = Template(force_tail(forces, {EXAMPLE: forces}))
    hooks.frame(template)
    hooks.steps(template, "Tail", "before")
    return template.emptied()


def delta_figure() -> PlotFigure:
    """Return the figure of the distribution of δH, with a ``Delta`` (`histogram_data`) of each method."""
    return PlotFigure(_delta())


@cache
def _delta() -> Template:
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


# What makes each of them.
ALL = (curve_figure, overlap_figure, force_figure, delta_figure)


def prepare() -> None:
    """Render all figures, which takes HoloViews a second in sum: no page has to wait for it then."""
    for make in ALL:
        make()
