"""Distributions of δH: of the full set given each subset, and of two sets given each other."""

from collections.abc import Mapping

import holoviews as hv
import numpy as np

from ..outliers import TICKS, histogram_data, histogram_ranges, stretched
from ..sets import REFERENCE_COLOR, SET_COLOR, asinh_scale, novelty_edges
from ..sets import TICKS as NOVELTY_TICKS
from ..sets import histogram_data as novelty_data
from .dimensions import COUNT, DELTA_PLACE, HIGH, LOW, NOVELTY_PLACE, SHARE
from .options import check_not_empty, figure, look, styled

OF_SET, OF_REFERENCE = "this file | reference", "reference | this file"
_TOOLTIPS = (("δH / nats", "@low{0.00} to @high{0.00}"), ("environments", "@count{0,0}"))
_NOVELTY_TOOLTIPS = (("δH / nats", "@low{0.0} to @high{0.0}"), ("environments", "@top{0.00} %"))


def delta_entropy(values: Mapping[str, np.ndarray]) -> hv.Overlay:
    """Plot the distribution of δH(environment | subset) for the subset of each method.

    Environments in the shaded part, δH ≤ 0, are covered; those on the right are lost. The x axis is
    linear near 0 and logarithmic in the tails, the y axis is logarithmic.

    Parameters
    ----------
    values : dict of str to ndarray
        δH of each environment of the full set given the subset of a method, nats; values that are not
        finite are ignored.

    Returns
    -------
    hv.Overlay
        A stepped ``Curve`` of counts for each method; its x is asinh δH.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> values = {"msc": np.array([-2.0, 0.0, 0.5]), "random": np.array([0.0, 3.0, 40.0])}
    >>> figure = plots.delta_entropy(values)
    >>> int(sum(count for count in figure.Delta.Random["count"] if count >= 1))
    3
    """
    check_not_empty(values, "values")
    columns, styles = {name: histogram_data(np.asarray(one)) for name, one in values.items()}, look(values)
    ranges = histogram_ranges(list(columns.values()))
    if ranges is None:
        raise ValueError("values: expected at least one finite value, got none")
    xlim, (_, top) = ranges
    # Axes are named after the first element.
    place, count = (hv.Dimension(f"{one.name}0", label=one.label) for one in (DELTA_PLACE, COUNT))
    corners = [place, count, "place1", "count1"]
    items: list[hv.Element] = [
        styled(hv.Rectangles([(min(xlim[0], -1.0), 0.5, 0, top)], corners, group="Covered"), "shade"),
        styled(hv.VLine(0, group="Zero"), "line", dash="dashed"),
    ]
    for name, one in columns.items():
        curve = hv.Curve(one, DELTA_PLACE, [COUNT, LOW, HIGH], group="Delta", label=name)
        look_of = styles[name].color, styles[name].dash, _TOOLTIPS
        items.append(styled(curve, "step", *look_of, interpolation="steps-post"))
    for at, text, side in ((-1, "covered", "right"), (1, "lost", "left")):
        note = hv.Text(
            at * 0.008 * (xlim[1] - xlim[0]),
            0.62,
            text,
            fontsize=8,
            halign=side,
            valign="bottom",
            group=f"{text.capitalize()}Note",
        )
        items.append(styled(note, "note"))
    return figure(
        hv.Overlay(items), xlim=xlim, ylim=ranges[1], logy=True, xticks=_ticks(TICKS, stretched, xlim),
        xlabel=DELTA_PLACE.label, ylabel=COUNT.label,
    )  # fmt: skip


def novelty(values: np.ndarray, back: np.ndarray) -> hv.Overlay:
    """Plot how novel each of two sets is to the other, as histograms of δH.

    Parameters
    ----------
    values : ndarray of shape (n,)
        δH of the environments of a file given a reference, nats.
    back : ndarray of shape (m,)
        δH of the environments of the reference given the file, nats.

    Returns
    -------
    hv.Overlay
        Two ``Histogram``; what is right of the dashed line is not covered. Their x is asinh(δH / 2).

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app import plots
    >>> figure = plots.novelty(np.array([-1.0, 0.5, 20.0]), np.array([-3.0, -2.0]))
    >>> [one.label for one in figure.Novelty]
    ['this file | reference', 'reference | this file']
    """
    values, back = np.asarray(values, dtype=float), np.asarray(back, dtype=float)
    edges, items = novelty_edges(values, back), []
    highest = 1e-9
    for name, one, color in (
        (OF_SET, values, SET_COLOR),
        (OF_REFERENCE, back, REFERENCE_COLOR),
    ):
        columns = novelty_data(one, edges)
        highest = max(highest, float(columns["top"].max()))
        bars = hv.Histogram(
            (edges, columns["top"], columns["low"], columns["high"]), kdims=NOVELTY_PLACE,
            vdims=[SHARE, LOW, HIGH], group="Novelty", label=name,
        )  # fmt: skip
        items.append(styled(bars, "histogram", color, tooltips=_NOVELTY_TOOLTIPS))
    items.append(styled(hv.VLine(0, group="Zero"), "line", dash="dashed"))
    xlim = (float(edges[0]), float(edges[-1]))
    return figure(
        hv.Overlay(items), xlim=xlim, ylim=(0, 1.08 * highest), xlabel=NOVELTY_PLACE.label,
        ylabel=SHARE.label, xticks=_ticks(NOVELTY_TICKS, asinh_scale, xlim),
    )  # fmt: skip


def _ticks(values, scale, xlim: tuple[float, float]) -> list[tuple[float, str]]:
    """Return places and labels of the ticks whose labels do not overlap; those nearest 0 come first."""
    least = (xlim[1] - xlim[0]) / 18
    kept: list[tuple[float, str]] = []
    for value in sorted(values, key=abs):
        place = float(scale(value))
        if xlim[0] <= place <= xlim[1] and all(abs(place - other) >= least for other, _ in kept):
            kept.append((place, f"{value:,}".replace("-", "−")))
    return sorted(kept)
