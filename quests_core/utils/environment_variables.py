"""Environment variables that hold numbers."""

import math
import os
from typing import overload

# Memory limit of this process, GB; size limits of an uploaded file and of all uploads of a session, MB.
MEMORY, FILE_LIMIT, SESSION_LIMIT = "QUESTS_MEMORY", "QUESTS_MAX_UPLOAD_MB", "QUESTS_MAX_SESSION_MB"


@overload
def number_from_environment(name: str, default: float) -> float: ...


@overload
def number_from_environment(name: str, default: None = None) -> float | None: ...


def number_from_environment(name: str, default: float | None = None) -> float | None:
    """Return the positive number in an environment variable, or `default` if it is unset or empty.

    Raises
    ------
    ValueError
        If the value is not a positive number; the message names the variable.

    Examples
    --------
    >>> number_from_environment("QUESTS_NOT_SET", 500.0)
    500.0
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(f"{name}: expected a positive number, got {text!r:.60}")
    return value


def check_numbers() -> None:
    """Raise a ValueError if one of the variables is set, but not to a positive number."""
    for name in (MEMORY, FILE_LIMIT, SESSION_LIMIT):
        number_from_environment(name)
