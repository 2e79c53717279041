"""Available memory, and checks that a computation fits into it before it starts."""

import contextlib
import ctypes
import os
import re
from pathlib import Path
from typing import Any

from .environment_variables import MEMORY as LIMIT
from .environment_variables import number_from_environment

_BYTES = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?([kmgt]b)", re.IGNORECASE)
_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_CGROUP = Path("/sys/fs/cgroup")


def available() -> int | None:
    """Return the number of bytes that this process can still allocate, or None if unknown.

    This is the minimum of the machine's available memory and what remains of the limits of the control group,
    of the process and of ``$QUESTS_MEMORY`` (GB).
    """
    found = [_left_of_machine(), _left_of_group(), _left_of_process()]
    limit = number_from_environment(LIMIT)
    if limit is not None:
        found.append(int(limit * 1e9) - (resident() or 0))
    known = [max(0, value) for value in found if value is not None]
    return min(known) if known else None


def check_fits(n_bytes: int, what: str, instead: str) -> None:
    """Raise a ValueError if `n_bytes` exceed the available memory.

    Parameters
    ----------
    n_bytes : int
        Estimated size.
    what : str
        Subject of the message: what the memory is needed for.
    instead : str
        Advice at the end of the message.

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
        left = f"{format_bytes(free)} are free" if free else "none is free"
        raise ValueError(f"{what} would take about {format_bytes(n_bytes)} of memory, and {left}; {instead}")


def format_bytes(n_bytes: int) -> str:
    """Format a number of bytes in kB, MB or GB.

    Examples
    --------
    >>> format_bytes(2_500_000)
    '2.5 MB'
    """
    unit, name = next(((10**e, name) for e, name in ((9, "GB"), (6, "MB")) if n_bytes >= 10**e), (1000, "kB"))
    return f"{n_bytes / unit:,.1f} {name}"


def parse_bytes(value: int | str, name: str) -> int:
    """Return a size in bytes, given as a number of bytes or with a unit.

    Examples
    --------
    >>> parse_bytes("2GB", "memory_limit"), parse_bytes("1.5 MB", "memory_limit")
    (2000000000, 1500000)
    """
    found = _BYTES.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        return int(float(found[1]) * _UNITS[found[2].lower()])
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{name}: expected a number of bytes, or a text such as '2GB', got {value!r:.40}")
    return value


def resident() -> int | None:
    """Return the resident memory of this process in bytes, or None if unknown."""
    found = process_memory()
    return None if found is None else found.rss


def trim_heap() -> None:
    """Return freed memory to the system, if the allocator is glibc's, which would keep it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def process_memory() -> Any:
    """Return the memory of this process as `psutil.Process.memory_info`, or None if unknown."""
    # Imported when it is needed: it would take a tenth of the time in which the library is imported.
    import psutil

    with contextlib.suppress(OSError, psutil.Error):
        return psutil.Process().memory_info()
    return None


def _left_of_machine() -> int | None:
    import psutil

    with contextlib.suppress(OSError, psutil.Error):
        return psutil.virtual_memory().available
    return None


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
    if most == resource.RLIM_INFINITY:
        return None
    used = process_memory()
    return None if used is None else most - used.vms
