r"""Parse and format the values of a comment line.

Numbers, booleans and arrays of these are written literally; everything else is text, or JSON after ``_JSON``.
"""

import json
import re

import numpy as np

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPLIT = re.compile(r"[\s,]+")
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_REAL = re.compile(
    r"[-+]?(?:(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?"
    r"|(?:[0-9]+\.[0-9]*|\.[0-9]+)[dD][-+]?[0-9]+|[0-9]+[dD][-+][0-9]+|nan|inf(?:inity)?)",
    re.IGNORECASE,
)
_LONGEST_NUMBER = 400
LOGICALS = {
    "T": True, "true": True, "True": True, "TRUE": True,
    "F": False, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_ELEMENT = re.compile(r'\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,\[\]"]++)|([\[\]]))\s*+(,?)', re.DOTALL)
_DEEPEST = 4
_JSON = "_JSON "
# Text in a column that is not a bare word, such as "" or "C A", is written as JSON without blanks.
JSON_TOKEN = '_JSON"'
_PLAIN = re.compile(r"[^\s=,\"'{}\[\]\\]+")


def unescape(text: str) -> str:
    r"""Replace escape sequences in a text; ``\n`` is a line feed.

    Examples
    --------
    >>> unescape(r'a \"b\" \\ c')
    'a "b" \\ c'
    """
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def number(token: str) -> int | float | None:
    """Parse a number, or return None; ``1.5D+01`` is a number, ``1_000`` is not.

    Examples
    --------
    >>> number("-20"), number("1.5D+01"), number("1_2"), number("Si")
    (-20, 15.0, None, None)
    """
    if len(token) > _LONGEST_NUMBER:
        return None
    if _INTEGER.fullmatch(token):
        return int(token)
    return float(token.replace("D", "e").replace("d", "e")) if _REAL.fullmatch(token) else None


def real(token: str) -> float | int | None:
    """Parse a number where only a number is allowed, so that Fortran's ``1D5`` is one; or return None.

    Examples
    --------
    >>> real("1D5"), real("Si")
    (100000.0, None)
    """
    return (
        number(token.strip().replace("D", "e").replace("d", "e"))
        if len(token) < 2 * _LONGEST_NUMBER
        else None
    )


def decode(text: str):
    """Parse a text without quotes: numbers, booleans, JSON after ``_JSON``, or else the text itself.

    Examples
    --------
    >>> decode("1 2 3").tolist(), decode("T"), decode("liquid"), decode("_JSON [1, null]")
    ([1, 2, 3], True, 'liquid', [1, None])
    """
    if text.startswith(_JSON):
        return _from_json(text)
    if text in LOGICALS:
        return LOGICALS[text]
    tokens = [token for token in _SPLIT.split(text) if token]
    if len(tokens) == 1:
        value = number(tokens[0])
        return LOGICALS.get(tokens[0], text) if value is None else _numpy_scalar(value)
    values = _scalars(tokens)
    return text if values is None else values


def _numpy_scalar(value: int | float):
    if isinstance(value, float):
        return np.float64(value)
    return np.int64(value) if abs(value) < 2**63 else value


def _scalars(tokens: list[str]):
    """Return an array of numbers or a list of booleans, or None if a token is neither."""
    if not tokens:
        return None
    if tokens[0] in LOGICALS:
        return [LOGICALS[token] for token in tokens] if all(token in LOGICALS for token in tokens) else None
    values: list[int | float] = []
    for token in tokens:
        value = number(token)
        if value is None:
            return None
        values.append(value)
    whole = all(isinstance(value, int) for value in values)
    if whole and any(abs(value) >= 2**63 for value in values):
        return values  # too large for NumPy's integers
    return np.array(values, dtype=np.int64 if whole else np.float64)


def word(token: str) -> str:
    r"""Return the text of a token of a column, decoded if it is JSON.

    Examples
    --------
    >>> word("Cu"), word(r'_JSON"C\u0020A"')
    ('Cu', 'C A')
    """
    if not token.startswith(JSON_TOKEN):
        return token
    try:
        found = json.loads(token[len(JSON_TOKEN) - 1 :])
    except ValueError:
        return token
    return found if isinstance(found, str) else token


def _from_json(text: str):
    try:
        found = json.loads(text[len(_JSON) :])
    except (ValueError, RecursionError):
        return text
    if not isinstance(found, list):
        return found
    try:
        array = np.array(found)
    except (ValueError, OverflowError):  # rows of different lengths
        return found
    # Integers too large for NumPy would be rounded.
    is_exact = array.dtype.kind in "ib" or (array.dtype.kind == "f" and _same_numbers(array.tolist(), found))
    return array if is_exact else found


def _same_numbers(first, second) -> bool:
    if isinstance(first, list):
        return all(map(_same_numbers, first, second))
    return first == second or first != first


def array_in_brackets(inside: str, otherwise):
    """Return the content of brackets as an array or as nested lists of text, or else `otherwise`."""
    stack: list[list] = [[]]
    leaves, at = [], 0
    has_bare = has_quoted = False
    inside = inside.strip()
    while at < len(inside):
        found = _ELEMENT.match(inside, at)
        if not found:
            return otherwise
        at = found.end()
        quoted, bare, bracket, _ = found.groups()
        if bracket == "[":
            stack.append([])
            if len(stack) > _DEEPEST:
                return otherwise
        elif bracket == "]":
            if len(stack) == 1:
                return otherwise
            row = stack.pop()
            stack[-1].append(row)
        else:
            has_bare, has_quoted = has_bare or bare is not None, has_quoted or bare is None
            leaves.append(unescape(quoted) if bare is None else bare)
            stack[-1].append(leaves[-1])
    if len(stack) > 1 or not leaves or (has_bare and has_quoted):
        return otherwise
    values = _scalars(leaves) if has_bare else None
    if values is None:
        return stack[0]
    shape = _shape(stack[0])
    return otherwise if shape is None else np.array(values).reshape(shape)


def _shape(rows: list) -> tuple[int, ...] | None:
    """Return the shape of nested lists, or None if they are ragged."""
    if not any(isinstance(row, list) for row in rows):
        return (len(rows),)
    shapes = {_shape(row) if isinstance(row, list) else None for row in rows}
    shape = shapes.pop()
    return None if shape is None or shapes else (len(rows), *shape)


def quote(text: str) -> str:
    r"""Format a text for a comment, with quotes if necessary.

    Examples
    --------
    >>> print(quote("liquid"), quote('a "b"'), quote("two\nlines"))
    liquid "a \"b\"" "two\nlines"
    """
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def format_value(value) -> str:
    r"""Format a value for a comment such that the same value is read back.

    Parameters
    ----------
    value : str, bool, int, float, None, ndarray, list, tuple or dict
        The value. Numbers are written in full precision; values without another representation as JSON, as
        ASE does.

    Returns
    -------
    str
        The text after the equals sign, in quotes if necessary. `decode` and, except for arrays of one
        element, ASE read it in the same way.

    Raises
    ------
    TypeError
        If the value has another type.

    Examples
    --------
    >>> print(format_value(-0.1), format_value("a b"), format_value(True), format_value(None))
    -0.1 "a b" T "_JSON null"
    >>> print(format_value(np.arange(3)), format_value(""))
    "0 1 2" "_JSON \"\""
    """
    if isinstance(value, str):
        # ASE reads blanks as an empty array, and invisible characters are not allowed in a comment.
        plain = value.strip(" ,") and value.isprintable() and not value.startswith(_JSON)
        return quote(value) if plain and isinstance(decode(value), str) else _json(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "biuf":
        value = value.tolist()
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.size:
        words = [format_value(one) for one in value.tolist()]
        plain = len(words) > 1 and value.dtype.kind != "b"
        return f'"{" ".join(words)}"' if plain else f"[{', '.join(words)}]"
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int | float):
        return repr(value)
    return _json(value)


def _json(value) -> str:
    try:
        return quote(_JSON + json.dumps(value, default=_plain))
    except (TypeError, ValueError) as error:
        raise TypeError(f"expected text, numbers, or lists or dicts of these, got {error}") from error


def _plain(value):
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(type(value).__name__)
