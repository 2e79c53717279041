r"""The comment line of an extxyz frame as keys and values, parsed once and in linear time.

The grammar, with *blanks* for spaces, tabs and carriage returns::

    comment    : (item blanks)*
    item       : key [blanks] "=" [blanks] value  |  word
    key, value : one or more pieces without blanks between them
    piece      : bare text | "text" | 'text' | {text} | [text]

Double quotes open a piece anywhere; ``'``, ``{`` and ``[`` only at the start of a key or value, so an
apostrophe or a bracket inside a word is a character like others. Brackets nest, and double-quoted text inside
of them is skipped. A backslash escapes the next character (``\n`` is a line feed) in quotes and brackets; in
bare text only a special one, so that ``C:\new`` stays. A bare value that follows ``=`` at once extends to the
next blank and may hold further ``=``. Where blanks and another ``key=`` follow, the value is empty.

``docs/extxyz.md`` lists where this differs from ASE and from the extxyz specification.
"""

import re
from typing import NamedTuple

from .xyz_values import array_in_brackets, decode, unescape

_BLANKS = re.compile(r"[ \t\r\n]*+")
_BARE_KEY = re.compile(r"(?:[^ \t\r\n=\"\\]|\\.)++", re.DOTALL)
_BARE_VALUE = re.compile(r"(?:[^ \t\r\n\"\\]|\\.)++", re.DOTALL)
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL),
}
# Inside brackets: text without meaning, an escape, a double-quoted text, or a bracket.
_INSIDE = {
    "{": re.compile(r'(?:[^{}"\\]|\\.|"(?:[^"\\]|\\.)*+")*+', re.DOTALL),
    "[": re.compile(r'(?:[^\[\]"\\]|\\.|"(?:[^"\\]|\\.)*+")*+', re.DOTALL),
}
_CLOSING = {"{": "}", "[": "]"}
_ESCAPED_SPECIAL = re.compile(r"\\([ \t=\"'{}\[\]\\,])")


class UnclosedError(ValueError):
    """A quote or bracket that does not end."""


class Item(NamedTuple):
    """A part of a comment.

    Attributes
    ----------
    key : str
        Without quotes; the word itself where it has no value.
    source : str
        Key, equals sign and value as they stand in the comment.
    raw : str or None
        The value as it stands there, with its quotes; None for a word without a value.
    text : str
        The value without quotes and escapes; "" for a word without a value.
    start : int
        Where `source` starts in the comment.
    """

    key: str
    source: str
    raw: str | None
    text: str
    start: int

    @property
    def value(self):
        """The value: number, truth value, array of these, list, what JSON says, or text; True for a word."""
        if self.raw is None:
            return True
        if self.raw.startswith("[") and self.raw.endswith("]"):
            return array_in_brackets(self.raw[1:-1], self.text)
        if self.raw.startswith('{"') and self.raw.endswith("}"):
            names = array_in_brackets(self.raw[1:-1], None)
            return self.text if names is None else names
        return decode(self.text)


def parse(comment: str) -> list[Item]:
    r"""Return the items of a comment in their order.

    Parameters
    ----------
    comment : str
        The second line of a frame.

    Returns
    -------
    list of Item
        Each key with its value, and each word that has none. Only blanks are between the items.

    Raises
    ------
    UnclosedError
        If a quote or a bracket does not end.

    Examples
    --------
    >>> [(item.key, item.value) for item in parse('note= tag="a b" pbc="T F" converged')]
    [('note', ''), ('tag', 'a b'), ('pbc', [True, False]), ('converged', True)]
    """
    items: list[Item] = []
    at, end = _end_of(_BLANKS, comment, 0), len(comment)
    start = at
    key: str | None = None  # waits for an equals sign or the next word
    while at < end or key is not None:
        if key is None:
            start = at
            key, at = _word(comment, at, _BARE_KEY)
        stop, at = at, _end_of(_BLANKS, comment, at)
        if comment[at : at + 1] != "=":
            items.append(Item(key, comment[start:stop], None, "", start))
            key = None
            continue
        begin = at + 1
        at = _end_of(_BLANKS, comment, begin)
        if at == begin and at < end:
            text, at = _word(comment, at, _BARE_VALUE)
            items.append(Item(key, comment[start:at], comment[begin:at], text, start))
        else:
            at, key, start = _spaced(comment, key, start, begin, at, items)
            if key is not None:
                continue
        key = None
        at = _end_of(_BLANKS, comment, at)
    return items


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the end of what matches at a position; a pattern that may be empty always does."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _spaced(
    comment: str, key: str, start: int, begin: int, at: int, items: list[Item]
) -> tuple[int, str | None, int]:
    """Add the item whose equals sign is followed by blanks; return where to go on, and the next key."""
    empty = Item(key, comment[start:begin], "", "", start)
    if at == len(comment) or comment[at] == "=":
        items.append(empty)
        return at, None, at
    text, stop = _word(comment, at, _BARE_KEY)
    after = _end_of(_BLANKS, comment, stop)
    if comment[after : after + 1] == "=" and comment[at] not in "[{":
        items.append(empty)
        return stop, text, at
    items.append(Item(key, comment[start:stop], comment[at:stop], text, start))
    return stop, None, stop


def _word(comment: str, at: int, bare: re.Pattern[str]) -> tuple[str, int]:
    """Return the text of the word that starts here, and its end."""
    first, parts = at, []
    while at < len(comment):
        char = comment[at]
        if char == '"' or (char == "'" and at == first):
            found = _QUOTED[char].match(comment, at)
            if not found:
                raise UnclosedError(f"the quote {char} in the comment is not closed")
            parts.append(unescape(found[1]))
            at = found.end()
        elif char in "{[" and at == first:
            at = _end_of_bracket(comment, at)
            parts.append(unescape(comment[first + 1 : at - 1]))
        elif found := bare.match(comment, at):
            parts.append(_ESCAPED_SPECIAL.sub(r"\1", found[0]))
            at = found.end()
        elif char == "\\" or at == first:  # the last character, or an equals sign without a key
            parts.append(char)
            at += 1
        else:
            break
    return "".join(parts), at


def _end_of_bracket(comment: str, at: int) -> int:
    opening, depth = comment[at], 0
    inside, closing = _INSIDE[opening], _CLOSING[opening]
    while at < len(comment):
        if comment[at] == opening:
            depth += 1
        elif comment[at] == closing:
            depth -= 1
        else:
            break  # a quote that does not end, or a backslash at the end
        if not depth:
            return at + 1
        at = _end_of(inside, comment, at + 1)
    raise UnclosedError(f"the bracket {opening} in the comment is not closed")
