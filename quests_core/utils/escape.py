"""Escape text from files for output formats that would interpret it.

HTML, shells, Python and JSON have `html.escape`, `shlex.join`, `repr` and `json.dumps`; the functions of this
module cover terminals, Bokeh and CSV.
"""

import re

import pandas as pd

# Control characters, line separators, direction marks, and unpaired surrogates, which cannot be encoded.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_FORMULA = re.compile(r"(^|[;\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?", re.ASCII)
_TEX = re.compile(r"(?<=\$)(?=\$)|(?<=\\)(?=[\[\](){}])")


def one_line(text: object) -> str:
    r"""Return text as one line for a terminal or a log, with control characters escaped.

    Examples
    --------
    >>> print(one_line("a\x1b[31m\nb"))
    a\x1b[31m\nb
    """
    return _CONTROL.sub(_escaped, str(text))


def terminal(text: object) -> str:
    """Return text for a terminal, with control characters escaped except line feeds; see `one_line`."""
    return "\n".join(map(one_line, str(text).split("\n")))


def bokeh(text: object) -> str:
    r"""Return text for Bokeh's titles and axis labels that is not taken for TeX, for which it loads MathJax.

    A zero-width space is inserted into the delimiters ``$$``, ``\[`` and ``\(``.
    """
    return _TEX.sub("\u200b", terminal(text))


def csv_cell(value: object) -> object:
    """Return a CSV cell that a spreadsheet does not evaluate; numbers are unchanged, even as text.

    An apostrophe is inserted before ``=``, ``+``, ``-`` and ``@`` at the start of a text, and after a
    semicolon or a line feed. Control characters, including tabs and carriage returns, are escaped.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("-1.5"), csv_cell(-1.5), csv_cell("a-b")
    ("'=1+1", '-1.5', -1.5, 'a-b')
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return _FORMULA.sub(r"\1'", terminal(value))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8, with numbers in full precision and text escaped by `csv_cell`."""
    table = table.copy()
    for i, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            cells = [csv_cell(value) for value in table.iloc[:, i]]
            table.isetitem(i, pd.Series(cells, dtype=object).to_numpy())
    table.columns = [csv_cell(name) for name in table.columns]
    return table.to_csv(index=False, lineterminator="\n").encode()


def _escaped(match: re.Match) -> str:
    return match[0].encode("unicode_escape").decode()
