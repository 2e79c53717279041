"""Filter expressions, compared with Python on trusted input; their errors; random text."""

import random

import numpy as np
import pytest

from quests_app.analysis.filter_evaluation import Members, matches
from quests_app.analysis.filter_syntax import MAX_DEPTH, MAX_LENGTH, ExpressionError, parse

N = 60
NUMBERS = ("rank", "max_force", "energy")
TEXTS = ("label", "formula")


@pytest.fixture
def columns(rng):
    labels = ["liquid", "bulk", "surface", "slab"]
    carbon = rng.random(N) < 0.5
    return {
        "rank": np.arange(N),
        "max_force": rng.normal(size=N).round(1),
        "energy": rng.integers(-3, 4, size=N).astype(float),
        "label": np.array([labels[i] for i in rng.integers(4, size=N)], dtype=object),
        "formula": np.array([labels[i] for i in rng.integers(4, size=N)], dtype=object),
        "has_forces": rng.random(N) < 0.5,
        "elements": Members({"C": carbon, "H": ~carbon}),
    }


def number(choice, depth):
    kind = choice.randrange(6 if depth else 2)
    if kind == 0:
        return choice.choice(NUMBERS)
    if kind == 1:
        return choice.choice(["0", "1", "2.5", ".5", "1e1", "30"])
    if kind == 2:
        return f"-{number(choice, depth - 1)}"
    if kind == 3:
        return f"({number(choice, depth - 1)})"
    if kind == 4:
        return f"max({number(choice, depth - 1)}, abs({number(choice, depth - 1)}))"
    return f"{number(choice, depth - 1)} {choice.choice('+-*')} {number(choice, depth - 1)}"


def text(choice):
    return choice.choice([*TEXTS, '"bulk"', "'slab'", '""', '"liq"'])


def condition(choice, depth):
    """Return a random condition that means the same in Python."""
    compare = choice.choice(["==", "!=", "<", "<=", ">", ">="])
    kind = choice.randrange(9 if depth else 5)
    if kind == 0:
        return f"{number(choice, 2)} {compare} {number(choice, 2)}"
    if kind == 1:
        return f"{text(choice)} {compare} {text(choice)}"
    if kind == 2:
        return f'{choice.choice(TEXTS)} {choice.choice(["in", "not in"])} ("bulk", "slab",)'
    if kind == 3:
        return choice.choice(["has_forces", '"C" in elements', "rank in [1, 2, 3]"])
    if kind == 4:
        return f"{number(choice, 1)} {compare} {number(choice, 1)} < {number(choice, 1)}"
    if kind == 5:
        return f"not {condition(choice, depth - 1)}"
    if kind == 6:
        return f"({condition(choice, depth - 1)})"
    return f"{condition(choice, depth - 1)} {choice.choice(['and', 'or'])} {condition(choice, depth - 1)}"


def slow(expression, columns):
    """Return the result of Python's interpreter, row by row."""
    code = compile(expression, "<trusted>", "eval")
    names = [name for name in columns if name != "elements"]
    found = []
    for row in range(N):
        values = {name: columns[name][row] for name in names}
        values["elements"] = {e for e, has in columns["elements"].has.items() if has[row]}
        found.append(bool(eval(code, {"max": max, "abs": abs, "__builtins__": {}}, values)))
    return found


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_random_expressions_agree_with_python(columns):
    choice = random.Random(1)
    both = {True: 0, False: 0}
    for _ in range(600):
        expression = condition(choice, 4)
        found = matches(expression, columns, N)
        assert found.tolist() == slow(expression, columns), expression
        for value in found:
            both[bool(value)] += 1
    assert min(both.values()) > 5000


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("startswith(label, 'li') or endswith(label, 'face')", "label in ('liquid', 'surface')"),
        ('contains(label, "l")', "label != 'surface'"),
        ("has_forces == true", "has_forces"),
        ("has_forces != True", "not has_forces"),
        ("rank / 2 < 3", "rank < 6"),
        ("`rank` < 3", "rank < 3"),
        ("not missing(rank)", "true"),
        ("rank - 2 - 1 == 0", "rank == 3"),
        ("60 / 2 / 3 == rank", "rank == 10"),
    ],
)
def test_differences_from_python(columns, expression, same):
    found = matches(expression, columns, N)
    assert found.any()
    np.testing.assert_array_equal(found, matches(same, columns, N))


def test_missing_values_never_match():
    columns = {
        "energy": np.array([1.0, np.nan, -1.0]),
        "tag": np.array(["a", None, "b"], dtype=object),
        "ok": np.array([True, None, False], dtype=object),
        "rank": np.arange(3.0),
    }

    def found(expression):
        return np.flatnonzero(matches(expression, columns, 3)).tolist()

    for expression in [
        "energy > 0", "energy <= 0", "energy != 5", "energy == energy", "energy in (1, -1)", "tag == 'a'",
        "tag != 'a'", "tag in ('', 'a')", "tag not in ('q',)", "contains(tag, '')", "ok", "not ok",
        "ok == ok", "energy + 1 > 0", "1 / energy < 9", "abs(energy) >= 0",
    ]:  # fmt: skip
        assert 1 not in found(expression), expression
        assert 1 not in found(f"not ({expression})"), expression
        assert sorted(found(expression) + found(f"not ({expression})")) == [0, 2], expression
    assert found("missing(energy) and missing(tag) and missing(ok)") == [1]
    assert found("energy > 0 or rank == 1") == [0, 1]
    assert found("not (energy > 0 and rank == 0)") == [1, 2]
    assert found("1 / rank < 9") == [1, 2]
    assert found("not 1 / rank < 9") == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "expected a name, a number or a quoted string, got the end at character 1"),
        ("rank >", "expected a name, a number or a quoted string, got the end at character 7"),
        ("rank > 2 and", "got the end at character 13"),
        ("rank = 2", "expected “==” instead of “=” at character 6"),
        ("rank > 2 & rank < 5", "expected “and” instead of “&” at character 10"),
        ("rank > 2 rank", "expected “and”, “or” or a comparison, got “rank” at character 10"),
        ("rank", "expected a condition, but rank is a number at character 1"),
        ("label", "expected a condition, but label is a text at character 1"),
        ("rank > 2 and label", "expected a condition, but label is a text at character 14"),
        ("label == 2", "cannot compare label (text) with number at character 7"),
        ("max_force > 'a'", "cannot compare max_force (number) with text at character 11"),
        ("label in (1, 'a')", "cannot compare label (text) with number at character 11"),
        ("label in 'bulk'", "expected a list in parentheses after “in”, got “'bulk'” at character 10"),
        ("label in rank", "expected a set, but rank is a number at character 10"),
        ("label in elements", "expected a quoted string before “in elements” at character 1"),
        ("elements == 'C'", "cannot compare elements (set) with text"),
        ("elements == elements", 'expected “in” to test what elements contains, as in "C" in elements'),
        ("elements in (elements)", 'expected “in” to test what elements contains, as in "C" in elements'),
        ("label + 1 > 2", "expected a number, but label is a text at character 1"),
        ("-label == 'a'", "expected a number, but label is a text at character 2"),
        ("has_forces < has_forces", "expected “==” or “!=” for has_forces at character 12"),
        ("maxforce > 2", "got “maxforce”; did you mean max_force? at character 1"),
        ("label == 'bulk", "expected a closing ' at character 10"),
        ("(rank > 2", "expected “)” or an operator, got the end at character 10"),
        ("rank in (1, 2", "expected “)” or “,” in the list, got the end at character 14"),
        ("exec('x')", "expected one of the functions abs, min,"),
        ("abs(1, 2) > 1", "expected 1 values in abs(…), got 2 at character 1"),
        ("rank.__class__", "expected a number at character 5"),
        ("__import__('os') == 1", "expected one of the functions"),
        ("2x > 1", "expected a number at character 1"),
        ("rank > 2 ; 1", "expected a name, a number or an operator, got “;” at character 10"),
        ("rank not 2", "expected “in” after “not”, got “2” at character 10"),
    ],
)  # fmt: skip
def test_errors_name_position_and_reason(columns, expression, message):
    with pytest.raises(ExpressionError) as caught:
        matches(expression, columns, N)
    assert message in str(caught.value)


def test_long_and_deep_expressions_are_refused(columns):
    for expression in ("(" * 500 + "rank > 1" + ")" * 500, "not " * 400 + "has_forces", "-" * 900 + "1 > 2"):
        with pytest.raises(ExpressionError, match=f"at most {MAX_DEPTH} levels"):
            matches(expression, columns, N)
    with pytest.raises(ExpressionError, match=f"at most {MAX_LENGTH:,} characters"):
        matches("rank > 1 or " * 900 + "rank > 1", columns, N)
    wide = " or ".join(["rank > 1"] * 150)
    assert matches(wide, columns, N).sum() == N - 2
    assert matches("+".join(["rank"] * 250) + " > 1", columns, N).sum() == N - 1


def test_random_text_raises_no_other_error(columns):
    choice = random.Random(2)
    words = [
        *columns, "and", "or", "not", "in", "==", "<", "(", ")", "[", "]", ",", "+", "-", "*", "/", "1",
        "2.5", "'a'", '"b"', "'", '"', "`", "é", "σ", "\x00", "🙂", ".", "=", "#", "abs(", "missing(",
        "contains(", "1e999", "\\", "\n", "C", "true", "lambda", "__class__", "eval(", "{}", "%s",
    ]  # fmt: skip
    valid, positions = [], []
    for _ in range(10000):
        joint = choice.choice(["", " "])
        expression = joint.join(choice.choices(words, k=choice.randrange(9)))
        try:
            found = matches(expression, columns, N)
        except ExpressionError as error:
            positions.append((error.position, len(expression)))
        else:
            valid.append(found.shape)
    assert len(valid) > 20
    assert set(valid) == {(N,)}
    assert all(0 <= position <= length for position, length in positions)


def test_random_characters_raise_no_other_error(columns):
    choice = random.Random(3)
    for _ in range(3000):
        length, highest = choice.randrange(20), choice.choice([128, 0x3000])
        expression = "".join(chr(choice.randrange(highest)) for _ in range(length))
        with pytest.raises(ExpressionError):
            matches(expression, columns, N)


def test_operators_bind_as_in_python():
    tree = parse("not a == 1 or b + 2 * 3 < 4 and c")
    assert tree.kind == "or"
    negation, conjunction = tree.parts
    assert (negation.kind, negation.parts[0].kind) == ("not", "==")
    assert conjunction.kind == "and"
    total = conjunction.parts[0].parts[0]
    assert (total.kind, total.value, total.parts[1].value) == ("chain", "+", "*")
