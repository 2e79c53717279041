"""Lists of frame numbers as ranges, such as ``0-2,7``."""

import numpy as np

from .arrays import Indices

_DIGITS, _SHOWN = 18, 40


def format_ranges(frames: Indices) -> str:
    """Format increasing frame numbers as ranges.

    Examples
    --------
    >>> format_ranges([0, 1, 2, 7])
    '0-2,7'
    """
    frames = np.asarray(frames, dtype=int)
    if not len(frames):
        return ""
    parts = np.split(frames, np.flatnonzero(np.diff(frames) != 1) + 1)
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def parse_ranges(text: str, n_frames: int, name: str = "frames") -> tuple[int, ...]:
    """Return the frame numbers in a list of ranges, sorted and without repetition.

    Raises
    ------
    ValueError
        If the text is not a list of ranges, or a frame number is not below `n_frames`.

    Examples
    --------
    >>> parse_ranges("7,0-2", n_frames=10)
    (0, 1, 2, 7)
    """
    # Count the ranges that start and end at each frame: a range may be repeated many times.
    steps = np.zeros(n_frames + 1, dtype=np.int64)
    for part in text.replace(" ", "").split(",") if text.strip() else ():
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise ValueError(f"{name}: expected frames like 0-2,7, got {part[:_SHOWN]!r}")
        # Longer numbers exceed any frame, and Python refuses to convert very long ones.
        low, high = (int(one) if len(one) <= _DIGITS else n_frames for one in (first, last or first))
        if not low <= high < n_frames:
            raise ValueError(f"{name}: expected frames from 0 to {n_frames - 1}, got {part[:_SHOWN]}")
        steps[low] += 1
        steps[high + 1] -= 1
    return tuple(np.flatnonzero(np.cumsum(steps)).tolist())
