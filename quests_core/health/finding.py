"""What a check of a data set returns."""

from collections.abc import Iterable
from dataclasses import dataclass

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True)
class Finding:
    """Something that looks wrong, or that one should know.

    Attributes
    ----------
    kind : str
        Which check found it.
    severity : {"error", "warning", "info"}
        Whether results suffer, may suffer, or do not.
    title, explanation : str
        What it is, and what to do about it.
    frames : tuple of int
        The frames it is about, rising.
    removable : bool
        Whether excluding these frames is a sensible remedy.
    """

    kind: str
    severity: str
    title: str
    explanation: str
    frames: tuple[int, ...]
    removable: bool = False


def finding(kind, severity, frames: Iterable, title, explanation, removable=False) -> list[Finding]:
    """Return the finding about `frames`, or none where there are none."""
    frames = tuple(sorted({int(frame) for frame in frames}))
    return [Finding(kind, severity, title, explanation, frames, removable)] if frames else []
