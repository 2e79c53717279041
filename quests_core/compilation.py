"""Detect whether functions will be compiled on first use."""

from pathlib import Path


def first_time() -> str:
    """Return a message if kernels have to be compiled, as after an installation, or else "".

    Examples
    --------
    >>> first_time() in ("", "The first time on a machine, the kernels are compiled: a minute or two.")
    True
    """
    from .descriptors.x1_x2 import describe_frames

    stats = getattr(describe_frames, "stats", None)
    # Numba's compilation is disabled.
    if stats is None:
        return ""
    if stats.cache_path is None:
        return "The kernels are compiled in each process, as they cannot be stored: a minute or two."
    if any(Path(stats.cache_path).glob("*describe_frames-*.nbc")):
        return ""
    return "The first time on a machine, the kernels are compiled: a minute or two."
