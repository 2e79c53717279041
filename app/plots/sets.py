"""Columns of the figures that compare sets: δH histograms, overlaps, a joint map."""

from collections.abc import Sequence

import numpy as np

from quests_core.information.entropy import OVERLAP_THRESHOLD

# Of no method: orange and blue would be taken for two of them.
SET_COLOR, REFERENCE_COLOR, COVERED_COLOR = "#2a8c8c", "#9aa1a9", "#8fc1c1"
# δH spans −10 to thousands of nats: the axis is linear up to about this, then logarithmic.
_LINEAR = 2.0
TICKS = (-20, -10, -5, -2, 0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
# Of the numbers in cells.
LIGHT, DARK = "#ffffff", "#10202c"


def asinh_scale(values):
    """Return axis positions asinh(δH / 2): linear near 0, logarithmic in the tails."""
    return np.arcsinh(np.asarray(values, dtype=float) / _LINEAR)


def novelty_edges(*values: np.ndarray, count: int = 60) -> np.ndarray:
    """Return bin edges, evenly spaced on the asinh axis, that span all values and include 0."""
    finite = asinh_scale(np.concatenate([v[np.isfinite(v)] for v in values]))
    low, high = min(-0.5, float(finite.min(initial=0.0))), max(0.5, float(finite.max(initial=0.0)))
    width = (high - low) / count
    return width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)


def histogram_data(values: np.ndarray, edges: np.ndarray) -> dict[str, np.ndarray]:
    """Return the percentage of the finite values in each bin as ``top``, and its limits in nats."""
    values = asinh_scale(values[np.isfinite(values)])
    share = 100 * np.histogram(values, edges)[0] / max(1, len(values))
    nats = _LINEAR * np.sinh(edges)
    return {"left": edges[:-1], "right": edges[1:], "top": share, "low": nats[:-1], "high": nats[1:]}


def short_names(names: Sequence[str], length: int = 22) -> list[str]:
    """Shorten names in the middle, as many begin alike, to fit an axis, and keep them distinct."""
    short, seen, end = [], set(), (length - 1) // 2 + 1
    for name in names:
        text = base = name if len(name) <= length else f"{name[: length - 1 - end]}…{name[-end:]}"
        number = 1
        while text in seen:
            number += 1
            text = f"{base} ({number})"
        seen.add(text)
        short.append(text)
    return short


def matrix_data(matrix: np.ndarray, names: Sequence[str]) -> dict[str, list]:
    """Return a matrix as cells, the first row at the top: rows are covered sets, columns the covering ones.

    A cell has its centre in the columns ``x`` and ``y`` and its edges in ``left`` to ``top``.
    """
    n, values = len(names), 100 * np.asarray(matrix).ravel()
    rows, columns = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    x, y = columns.astype(float), (n - 1 - rows).astype(float)
    edges = {"left": x - 0.5, "bottom": y - 0.5, "right": x + 0.5, "top": y + 0.5}
    return {
        **{name: places.tolist() for name, places in {"x": x, "y": y, **edges}.items()},
        "query_name": [names[i] for i in rows.tolist()],
        "known_name": [names[j] for j in columns.tolist()],
        "overlap": values.tolist(),
        "text": [_cell(value) for value in values],
        "color": [LIGHT if value < 55 else DARK for value in values],
    }


def _cell(percent: float) -> str:
    """Format a percentage as an integer; show 0 and 100 only if exact."""
    if percent in (0, 100):
        return f"{percent:.0f}"
    return f"{min(max(percent, 0.1), 99.9):.1f}" if percent < 1 or percent > 99 else f"{percent:.0f}"


def color_limit(novelty: np.ndarray) -> float:
    """Return the upper end of the colours of δH: a few outliers do not use up the scale."""
    novel = novelty[novelty > OVERLAP_THRESHOLD]
    return max(1.0, float(np.percentile(novel, 95))) if len(novel) else 1.0
