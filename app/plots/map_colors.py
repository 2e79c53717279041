"""Colours of the environments on the map, and their legend.

A colour is an index from 1 to `LAST` into a palette. Higher indices are drawn on top, so that rare or
important points are never hidden, unless `MapColors.layers` says otherwise. Index 1 is grey: no value.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from bokeh.palettes import Cividis256

from quests_core.information.entropy import OVERLAP_THRESHOLD

from ..analysis.frame_columns import DROPPED, EXCLUDED, KEPT, LOCKED
from ..analysis.methods import METHOD_INFO
from .palettes import DENSITY, NOVELTY, NOVELTY_LIMIT
from .raster import Raster

GREY, FIRST, LAST = 1, 2, 253
# The first is translucent: as an opaque grey it would outshine all others on black, or be lost on white.
DROPPED_COLOR, EXCLUDED_COLOR = "#868f9a80", "#7d6a58"
# The second is used if the method has the first.
LOCKED_COLORS = ("#D55E00", "#0072B2")
# Omits the palest colours, which are invisible on white.
VALUES = tuple(Cividis256[:245])
# The Okabe-Ito palette, with the colours invisible on black or white replaced.
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A500", "#882255")
_BEYOND = 1.0
_CELLS, _DECADES = 160, 3.0


@dataclass(frozen=True, eq=False)
class MapColors:
    """The colours of all environments.

    Attributes
    ----------
    colors : ndarray of shape (n_envs,)
        Index of each environment into `palette`, starting at 1.
    palette : tuple of str
        Colours of the indices 1, 2, …
    bar : tuple or None
        Lowest value, highest value and title of the colour bar, for numeric colours.
    legend : tuple
        Name, colour and number of environments of each category, for categorical colours.
    mean : bool
        Show the mean of overlapping points instead of the highest index.
    note : str
        Additional explanation as plain text.
    layers : ndarray of shape (n_envs,), optional
        Layer of each environment, of which the higher are drawn on top; in one layer, each colour shows by
        its share.
    """

    colors: np.ndarray
    palette: tuple[str, ...]
    bar: tuple[float, float, str] | None = None
    legend: tuple[tuple[str, str, int], ...] = ()
    mean: bool = False
    note: str = ""
    layers: np.ndarray | None = None

    def image(self, raster: Raster, rows: np.ndarray) -> np.ndarray:
        """Return the image of the environments `rows`, which the raster has placed, as indices of colours."""
        colors = self.colors[rows]
        if self.mean:
            return raster.mean(colors)
        return raster.highest(colors) if self.layers is None else raster.mixed(colors, self.layers[rows])


def by_status(status: np.ndarray, frame: np.ndarray, method: str) -> MapColors:
    """Colour environments by the status of their frame: kept, dropped, locked or excluded.

    Kept and dropped ones share a layer, as where kept ones lie, dropped ones often lie too.
    """
    colors = {
        EXCLUDED: EXCLUDED_COLOR,
        DROPPED: DROPPED_COLOR,
        KEPT: METHOD_INFO[method].color,
        LOCKED: next(color for color in LOCKED_COLORS if color != METHOD_INFO[method].color),
    }
    codes = np.zeros(len(status), dtype=np.uint8)
    for code, name in enumerate(colors, start=1):
        codes[status == name] = code
    points = codes[frame]
    # Excluded below, locked above.
    layers = np.array([0, 0, 1, 1, 2], dtype=np.uint8)[points]
    counts = np.bincount(points, minlength=len(colors) + 1)[1:].tolist()
    legend = [(name, color, n) for (name, color), n in zip(colors.items(), counts, strict=True)]
    shown = tuple(entry for entry in legend[::-1] if entry[2] or entry[0] in (KEPT, DROPPED))
    ordered = tuple(sorted(shown, key=lambda entry: entry[0] != KEPT))
    return MapColors(points, tuple(colors.values()), legend=ordered, layers=layers)


def by_novelty(delta_entropy: np.ndarray, method: str) -> MapColors:
    """Colour environments by δH given the subset; covered ones are grey."""
    levels = _levels(delta_entropy, 0.0, NOVELTY_LIMIT, len(NOVELTY))
    levels[~(delta_entropy >= OVERLAP_THRESHOLD)] = GREY
    note = f"given the {method} subset; grey: covered"
    return MapColors(levels, (DROPPED_COLOR, *NOVELTY), (0.0, NOVELTY_LIMIT, "δH / nats"), note=note)


def by_density(delta_entropy: np.ndarray) -> MapColors:
    """Colour environments by the density in descriptor space, ln Σ K = −δH given the full set."""
    density = -delta_entropy
    high = _above(0.0, float(np.nanmax(density, initial=0.0)))
    levels = _levels(density, 0.0, high, len(DENSITY))
    bar = (0.0, high, "ln Σ K / nats")
    return MapColors(levels, (DROPPED_COLOR, *DENSITY), bar, mean=True, note="of the full set")


def by_value(values: np.ndarray, title: str) -> MapColors:
    """Colour environments by a number, from the 1st to the 99th percentile; missing values are grey."""
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, [_BEYOND, 100 - _BEYOND]) if finite.size else (0.0, 1.0)
    low, high = float(low), _above(float(low), float(high))
    beyond = int(((finite < low) | (finite > high)).sum())
    notes = [f"{beyond:,} beyond the bar's ends"] if beyond else []
    if finite.size < values.size:
        notes.append(f"grey: no value ({values.size - finite.size:,})")
    levels = _levels(values, low, high, len(VALUES))
    return MapColors(
        levels, (DROPPED_COLOR, *VALUES), (low, high, title), mean=True, note="; ".join(notes)
    )  # fmt: skip


def by_category(values: np.ndarray) -> MapColors:
    """Colour the most frequent categories; all others are grey. Rarer ones are drawn on top."""
    codes, names = pd.factorize(values.astype(object), sort=True)
    counts = np.bincount(codes, minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    shown = order if len(order) <= len(CATEGORIES) else order[: len(CATEGORIES)]
    index = np.full(len(names), GREY, dtype=np.uint8)
    index[shown] = FIRST + np.arange(len(shown))
    legend = [(str(names[i]), CATEGORIES[rank], int(counts[i])) for rank, i in enumerate(shown)]
    rest = order[len(shown) :]
    if len(rest):
        legend.append((f"{len(rest):,} others", DROPPED_COLOR, int(counts[rest].sum())))
    return MapColors(index[codes], (DROPPED_COLOR, *CATEGORIES), legend=tuple(legend))


def by_crowding(xy: np.ndarray, rows: np.ndarray, palette: tuple[str, ...] = DENSITY) -> MapColors:
    """Colour the points `rows` by their density on the map.

    The density is the fraction of these points per area, relative to the maximum over the map of all
    points, so that a set and its subset can be compared. All other points are grey.
    """
    low, high = xy.min(axis=0), xy.max(axis=0)
    cells = ((xy - low) * ((_CELLS - 1e-6) / np.where(high > low, high - low, 1.0))).astype(np.int32)
    cells = cells[:, 1] * _CELLS + cells[:, 0]
    shares = _smooth_share(cells[rows])
    peak = shares.max() if len(rows) == len(xy) else _smooth_share(cells).max()
    colors = np.full(len(xy), GREY, dtype=np.uint8)
    if len(rows):
        decades = np.log10(np.maximum(shares.ravel()[cells[rows]] / peak, 1e-12))
        colors[rows] = _levels(decades, -_DECADES, 0.0, len(palette))
    bar = (-_DECADES, 0.0, "log₁₀ relative density")
    return MapColors(
        colors, (DROPPED_COLOR, *palette), bar, mean=True, note="brighter: more points; 0: the maximum"
    )


def _smooth_share(cells: np.ndarray) -> np.ndarray:
    """Return the fraction of points in each cell of the grid, smoothed over adjacent cells."""
    grid = np.bincount(cells, minlength=_CELLS * _CELLS).reshape(_CELLS, _CELLS) / max(1, len(cells))
    for axis in (0, 1):
        # Two passes of a 1-2-1 filter along each axis.
        for _ in range(2):
            padded = np.pad(grid, [(1, 1) if a == axis else (0, 0) for a in (0, 1)])
            before, here, after = (np.take(padded, range(i, i + _CELLS), axis=axis) for i in range(3))
            grid = (before + 2 * here + after) / 4
    return grid


def _levels(values: np.ndarray, low: float, high: float, count: int) -> np.ndarray:
    """Return the colour index of each value, one of `count` starting at `FIRST`; clip values out of range."""
    with np.errstate(invalid="ignore"):
        level = np.floor((np.asarray(values, dtype=np.float32) - low) * (count / (high - low)))
        missing = np.isnan(level)
        level = np.where(missing, 0, np.clip(level, 0, count - 1)).astype(np.uint8) + np.uint8(FIRST)
    level[missing] = GREY
    return level


def _above(low: float, high: float) -> float:
    return high if high > low else low + 1.0
