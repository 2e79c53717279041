"""Parts of a set whose sums the workers of a Dask cluster keep, and rounds that ask all of them.

What a part returns depends only on the picks that it is told: it may be lost, copied or pickled at any time,
and makes its sums again from the rows when they are needed.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Content = TypeVar("Content")
Sums = TypeVar("Sums")
Answer = TypeVar("Answer")


class ClusterPart(Generic[Content, Sums]):
    """A part that is pickled as what it is made from.

    Parameters
    ----------
    content : object
        What its sums are made from.
    """

    def __init__(self, content: Content):
        self.__setstate__(content)

    def __getstate__(self) -> Content:
        """Pickle what the part is made from, without its sums."""
        return self._content

    def __setstate__(self, content: Content) -> None:
        """Make a part without sums, which are made again when they are needed."""
        self._content, self._lock = content, threading.Lock()
        self._sums: Sums | None = None


def ask_all(
    n_parts: int, n_sent: int, ask: Callable[[Sequence[int], int], list[Answer | None]]
) -> tuple[list[Answer], int]:
    """Ask all parts, and lost ones again with all picks; return the answers, and the number of lost parts.

    Parameters
    ----------
    n_parts : int
        Number of parts.
    n_sent : int
        Number of picks that they received before.
    ask : callable
        Called with the indices of parts, and the number of picks that are not sent again; returns their
        answers, None from a part that lacks picks.

    Raises
    ------
    OSError
        If a part is lost twice.
    """
    answers = ask(range(n_parts), n_sent)
    lost = [i for i, one in enumerate(answers) if one is None]
    for i, one in zip(lost, ask(lost, 0) if lost else (), strict=True):
        answers[i] = one
    found = [one for one in answers if one is not None]
    if len(found) < n_parts:
        raise OSError("client: a part was lost twice in the same round, as workers died; try again")
    return found, len(lost)
