"""Records of results: time, versions, and JSON."""

import datetime
import importlib.metadata
import json
import platform

_PACKAGES = ("quests-explorer", "numpy", "numba", "ase", "scikit-learn")


def now() -> str:
    """Return the time in UTC, to the second, in ISO format."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def record_bytes(content: dict) -> bytes:
    """Return a record as JSON, UTF-8."""
    # Undecodable bytes in file names are surrogates, which JSON represents as escapes.
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=True) + "\n").encode(
        errors="backslashreplace"
    )
