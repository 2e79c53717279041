"""Results of the checks of a data set."""

from collections.abc import Iterable
from dataclasses import dataclass

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True)
class Finding:
    """A problem in a data set, or information about it.

    Attributes
    ----------
    kind : str
        Identifier of the problem.
    severity : {"error", "warning", "info"}
        Whether results are affected, may be affected, or are not affected.
    title, explanation : str
        Short name, and an explanation with advice.
    frames : tuple of int
        The affected frames, sorted.
    removable : bool
        Whether excluding these frames is a reasonable remedy.
    """

    kind: str
    severity: str
    title: str
    explanation: str
    frames: tuple[int, ...]
    removable: bool = False


def finding(kind, severity, frames: Iterable, title, explanation, removable=False) -> list[Finding]:
    """Return a list with a finding about `frames`, or an empty list without frames."""
    frames = tuple(sorted({int(frame) for frame in frames}))
    return [Finding(kind, severity, title, explanation, frames, removable)] if frames else []
