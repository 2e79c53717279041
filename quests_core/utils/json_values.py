"""Values that JSON can express, for records, results and stored cells."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def as_json(value: Any, name: str = "value") -> Any:
    """Return a value as JSON can express it, with None in place of numbers that are not finite.

    Raises
    ------
    TypeError
        If JSON cannot express the value; the message names it.

    Examples
    --------
    >>> as_json({"a": (np.float64(1.0), math.nan)})
    {'a': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): as_json(item, f"{name}[{str(key)!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [as_json(item, name) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError(f"{name}: expected a value that JSON can express, got {type(value).__name__}")
    return value
