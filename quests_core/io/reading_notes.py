"""Notes for the user about a file that was read."""

from collections.abc import Callable

_MOST = 20


class ReadingNotes:
    """Sentences about frames, each stored once with the number of frames to which it applies.

    Examples
    --------
    >>> notes = ReadingNotes()
    >>> for frame in (3, 7):
    ...     notes.about(frame)("it has no periodic axis")
    >>> notes.about(None)("the cell is invented")
    >>> notes.sentences()
    ['it has no periodic axis (2 frames, first frame 3)', 'the cell is invented']
    """

    def __init__(self):
        self._found: dict[str, list] = {}

    def about(self, frame: int | None) -> Callable[[str], None]:
        """Return a function that adds a sentence about a frame, or about the file if `frame` is None."""

        def add(sentence: str) -> None:
            if sentence in self._found:
                self._found[sentence][1] += 1
            elif len(self._found) < _MOST:
                self._found[sentence] = [frame, 1]

        return add

    def sentences(self) -> list[str]:
        """Return the sentences in the order in which they were added."""
        sentences = []
        for sentence, (frame, n_frames) in self._found.items():
            where = f"frame {frame}" if n_frames == 1 else f"{n_frames:,} frames, first frame {frame}"
            sentences.append(sentence if frame is None else f"{sentence} ({where})")
        return sentences
