"""Sets beside each other: entropies and their bounds, overlaps, a joint map, and frames to add."""

from collections.abc import Mapping, Sequence

import holoviews as hv
import numpy as np
import pandas as pd

from quests_core.information.entropy import OVERLAP_THRESHOLD
from quests_core.utils.escape import terminal

from ...analysis.methods import METHOD_INFO
from ..base import padded
from ..entropy_bars import LABEL_COLOR, redundancy_data
from ..palettes import FULL_COLOR, NOVELTY, NOVELTY_LIMIT
from ..sets import COVERED_COLOR, GREY, matrix_data, short_names
from .dimensions import ADDED, COVERED, DELTA, ENTROPY, OVERLAP
from .options import figure, plain, styled


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
    >>> figure.Bound.Bound_ln_N.dimension_values("x1").round(2)
    array([9.37, 7.99])
    """
    names, (values, counts) = list(entropies), zip(*entropies.values(), strict=True)
    colors = {name: (colors or {}).get(name, LABEL_COLOR) for name in names}
    texts = [terminal(name) for name in names]
    rows = pd.DataFrame(redundancy_data(texts, values, counts, list(colors.values())))
    rows["y"] = np.arange(len(rows))[::-1]
    items = [styled(_bars(rows, "bound", 0.39, "bound ln N"), "outlined bar", FULL_COLOR)]
    for color in dict.fromkeys(colors.values()):
        bars = _bars(rows[rows["color"] == color], "entropy", 0.25, "H" if len(items) == 1 else "")
        items.append(styled(bars, "bar", color, show_legend=len(items) == 1))
    right = 1.28 * max(rows["bound"].max(), 0.5)
    rows["bound"] += 0.01 * right
    labels = hv.Labels(rows, ["bound", "y"], "text", group="Value")
    items.append(styled(labels, "bar label"))
    return figure(
        hv.Overlay(items), xlim=(0, right), ylim=(-0.6, len(rows) - 0.4), xlabel=ENTROPY.label, ylabel="",
        yticks=[(y, plain(name)) for y, name in zip(rows["y"], rows["name"], strict=True)],
    )  # fmt: skip


def _bars(rows: pd.DataFrame, length: str, half: float, name: str) -> hv.Rectangles:
    columns = {
        "x0": np.zeros(len(rows)), "y0": rows["y"] - half, "x1": rows[length], "y1": rows["y"] + half,
        "set": rows["full_name"], "entropy": rows["entropy"], "n_envs": rows["n_envs"],
        "copies": rows["copies"],
    }  # fmt: skip
    dimensions = ["set", "entropy", "n_envs", "copies"]
    group = "Bound" if length == "bound" else "Entropy"
    return hv.Rectangles(pd.DataFrame(columns), ["x0", "y0", "x1", "y1"], dimensions, group=group, label=name)


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
    n, cells = len(matrix), pd.DataFrame(matrix_data(matrix, names)).rename(columns={"share": "overlap"})
    # Numbers along both axes: matplotlib draws no labels on axes of names.
    cells["x"], cells["y"] = np.tile(np.arange(n), n), np.repeat(np.arange(n)[::-1], n)
    corners = {"x0": cells["x"] - 0.5, "y0": cells["y"] - 0.5, "x1": cells["x"] + 0.5, "y1": cells["y"] + 0.5}
    shown = [OVERLAP, "query_name", "known_name"]
    heat = hv.Rectangles(cells.assign(**corners), list(corners), shown, group="Cell")
    items: list[hv.Element] = [
        styled(heat, "cell", OVERLAP.name, cmap="cividis", clim=(0, 100), colorbar=True, clabel=OVERLAP.label)
    ]
    for color, part in cells.groupby("color", sort=False):
        labels = hv.Labels(part, ["x", "y"], "text", group="Value")
        items.append(styled(labels, "cell label", str(color)))
    short, limits = [plain(name) for name in short_names(names)], (-0.5, n - 0.5)
    return figure(
        hv.Overlay(items), xlim=limits, ylim=limits, xlabel="covered by", ylabel="environments of",
        xticks=list(enumerate(short)), yticks=list(enumerate(short[::-1])), xrotation=35, show_grid=False,
    )  # fmt: skip


def set_map(xy: np.ndarray, novelty: np.ndarray, reference_xy: np.ndarray) -> hv.Overlay:
    """Plot two sets on one map: a reference in grey, a file coloured by δH given the reference.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Places of the environments of the file.
    novelty : ndarray of shape (n,)
        δH of each given the reference, nats; covered environments are light blue.
    reference_xy : ndarray of shape (m, 2)
        Places of the environments of the reference.

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
    xy, novelty, both = xy[order], np.asarray(novelty)[order], np.concatenate([xy, reference_xy])
    novel = novelty[novelty > OVERLAP_THRESHOLD]
    # Do not let a few outliers use up the colour scale.
    high = max(1.0, float(np.percentile(novel, 95))) if len(novel) else min(1.0, NOVELTY_LIMIT)
    grey = hv.Points(reference_xy, ["x", "y"], group="Reference", label="reference")
    points = hv.Points((*xy.T, novelty), ["x", "y"], DELTA, group="Set")
    colored = styled(
        points, "colored point", DELTA.name, cmap=list(NOVELTY), clim=(OVERLAP_THRESHOLD, high),
        clipping_colors={"min": COVERED_COLOR}, colorbar=True, clabel=DELTA.label,
    )  # fmt: skip
    items = [styled(grey, "point", GREY), colored]
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
        ("msc given the reference", given, "msc given", "solid"),
        ("msc without it", alone, "msc", "dashed"),
    ):
        if shares is not None:
            columns = (np.asarray(n_frames), 100 * np.asarray(shares, dtype=float))
            curve = hv.Curve(columns, ADDED, COVERED, group="Added", label=label)
            items.append(styled(curve, "path", METHOD_INFO[method].color, dash))
    if current is not None:
        items.append(styled(hv.VLine(current, group="Size"), "line", dash="dashed"))
    right = 1.02 * max(1.0, float(np.max(n_frames)))
    return figure(hv.Overlay(items), xlim=(0, right), ylim=(0, 104), xlabel=ADDED.label, ylabel=COVERED.label)
