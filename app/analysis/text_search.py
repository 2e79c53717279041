"""Find frames by the words of their texts."""

from collections.abc import Mapping

import numpy as np

# Characters of one text that are searched, and words that are searched for, as the search runs on the event
# loop at every key.
_MAX_TEXT, _MAX_WORDS = 500, 20


class FrameTexts:
    """The texts of each frame, such as label, formula and those of its info.

    Parameters
    ----------
    columns : mapping of str to object
        Columns by name; only object arrays of texts are used, of each text the first 500 characters.

    Examples
    --------
    >>> texts = FrameTexts({"label": np.array(["bulk", "slab"], dtype=object), "n_atoms": np.array([4, 8])})
    >>> texts.find("SLA").tolist()
    [False, True]
    """

    def __init__(self, columns: Mapping[str, object]):
        texts = [
            column for column in columns.values() if isinstance(column, np.ndarray) and column.dtype == object
        ]
        # A separator that no word contains.
        self._texts = [
            " ".join(value[:_MAX_TEXT].casefold() for value in values if isinstance(value, str))
            for values in zip(*texts, strict=True)
        ]

    def find(self, text: str, *more: np.ndarray) -> np.ndarray:
        """Return whether the texts of each frame contain all words of `text`, in any case and order.

        `more` are further columns of texts, with few distinct values. Only the first 20 words count.

        Returns
        -------
        ndarray of bool, shape (n_frames,)
        """
        found = np.ones(len(self._texts), dtype=bool)
        for word in dict.fromkeys(text.casefold().split()[:_MAX_WORDS]):
            has = np.array([word in own for own in self._texts], dtype=bool)
            for column in more:
                has |= np.isin(column, [value for value in set(column.tolist()) if word in value.casefold()])
            found &= has
        return found
