"""What looks wrong in a data set, each with the frames it names.

Every check is a function of the data that returns findings; `check` runs them all.
"""

from .finding import ERROR, INFO, SEVERITIES, WARNING, Finding
from .run_checks import check

__all__ = ["ERROR", "INFO", "SEVERITIES", "WARNING", "Finding", "check"]
