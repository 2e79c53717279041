"""Records of results: time, versions, and JSON."""

import datetime
import importlib.metadata
import json
import platform

from .json_values import as_json

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
    """Return a record as JSON, UTF-8, with null for numbers that are not finite."""
    # Undecodable bytes in file names are surrogates, which JSON represents as escapes.
    text = json.dumps(as_json(content), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode(errors="backslashreplace")
