"""Text from files on its way to whatever would interpret it: one function for each interpreter.

HTML has `html.escape`, a shell `shlex.join`, Python `repr`, JSON `json.dumps`; this is for the others.
"""

import re

import pandas as pd

# Control characters, separators of lines, what turns the direction of text, and halves of characters, which
# no file and no terminal takes.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_FORMULA = re.compile(r"(^|[;\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?", re.ASCII)
_TEX = re.compile(r"(?<=\$)(?=\$)|(?<=\\)(?=[\[\](){}])")


def one_line(text: object) -> str:
    r"""Return text as one line that no terminal, log or viewer interprets: control characters are escaped.

    Examples
    --------
    >>> print(one_line("a\x1b[31m\nb"))
    a\x1b[31m\nb
    """
    return _CONTROL.sub(_escaped, str(text))


def terminal(text: object) -> str:
    """Return text of several lines for a terminal; see `one_line`."""
    return "\n".join(map(one_line, str(text).split("\n")))


def bokeh(text: object) -> str:
    r"""Return text in which Bokeh sees no TeX, for which it would fetch MathJax: of titles and axes.

    An invisible space parts its delimiters, ``$$``, ``\[`` and ``\(``.
    """
    return _TEX.sub("\u200b", terminal(text))


def csv_cell(value: object) -> object:
    """Return a cell of a table that no spreadsheet takes for a formula; numbers stay, also as text.

    Text that begins, or goes on after a semicolon or a new line, with ``=``, ``+``, ``-`` or ``@`` gets an
    apostrophe before that. Control characters, tabs and carriage returns among them, are escaped.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("-1.5"), csv_cell(-1.5), csv_cell("a-b")
    ("'=1+1", '-1.5', -1.5, 'a-b')
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return _FORMULA.sub(r"\1'", terminal(value))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV, UTF-8, numbers to their last digit, and texts as `csv_cell` has them."""
    table = table.copy()
    for i, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            cells = [csv_cell(value) for value in table.iloc[:, i]]
            table.isetitem(i, pd.Series(cells, dtype=object).to_numpy())
    table.columns = [csv_cell(name) for name in table.columns]
    return table.to_csv(index=False, lineterminator="\n").encode()


def _escaped(match: re.Match) -> str:
    return match[0].encode("unicode_escape").decode()
