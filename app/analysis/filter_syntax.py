"""Parse filter expressions into a tree; errors name the character.

::

    condition  = conjunction ("or" conjunction)*
    conjunction = negation ("and" negation)*
    negation   = "not" negation | comparison
    comparison = sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)*
               | sum ["not"] "in" (list | name)
    list       = ("(" | "[") sum ("," sum)* [","] (")" | "]")
    sum        = product (("+" | "-") product)*
    product    = factor (("*" | "/") factor)*
    factor     = ("-" | "+") factor | atom
    atom       = number | string | name | name "(" sum ("," sum)* ")" | "(" condition ")"

No part of an expression reaches Python's own interpreter. `filter_evaluation` evaluates the tree.
"""

import re
from dataclasses import dataclass

MAX_LENGTH = 2000
MAX_DEPTH = 25
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_KEYWORDS = ("and", "or", "not", "in")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)(?![A-Za-z0-9_.])
    |(?P<string>"[^"]*"|'[^']*')
    |(?P<name>[^\W\d]\w*|`[^`]+`)
    |(?P<symbol>==|!=|<=|>=|[<>()\[\],+\-*/])""",
    re.VERBOSE,
)
_INSTEAD = {"=": "==", "&": "and", "|": "or", "!": "not", "~": "not"}


class ExpressionError(ValueError):
    """An invalid expression; the message gives the position and the reason.

    Parameters
    ----------
    message : str
        What was expected.
    position : int
        Index of the offending character; the message counts from 1.
    """

    def __init__(self, message: str, position: int):
        super().__init__(f"{message} at character {position + 1}")
        self.position = position


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    Attributes
    ----------
    kind : str
        "number", "text", "name", "call", "list", "negative", "positive", "chain" (a sum or a product), a
        comparison operator, "in", "not", "and" or "or".
    value : float or str
        The number or text; the name of a column or function; the operators between the parts of a chain.
    parts : tuple of Node
        Its operands.
    position : int
        Index of its character in the expression.
    """

    kind: str
    value: float | str = ""
    parts: tuple["Node", ...] = ()
    position: int = 0


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"“{self.text[:40]}”"


def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises
    ------
    ExpressionError
        If it does not follow the grammar, is too long or nested too deeply.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"expected at most {MAX_LENGTH:,} characters, got {len(text):,}", MAX_LENGTH)
    return _Parser(_tokens(text)).expression()


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ExpressionError(_not_a_token(text, position), position)
        kind, word = match.lastgroup, match.group()
        if kind == "name" and word in _KEYWORDS:
            kind = "symbol"
        if kind != "space":
            found.append(_Token(kind, word, position))
        position = match.end()
    return [*found, _Token("end", "", len(text))]


def _not_a_token(text: str, position: int) -> str:
    character = text[position]
    if character in "\"'`":
        return f"expected a closing {character}"
    if character.isdigit() or character == ".":
        return "expected a number"
    if character in _INSTEAD:
        return f"expected “{_INSTEAD[character]}” instead of “{character}”"
    return f"expected a name, a number or an operator, got “{character}”"


class _Parser:
    """Recursive-descent parser with one method per rule of the grammar."""

    def __init__(self, tokens: list[_Token]):
        self._tokens, self._next, self._depth = tokens, 0, 0

    def expression(self) -> Node:
        node = self._condition()
        if self._token.kind != "end":
            raise ExpressionError(f"expected “and”, “or” or a comparison, got {self._token}", self._here)
        return node

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    @property
    def _here(self) -> int:
        return self._token.position

    def _take(self, *symbols: str) -> str:
        """Consume one of `symbols` and return it, or return "" if the next token is another."""
        token = self._token
        if token.kind != "symbol" or token.text not in symbols:
            return ""
        self._next += 1
        return token.text

    def _need(self, symbol: str, where: str) -> None:
        if not self._take(symbol):
            raise ExpressionError(f"expected “{symbol}” {where}, got {self._token}", self._here)

    def _deeper(self, rule) -> Node:
        """Apply a rule one level deeper, limited in depth to protect the stack."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"expected at most {MAX_DEPTH} levels", self._here)
        node = rule()
        self._depth -= 1
        return node

    def _chain(self, rule, *symbols: str) -> Node:
        """Return any number of parts joined by operators of equal precedence, in one node."""
        position, parts, symbols_found = self._here, [rule()], ""
        while symbol := self._take(*symbols):
            symbols_found += symbol
            parts.append(rule())
        if not symbols_found:
            return parts[0]
        return Node("chain", symbols_found, tuple(parts), position)

    def _many(self, rule, symbol: str) -> Node:
        """Return any number of parts joined by one operator, in one node."""
        position, parts = self._here, [rule()]
        while self._take(symbol):
            parts.append(rule())
        return parts[0] if len(parts) == 1 else Node(symbol, parts=tuple(parts), position=position)

    def _condition(self) -> Node:
        return self._many(lambda: self._many(self._negation, "and"), "or")

    def _negation(self) -> Node:
        position = self._here
        if self._take("not"):
            return Node("not", parts=(self._deeper(self._negation),), position=position)
        return self._comparison()

    def _comparison(self) -> Node:
        left, found = self._sum(), []
        while True:
            position = self._here
            symbol = self._take(*COMPARISONS)
            if not symbol:
                break
            right = self._sum()
            found.append(Node(symbol, parts=(left, right), position=position))
            left = right
        if not found:
            return self._membership(left)
        # As in Python, a < b < c means a < b and b < c.
        return found[0] if len(found) == 1 else Node("and", parts=tuple(found), position=found[0].position)

    def _membership(self, left: Node) -> Node:
        position, negated = self._here, bool(self._take("not"))
        if negated:
            self._need("in", "after “not”")
        elif not self._take("in"):
            return left
        node = Node("in", parts=(left, self._container()), position=position)
        return Node("not", parts=(node,), position=position) if negated else node

    def _container(self) -> Node:
        position, opening, token = self._here, self._take("(", "["), self._token
        if opening:
            closing = ")" if opening == "(" else "]"
            return Node("list", parts=self._parts_until(closing, "the list"), position=position)
        if token.kind == "name":
            return self._atom()
        raise ExpressionError(f"expected a list in parentheses after “in”, got {token}", position)

    def _parts_until(self, closing: str, what: str) -> tuple[Node, ...]:
        parts = [self._deeper(self._sum)]
        while self._take(","):
            if self._token.text == closing and self._token.kind == "symbol":
                break
            parts.append(self._deeper(self._sum))
        self._need(closing, f"or “,” in {what}")
        return tuple(parts)

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._factor, "*", "/")

    def _factor(self) -> Node:
        position, sign = self._here, self._take("-", "+")
        if not sign:
            return self._atom()
        node = self._deeper(self._factor)
        return Node("negative" if sign == "-" else "positive", parts=(node,), position=position)

    def _atom(self) -> Node:
        token, position = self._token, self._here
        if self._take("("):
            node = self._deeper(self._condition)
            self._need(")", "or an operator")
            return node
        if token.kind not in ("number", "string", "name"):
            raise ExpressionError(f"expected a name, a number or a quoted string, got {token}", position)
        self._next += 1
        if token.kind == "number":
            return Node("number", float(token.text), position=position)
        if token.kind == "string":
            return Node("text", token.text[1:-1], position=position)
        name = token.text.strip("`")
        if self._take("("):
            return Node("call", name, self._parts_until(")", f"{name}(…)"), position)
        return Node("name", name, position=position)
