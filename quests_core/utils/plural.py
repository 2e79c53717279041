"""Counts with their nouns."""


def plural(value: int, noun: str) -> str:
    """Return a count and its noun.

    Examples
    --------
    >>> plural(1, "frame"), plural(2000, "frame")
    ('1 frame', '2,000 frames')
    """
    return f"{int(value):,} {noun}{'s' * (value != 1)}"
