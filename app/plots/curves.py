"""Columns of the compression curves: entropy against diversity, and overlap against size."""

import numpy as np

MARKED_PERCENT = (75, 50, 25, 10)
# Width and height of a label, as fractions of the smallest plot.
_LABEL = (0.1, 0.08)


def path_columns(curve) -> dict[str, np.ndarray]:
    """Return a compression curve as columns, with fractions in percent."""
    return {
        "diversity": curve["diversity"].to_numpy(),
        "entropy": curve["entropy"].to_numpy(),
        "percent": 100 * curve["fraction"].to_numpy(),
        "overlap": 100 * curve["overlap"].to_numpy(),
        "n_frames": curve["n_frames"].to_numpy(),
        "n_envs": curve["n_envs"].to_numpy(),
    }


def marked_rows(fractions: np.ndarray) -> np.ndarray:
    """Return the rows of a curve nearest to 75, 50, 25 and 10 %."""
    fractions = np.asarray(fractions)
    rows = [int(np.argmin(np.abs(100 * fractions - percent))) for percent in MARKED_PERCENT]
    return np.array(list(dict.fromkeys(rows)))


def rows_of(columns: dict[str, np.ndarray], rows) -> dict[str, list]:
    """Return the given rows of columns as lists, with a label for the percentage.

    Bokeh would send each array to the browser in a separate message.
    """
    picked = {name: np.asarray(values)[rows].tolist() for name, values in columns.items()}
    return {**picked, "label": [f"{percent:.0f} %" for percent in picked["percent"]]}


def without_near_labels(columns: dict[str, list], extent: tuple[float, float]) -> dict[str, list]:
    """Blank the labels that would overlap an earlier one in a figure of this `extent` along x and y."""
    shown: list[tuple[float, float]] = []
    labels = []
    across, up = extent
    for x, y, label in zip(columns["diversity"], columns["entropy"], columns["label"], strict=True):
        at = x / across, y / up
        near = any(abs(at[0] - a) < _LABEL[0] and abs(at[1] - b) < _LABEL[1] for a, b in shown)
        labels.append("" if near else label)
        if not near:
            shown.append(at)
    return {**columns, "label": labels}
