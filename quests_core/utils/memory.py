"""How much memory there is, so that what would not fit is refused before it is begun."""

import ctypes
import os
from pathlib import Path

from .environment_variables import MEMORY as LIMIT
from .environment_variables import number_from_environment

_CGROUP = Path("/sys/fs/cgroup")


def available() -> int | None:
    """Return how many bytes this process may still take, None where nothing says.

    The least of what the machine has free, what the control group and the process's own limit leave,
    and what ``$QUESTS_MEMORY`` (GB) leaves.
    """
    found = [field("/proc/meminfo", "MemAvailable"), _left_of_group(), _left_of_process()]
    limit = number_from_environment(LIMIT)
    if limit is not None:
        found.append(int(limit * 1e9) - (resident() or 0))
    known = [max(0, value) for value in found if value is not None]
    return min(known) if known else None


def check_fits(n_bytes: int, what: str, instead: str) -> None:
    """Raise a ValueError where `what` would take more memory than there is, with what to do `instead`.

    Examples
    --------
    >>> check_fits(1000, "a.xyz: reading it", "split the file")
    >>> check_fits(10**18, "a.xyz: reading it", "split the file")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: a.xyz: reading it would take about 1,000,000,000.0 GB of memory, and ... GB are free; split...
    """
    free = available()
    if free is not None and n_bytes > free:
        left = f"{_size(free)} are free" if free else "none is free"
        raise ValueError(f"{what} would take about {_size(n_bytes)} of memory, and {left}; {instead}")


def _size(n_bytes: int) -> str:
    """Return a number of bytes in the unit in which it is no 0.0."""
    unit, name = next(((10**e, name) for e, name in ((9, "GB"), (6, "MB")) if n_bytes >= 10**e), (1000, "kB"))
    return f"{n_bytes / unit:,.1f} {name}"


def resident() -> int | None:
    """Return how many bytes this process holds in memory, None where nothing says."""
    return field("/proc/self/status", "VmRSS")


def trim_heap() -> None:
    """Return to the system what was freed, where the allocator (that of glibc) keeps it; else do nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def field(path: str, name: str) -> int | None:
    """Return a field of one of Linux's files in bytes, None where there is no such file or field."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)


def _left_of_group() -> int | None:
    try:
        most = (_CGROUP / "memory.max").read_text().strip()
        used = int((_CGROUP / "memory.current").read_text())
    except OSError:
        return None
    return int(most) - used if most.isdigit() else None


def _left_of_process() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    used = field("/proc/self/status", "VmSize")
    return None if most == resource.RLIM_INFINITY or used is None else most - used
