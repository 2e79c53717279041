"""Sets beside each other: entropies and their bounds, overlaps, a joint map, and frames to add."""

from collections.abc import Mapping, Sequence

import holoviews as hv
import numpy as np
import pandas as pd

from quests_core.information.entropy import OVERLAP_THRESHOLD
from quests_core.utils.escape import terminal

from ...analysis.methods import METHOD_INFO, MSC_WITH_REFERENCE
from ..base import padded
from ..entropy_bars import (
    BOUND,
    LABEL_COLOR,
    bar_columns,
    redundancy_data,
    right_end,
    text_columns,
    y_limits,
)
from ..entropy_bars import ENTROPY as ENTROPY_BAR
from ..palettes import FULL_COLOR, NOVELTY
from ..sets import COVERED_COLOR, DARK, LIGHT, REFERENCE_COLOR, color_limit, matrix_data, short_names
from .dimensions import ADDED, COVERED, DELTA, ENTROPY, OVERLAP
from .options import figure, plain, styled

EDGES = ["left", "bottom", "right", "top"]
# Elements of the numbers in cells, by their colour.
TEXT_GROUPS = {LIGHT: "LightValue", DARK: "DarkValue"}
GIVEN, ALONE = MSC_WITH_REFERENCE, "msc without it"
_BAR_TOOLTIPS = (
    ("set", "@set"),
    ("entropy H / nats", "@entropy{0.000}"),
    ("bound ln N / nats", "@bound{0.000}"),
    ("environments N", "@n_envs{0,0}"),
    ("copies per environment", "@copies{0.0}"),
)
_CELL_TOOLTIPS = (
    ("environments of", "@query_name"), ("covered by", "@known_name"), ("overlap", "@overlap{0.00} %")
)  # fmt: skip
_DELTA_TOOLTIPS = (("δH / nats", "@value{0.00}"),)
_ADDITION_TOOLTIPS = (("frames added", "@n_frames{0,0}"), ("covered", "@percent{0.0} %"))


def redundancy(
    entropies: Mapping[str, tuple[float, int]], colors: Mapping[str, str] | None = None
) -> hv.Overlay:
    """Plot the entropy H of each set beside its bound ln N, as bars.

    The shorter a bar is beside its bound, the more redundant is the set: each of its environments occurs
    exp(ln N − H) times on average.

    Parameters
    ----------
    entropies : dict of str to tuple
        Entropy H in nats, and number of environments N, of each set; the first is at the top.
    colors : dict of str to str, optional
        Colours of some sets.

    Returns
    -------
    hv.Overlay
        ``Rectangles`` of the bounds and of the entropies.

    Examples
    --------
    >>> from quests_app import plots
    >>> figure = plots.redundancy({"full set": (8.68, 11782), "subset": (7.9, 2945)})
    >>> figure.Bound.Bound_ln_N.dimension_values("right").round(2)
    array([9.37, 7.99])
    """
    names, (values, counts) = list(entropies), zip(*entropies.values(), strict=True)
    colors = {name: (colors or {}).get(name, LABEL_COLOR) for name in names}
    rows = redundancy_data([terminal(name) for name in names], values, counts, list(colors.values()))
    bars = _bars(rows, BOUND, "bound ln N")
    items = [styled(bars, "outlined bar", FULL_COLOR, tooltips=_BAR_TOOLTIPS)]
    for color in dict.fromkeys(colors.values()):
        drawn = [i for i, one in enumerate(rows["color"]) if one == color]
        first = len(items) == 1
        bars = _bars(
            {name: [column[i] for i in drawn] for name, column in rows.items()},
            ENTROPY_BAR,
            "H" if first else "",
        )
        items.append(styled(bars, "bar", color, show_legend=first))
    labels = hv.Labels(pd.DataFrame(text_columns(rows)), ["bound", "y"], "text", group="Value")
    items.append(styled(labels, "bar label"))
    return figure(
        hv.Overlay(items), xlim=(0, right_end(rows)), ylim=y_limits(rows), xlabel=ENTROPY.label, ylabel="",
        yticks=[(y, plain(name)) for y, name in zip(rows["y"], rows["name"], strict=True)],
    )  # fmt: skip


def _bars(rows, kind: str, name: str) -> hv.Rectangles:
    columns = pd.DataFrame(bar_columns(rows, kind))
    return hv.Rectangles(
        columns, EDGES, ["set", "entropy", "bound", "n_envs", "copies"], group=kind, label=name
    )


def overlap_matrix(matrix: np.ndarray, names: Sequence[str] | None = None) -> hv.Overlay:
    """Plot what share of each set the others cover, as a heat map.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        ``matrix[i, j]``: share of the environments of set i that set j covers, from 0 to 1.
    names : sequence of str, optional
        Names of the sets; by default their numbers.

    Returns
    -------
    hv.Overlay
        ``Rectangles`` in percent, row by row from the top, and ``Labels`` of them.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> figure = plots.overlap_matrix(np.array([[1.0, 0.25], [0.5, 1.0]]), ["solid", "liquid"])
    >>> figure.Cell.I["overlap"].tolist()
    [100.0, 25.0, 50.0, 100.0]
    """
    matrix = np.asarray(matrix, dtype=float)
    names = [terminal(name) for name in (range(len(matrix)) if names is None else names)]
    n, cells = len(matrix), pd.DataFrame(matrix_data(matrix, names))
    # Numbers along both axes: matplotlib draws no labels on axes of names.
    heat = hv.Rectangles(cells, EDGES, [OVERLAP, "query_name", "known_name"], group="Cell")
    items: list[hv.Element] = [
        styled(
            heat, "cell", OVERLAP.name, tooltips=_CELL_TOOLTIPS, cmap="cividis", clim=(0, 100), colorbar=True,
            clabel=OVERLAP.label,
        )
    ]  # fmt: skip
    for color, group in TEXT_GROUPS.items():
        part = cells[cells["color"] == color]
        if len(part):
            labels = hv.Labels(part, ["x", "y"], "text", group=group)
            items.append(styled(labels, "cell label", color))
    short, limits = [plain(name) for name in short_names(names)], (-0.5, n - 0.5)
    return figure(
        hv.Overlay(items), xlim=limits, ylim=limits, xlabel="covered by", ylabel="environments of",
        xticks=list(enumerate(short)), yticks=list(enumerate(short[::-1])), xrotation=35, show_grid=False,
    )  # fmt: skip


def set_map(
    xy: np.ndarray, novelty: np.ndarray, reference_xy: np.ndarray, frames: np.ndarray | None = None
) -> hv.Overlay:
    """Plot two sets on one map: a reference in grey, a file coloured by δH given the reference.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Places of the environments of the file.
    novelty : ndarray of shape (n,)
        δH of each given the reference, nats; covered environments are pale.
    reference_xy : ndarray of shape (m, 2)
        Places of the environments of the reference.
    frames : ndarray of shape (n,), optional
        Frame of each environment of the file.

    Returns
    -------
    hv.Overlay
        Two ``Points``, the most novel points on top.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> rng = np.random.default_rng(0)
    >>> figure = plots.set_map(rng.normal(size=(5, 2)), np.arange(5.0), rng.normal(size=(9, 2)))
    >>> len(figure.Set.I), len(figure.Reference.Reference)
    (5, 9)
    """
    order = np.argsort(novelty, kind="stable")
    columns = {"x": xy[order, 0], "y": xy[order, 1], DELTA.name: np.asarray(novelty)[order]}
    tooltips: tuple[tuple[str, str], ...] = _DELTA_TOOLTIPS
    if frames is not None:
        columns["frame"], tooltips = np.asarray(frames)[order], (("frame", "@frame{0,0}"), *tooltips)
    both, clim = np.concatenate([xy, reference_xy]), (OVERLAP_THRESHOLD, color_limit(columns[DELTA.name]))
    grey = hv.Points(reference_xy, ["x", "y"], group="Reference", label="reference")
    points = hv.Points(pd.DataFrame(columns), ["x", "y"], [DELTA, *list(columns)[3:]], group="Set")
    colored = styled(
        points, "colored point", DELTA.name, tooltips=tooltips, cmap=list(NOVELTY), clim=clim,
        clipping_colors={"min": COVERED_COLOR}, colorbar=True, clabel=DELTA.label,
    )  # fmt: skip
    items = [styled(grey, "point", REFERENCE_COLOR), colored]
    return figure(
        hv.Overlay(items), "wide figure", xlim=padded(both[:, 0], 0.03), ylim=padded(both[:, 1], 0.03),
        xaxis=None, yaxis=None, show_grid=False,
    )  # fmt: skip


def addition(
    n_frames: np.ndarray, given: np.ndarray, alone: np.ndarray | None = None, current: int | None = None
) -> hv.Overlay:
    """Plot what a reference and the first frames of an order cover together.

    Parameters
    ----------
    n_frames : ndarray of shape (n,)
        Numbers of frames added, the first may be 0.
    given : ndarray of shape (n,)
        Fraction covered where frames are picked given the reference.
    alone : ndarray of shape (n,), optional
        The same where they are picked without it.
    current : int, optional
        Number of frames marked with a dashed line.

    Returns
    -------
    hv.Overlay
        A ``Curve`` for each order, in percent.

    Examples
    --------
    >>> from quests_app import plots
    >>> figure = plots.addition([0, 1, 2], [0.4, 0.8, 1.0], [0.4, 0.5, 0.9], current=1)
    >>> figure.Added.Msc_without_it["percent"]
    array([40., 50., 90.])
    """
    items: list[hv.Element] = []
    for label, shares, method, dash in (
        (GIVEN, given, MSC_WITH_REFERENCE, "solid"),
        (ALONE, alone, "msc", "dashed"),
    ):
        if shares is not None:
            columns = (np.asarray(n_frames), 100 * np.asarray(shares, dtype=float))
            curve = hv.Curve(columns, ADDED, COVERED, group="Added", label=label)
            items.append(styled(curve, "path", METHOD_INFO[method].color, dash, _ADDITION_TOOLTIPS))
    if current is not None:
        items.append(styled(hv.VLine(current, group="Size"), "line", dash="dashed"))
    right = 1.02 * max(1.0, float(np.max(n_frames)))
    return figure(hv.Overlay(items), xlim=(0, right), ylim=(0, 104), xlabel=ADDED.label, ylabel=COVERED.label)
