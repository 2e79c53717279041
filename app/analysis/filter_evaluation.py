"""Evaluate a filter expression for all frames at once, column by column.

A comparison with a missing value is unknown, and so is its negation: a frame matches only if the values
that decide the expression are present.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .filter_syntax import COMPARISONS, ExpressionError, Node, parse

NUMBER, TEXT, TRUTH, SET = "a number", "a text", "a condition", "a set"
_COMPARE: dict[str, Callable] = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater,
    ">=": np.greater_equal,
}  # fmt: skip
_CALCULATE: dict[str, Callable] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "min": np.minimum, "max": np.maximum,
    "negative": np.negative, "positive": np.positive, "abs": np.abs,
}  # fmt: skip
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
FUNCTIONS = ("abs", "min", "max", "contains", "startswith", "endswith", "missing")


# Every part of an expression is evaluated for all rows, on the event loop.
_MAX_VALUES, _MIN_PARTS = 20_000_000, 20


class Members:
    """A column of sets, such as the elements of each frame.

    Parameters
    ----------
    has : mapping of str to ndarray of bool
        For each possible member, whether it is in the set of each row.
    """

    def __init__(self, has: Mapping[str, np.ndarray]):
        self.has = dict(has)


@dataclass(frozen=True)
class _Values:
    """One value per row, or one for all rows; error messages show `name`."""

    kind: str
    data: np.ndarray
    known: np.ndarray
    name: str


@dataclass(frozen=True)
class _Sets:
    """One set per row, always known; error messages show `name`."""

    members: Members
    name: str
    kind: str = SET
    known: np.ndarray = field(default_factory=lambda: np.array(True))


def matches(text: str, columns: Mapping[str, object], n_rows: int) -> np.ndarray:
    """Return whether an expression is true of each row.

    Parameters
    ----------
    text : str
        See `quests_app.analysis.filter_syntax`.
    columns : mapping of str to ndarray or Members
        Numbers (NaN: missing), bools, or an object array of str or bool (None: missing).
    n_rows : int
        Length of the columns.

    Returns
    -------
    ndarray of bool, shape (n_rows,)

    Raises
    ------
    ExpressionError
        If the expression is invalid; the message gives the position and the reason.

    Examples
    --------
    >>> columns = {"label": np.array(["bulk", "slab"], dtype=object), "force": np.array([1.0, 30.0])}
    >>> matches('label == "slab" and force > 20', columns, 2).tolist()
    [False, True]
    """
    node = parse(text)
    limit = max(_MIN_PARTS, _MAX_VALUES // max(1, n_rows))
    if (n_parts := _n_nodes(node)) > limit:
        raise ExpressionError(f"expected at most {limit:,} parts for {n_rows:,} rows, got {n_parts:,}", 0)
    values = _Evaluation(columns).truth(node)
    return np.broadcast_to(values.data & values.known, (n_rows,)).copy()


def _n_nodes(node: Node) -> int:
    return 1 + sum(map(_n_nodes, node.parts))


def _known(*values: _Values) -> np.ndarray:
    known = values[0].known
    for other in values[1:]:
        known = known & other.known
    return known


class _Evaluation:
    def __init__(self, columns: Mapping[str, object]):
        self._columns = columns

    def truth(self, node: Node) -> _Values:
        return self._of_kind(node, TRUTH)

    def _of_kind(self, node: Node, kind: str) -> _Values:
        values = self._values(node)
        if isinstance(values, _Sets) or values.kind != kind:
            raise _unexpected(values, kind, node)
        return values

    def _values(self, node: Node) -> _Values | _Sets:
        kind = node.kind
        if kind in ("number", "text"):
            return _constant(node)
        if kind == "name":
            return self._column(node)
        if kind in COMPARISONS:
            return self._comparison(node)
        if kind in ("and", "or"):
            return self._joined(node)
        if kind == "not":
            values = self.truth(node.parts[0])
            return _Values(TRUTH, ~values.data, values.known, "“not …”")
        if kind == "in":
            return self._membership(node)
        if kind == "call":
            return self._call(node)
        if kind == "chain":
            return self._chain(node)
        return _calculated(kind, self._of_kind(node.parts[0], NUMBER))

    def _column(self, node: Node) -> _Values | _Sets:
        name = str(node.value)
        if name not in self._columns:
            if name.lower() in ("true", "false"):
                return _Values(TRUTH, np.array(name.lower() == "true"), np.array(True), name)
            near = difflib.get_close_matches(name, list(self._columns), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ExpressionError(f"expected the name of a column, got “{name[:40]}”{hint}", node.position)
        return _column(name, self._columns[name])

    def _joined(self, node: Node) -> _Values:
        """Return "and" or "or" in three-valued logic: true, false, and unknown."""
        is_and = node.kind == "and"
        decided, known = np.array(False), np.array(True)
        for part in node.parts:
            values = self.truth(part)
            # One false decides an "and", one true an "or", even if others are unknown.
            decided = decided | (values.known & (values.data != is_and))
            known = known & values.known
        return _Values(TRUTH, ~decided if is_and else decided, known | decided, f"“{node.kind}”")

    def _comparison(self, node: Node) -> _Values:
        left, right = (self._values(part) for part in node.parts)
        _check_same_kind(left, right, node)
        if isinstance(left, _Sets) or isinstance(right, _Sets):
            raise _no_comparison(left, node)
        if left.kind == TRUTH and node.kind not in ("==", "!="):
            raise ExpressionError(f"expected “==” or “!=” for {left.name}", node.position)
        data = np.asarray(_COMPARE[node.kind](left.data, right.data), dtype=bool)
        return _Values(TRUTH, data, _known(left, right), "a comparison")

    def _membership(self, node: Node) -> _Values:
        left, container = self._values(node.parts[0]), node.parts[1]
        if container.kind == "list":
            found = np.array(False)
            for part in container.parts:
                other = self._values(part)
                _check_same_kind(left, other, part)
                if isinstance(left, _Sets) or isinstance(other, _Sets):
                    raise _no_comparison(left, part)
                found = found | (other.known & np.asarray(left.data == other.data, dtype=bool))
            return _Values(TRUTH, found, left.known, "“in”")
        right = self._values(container)
        if not isinstance(right, _Sets):
            raise _unexpected(right, SET, container)
        if node.parts[0].kind != "text":
            raise ExpressionError(
                f"expected a quoted string before “in {right.name}”", node.parts[0].position
            )
        has = right.members.has.get(str(node.parts[0].value), np.array(False))
        return _Values(TRUTH, has, np.array(True), "“in”")

    def _call(self, node: Node) -> _Values:
        name, n_parts = str(node.value), len(node.parts)
        if name not in FUNCTIONS:
            raise ExpressionError(
                f"expected one of the functions {', '.join(FUNCTIONS)}, got “{name[:40]}”", node.position
            )
        expected = 1 if name in ("abs", "missing") else 2
        if n_parts != expected:
            raise ExpressionError(f"expected {expected} values in {name}(…), got {n_parts}", node.position)
        if name == "missing":
            values = self._values(node.parts[0])
            return _Values(TRUTH, ~values.known, np.array(True), "missing(…)")
        if name not in _TEXT_TESTS:
            return _calculated(name, *(self._of_kind(part, NUMBER) for part in node.parts))
        text, part = (self._of_kind(p, TEXT) for p in node.parts)
        test = np.frompyfunc(_TEXT_TESTS[name], 2, 1)
        data = np.asarray(test(text.data, part.data), dtype=bool)
        return _Values(TRUTH, data, _known(text, part), f"{name}(…)")

    def _chain(self, node: Node) -> _Values:
        result = self._of_kind(node.parts[0], NUMBER)
        for symbol, part in zip(str(node.value), node.parts[1:], strict=True):
            result = _calculated(symbol, result, self._of_kind(part, NUMBER))
        return result


def _calculated(operation: str, *operands: _Values) -> _Values:
    with np.errstate(all="ignore"):
        data = np.asarray(_CALCULATE[operation](*(values.data for values in operands)), dtype=float)
        if operation == "/":
            data = np.where(operands[1].data == 0, np.nan, data)
    return _Values(NUMBER, data, ~np.isnan(data), "a calculated value")


def _constant(node: Node) -> _Values:
    if node.kind == "number":
        return _Values(NUMBER, np.array(node.value, dtype=float), np.array(True), f"{node.value:g}")
    text = np.array(None, dtype=object)
    text[()] = node.value
    return _Values(TEXT, text, np.array(True), f"“{str(node.value)[:40]}”")


def _column(name: str, data) -> _Values | _Sets:
    if isinstance(data, Members):
        return _Sets(data, name)
    data = np.asarray(data)
    if data.dtype == bool:
        return _Values(TRUTH, data, np.ones(len(data), dtype=bool), name)
    if data.dtype.kind in "iuf":
        data = data.astype(float)
        return _Values(NUMBER, data, ~np.isnan(data), name)
    known = np.array([value is not None for value in data], dtype=bool)
    if known.any() and all(isinstance(value, bool | np.bool_) for value in data[known]):
        return _Values(TRUTH, np.where(known, data, False).astype(bool), known, name)
    texts = data.astype(object)
    texts[~known] = ""
    return _Values(TEXT, texts, known, name)


def _noun(kind: str) -> str:
    """Return a kind without its article."""
    return kind.removeprefix("a ")


def _unexpected(values: _Values | _Sets, kind: str, node: Node) -> ExpressionError:
    return ExpressionError(f"expected {kind}, but {values.name} is {values.kind}", node.position)


def _no_comparison(sets: _Values | _Sets, node: Node) -> ExpressionError:
    return ExpressionError(
        f'expected “in” to test what {sets.name} contains, as in "C" in {sets.name}', node.position
    )


def _check_same_kind(left: _Values | _Sets, right: _Values | _Sets, node: Node) -> None:
    if left.kind != right.kind:
        raise ExpressionError(
            f"cannot compare {left.name} ({_noun(left.kind)}) with {_noun(right.kind)}",
            node.position,
        )
