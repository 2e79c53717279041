r"""Parse the comment line of an extxyz frame into keys and values, in linear time.

The grammar, with *blanks* for spaces, tabs and carriage returns::

    comment    : (item blanks)*
    item       : key [blanks] "=" [blanks] value  |  word
    key, value : one or more pieces without blanks between them
    piece      : bare text | "text" | 'text' | {text} | [text]

Double quotes open a piece anywhere, but ``'``, ``{`` and ``[`` only at the start of a key or value, so an
apostrophe or a bracket inside a word is an ordinary character. Brackets nest, and double-quoted text inside
them is skipped. In quotes and brackets, a backslash escapes any character (``\n`` is a line feed); in bare
text, only a special one, so that ``C:\new`` is unchanged. A bare value directly after ``=`` extends to the
next blank and may contain further ``=``. If blanks and another ``key=`` follow, the value is empty.

``docs/extxyz.md`` lists the differences from ASE and from the extxyz specification.
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
# Inside brackets: ordinary text, escapes and double-quoted text.
_INSIDE = {
    "{": re.compile(r'(?:[^{}"\\]|\\.|"(?:[^"\\]|\\.)*+")*+', re.DOTALL),
    "[": re.compile(r'(?:[^\[\]"\\]|\\.|"(?:[^"\\]|\\.)*+")*+', re.DOTALL),
}
_CLOSING = {"{": "}", "[": "]"}
_ESCAPED_SPECIAL = re.compile(r"\\([ \t=\"'{}\[\]\\,])")


class UnclosedError(ValueError):
    """An unclosed quote or bracket."""


class Item(NamedTuple):
    """A key with its value, or a word without a value.

    Attributes
    ----------
    key : str
        The key without quotes, or the word.
    source : str
        Key, equals sign and value as written in the comment.
    raw : str or None
        The value as written, with quotes; None for a word.
    text : str
        The value without quotes and escapes; "" for a word.
    start : int
        Position of `source` in the comment.
    """

    key: str
    source: str
    raw: str | None
    text: str
    start: int

    @property
    def value(self):
        """The parsed value: number, boolean, array of these, list, JSON value or text; True for a word."""
        if self.raw is None:
            return True
        if self.raw.startswith("[") and self.raw.endswith("]"):
            return array_in_brackets(self.raw[1:-1], self.text)
        if self.raw.startswith('{"') and self.raw.endswith("}"):
            names = array_in_brackets(self.raw[1:-1], None)
            return self.text if names is None else names
        return decode(self.text)


def parse(comment: str) -> list[Item]:
    r"""Parse a comment into items.

    Parameters
    ----------
    comment : str
        The second line of a frame.

    Returns
    -------
    list of Item
        Each key with its value, and each word without a value, in order.

    Raises
    ------
    UnclosedError
        If a quote or a bracket is not closed.

    Examples
    --------
    >>> [(item.key, item.value) for item in parse('note= tag="a b" pbc="T F" converged')]
    [('note', ''), ('tag', 'a b'), ('pbc', [True, False]), ('converged', True)]
    """
    items: list[Item] = []
    at, end = _end_of(_BLANKS, comment, 0), len(comment)
    start = at
    key: str | None = None  # the last word, until it is known whether an equals sign follows
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
            at, key, start = _parse_spaced(comment, key, start, begin, at, items)
            if key is not None:
                continue
        key = None
        at = _end_of(_BLANKS, comment, at)
    return items


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the end of the match at a position; the pattern must match the empty string."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _parse_spaced(
    comment: str, key: str, start: int, begin: int, at: int, items: list[Item]
) -> tuple[int, str | None, int]:
    """Append the item whose equals sign is followed by blanks; return the next position and key."""
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
    """Return the text of the word that starts at a position, and its end."""
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
        elif char == "\\" or at == first:  # a final backslash, or an equals sign without a key
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
            break  # an unclosed quote, or a final backslash
        if not depth:
            return at + 1
        at = _end_of(inside, comment, at + 1)
    raise UnclosedError(f"the bracket {opening} in the comment is not closed")
