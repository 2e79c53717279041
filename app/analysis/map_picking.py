"""Find the points of a map inside a box or a lasso, or nearest to a click."""

import numpy as np

# A lasso around 230,000 points tests half a million pairs of edge and point; a zigzag of thousands of
# corners tests a thousand times as many, which would block the event loop.
_MAX_PAIRS, _MIN_CORNERS = 20_000_000, 16


def inside_box(xy: np.ndarray, x0: float, x1: float, y0: float, y1: float) -> np.ndarray:
    """Return whether each point is in the box or on its edges, shape (n,)."""
    (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
    x, y = xy.T
    return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)


def inside_polygon(xy: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Return whether each point is inside a polygon by the even-odd rule, shape (n,).

    With the points sorted by y, each edge is tested against one slice of them: a lasso of hundreds of
    corners around hundreds of thousands of points takes milliseconds.
    """
    inside = np.zeros(len(xy), dtype=bool)
    if len(polygon) < 3:
        return inside
    polygon = np.asarray(polygon, dtype=float)
    if not np.isfinite(polygon).all():
        return inside
    candidates = np.flatnonzero(inside_box(xy, *_bounds(polygon[:, 0]), *_bounds(polygon[:, 1])))
    candidates = candidates[np.argsort(xy[candidates, 1], kind="stable")]
    x, y = xy[candidates].T
    polygon = _thinned(polygon, y)
    crossed = np.zeros(len(candidates), dtype=bool)
    for (xa, ya), (xb, yb) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if ya == yb:
            continue
        # A half-open interval, so that a corner between two edges is crossed once.
        first, last = np.searchsorted(y, sorted((ya, yb)), side="left")
        part = slice(first, last)
        crossed[part] ^= x[part] < xa + (y[part] - ya) * ((xb - xa) / (yb - ya))
    inside[candidates[crossed]] = True
    return inside


def _thinned(polygon: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return a polygon with corners removed until at most `_MAX_PAIRS` edges and points are tested."""
    while len(polygon) > _MIN_CORNERS:
        rows = np.searchsorted(y, polygon[:, 1])
        if np.abs(rows - np.roll(rows, -1)).sum() + len(polygon) <= _MAX_PAIRS:
            break
        polygon = polygon[::2]
    return polygon


def _bounds(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def nearest(xy: np.ndarray, x: float, y: float, scale: tuple[float, float], reach: float) -> int | None:
    """Return the point nearest to (x, y), None if there is none within `reach` pixels.

    `scale` is the size of a pixel along x and y.
    """
    if not len(xy):
        return None
    distances_sq = ((xy[:, 0] - x) / scale[0]) ** 2 + ((xy[:, 1] - y) / scale[1]) ** 2
    row = int(np.argmin(distances_sq))
    return row if distances_sq[row] <= reach**2 else None
