"""Checks of data sets.

Each check is a function of the data that returns findings; `check` runs all of them.
"""

from .finding import ERROR, INFO, SEVERITIES, WARNING, Finding
from .run_checks import check

__all__ = ["ERROR", "INFO", "SEVERITIES", "WARNING", "Finding", "check"]
