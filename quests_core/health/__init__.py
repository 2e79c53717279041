"""What looks wrong in a data set, each with the frames it names.

Every check is a function of the data that returns findings; `check` runs them all.
"""

from .check import check
from .findings import ERROR, INFO, SEVERITIES, WARNING, Finding

__all__ = ["ERROR", "INFO", "SEVERITIES", "WARNING", "Finding", "check"]
