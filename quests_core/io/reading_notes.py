"""What a user should know about a file that was read."""

from collections.abc import Callable

_MOST = 20


class ReadingNotes:
    """Sentences about frames, each kept once with the number of frames that it is about.

    Examples
    --------
    >>> notes = ReadingNotes()
    >>> for frame in (3, 7):
    ...     notes.about(frame)("it has no periodic axis")
    >>> notes.about(None)("the cell is made up")
    >>> notes.sentences()
    ['it has no periodic axis (2 frames, first frame 3)', 'the cell is made up']
    """

    def __init__(self):
        self._found: dict[str, list] = {}

    def about(self, frame: int | None) -> Callable[[str], None]:
        """Return what takes a sentence about a frame, or (None) about the file."""

        def tell(sentence: str) -> None:
            if sentence in self._found:
                self._found[sentence][1] += 1
            elif len(self._found) < _MOST:
                self._found[sentence] = [frame, 1]

        return tell

    def sentences(self) -> list[str]:
        """Return the sentences in the order in which they were told."""
        told = []
        for sentence, (frame, n_frames) in self._found.items():
            where = f"frame {frame}" if n_frames == 1 else f"{n_frames:,} frames, first frame {frame}"
            told.append(sentence if frame is None else f"{sentence} ({where})")
        return told
