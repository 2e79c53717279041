"""Tests of the grammar of comment lines, and of the time to parse them."""

import time

import numpy as np
import pytest

from quests_core.io.xyz_comment import UnclosedError, parse


def values(comment):
    return {item.key: item.value for item in parse(comment)}


def plain(value):
    """Replace arrays by lists, for comparisons."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("", {}),
        (" \t ", {}),
        ("a=1 b=-2.5 c=T d=liquid", {"a": 1, "b": -2.5, "c": True, "d": "liquid"}),
        # Empty values.
        ("note= energy=-3.9", {"note": "", "energy": -3.9}),
        ('note="" energy=-3.9', {"note": "", "energy": -3.9}),
        ("note='' energy=-3.9", {"note": "", "energy": -3.9}),
        ("note={} energy=-3.9", {"note": "", "energy": -3.9}),
        ("note= energy = -3.9 other=", {"note": "", "energy": -3.9, "other": ""}),
        ('note= "a key"=3', {"note": "", "a key": 3}),
        # Blanks around the equals sign.
        ("a = 1 b= 2 c =3 d\t=\t4", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ('Lattice = " 5.0 0 1 "', {"Lattice": [5.0, 0.0, 1.0]}),
        # Text in quotes or brackets is not a key.
        ('d="slab, pbc=xy only; E=1" e=2', {"d": "slab, pbc=xy only; E=1", "e": 2}),
        ("d={a=1 b=2} e=2", {"d": "a=1 b=2", "e": 2}),
        ("d='say \"x\"' e=2", {"d": 'say "x"', "e": 2}),
        (r'd="say \"x\"" e=2', {"d": 'say "x"', "e": 2}),
        (r'd="a\\b" e="a\nb"', {"d": "a\\b", "e": "a\nb"}),
        # Inside a word, they are ordinary characters.
        ("note=don't e=2", {"note": "don't", "e": 2}),
        ("smiles=C[C@H](N)C(=O)O e=2", {"smiles": "C[C@H](N)C(=O)O", "e": 2}),
        ("cell{atomic_unit} e=2", {"cell{atomic_unit}": True, "e": 2}),
        (r"p=C:\new e=2", {"p": r"C:\new", "e": 2}),
        ("url=http://x?a=b e=2", {"url": "http://x?a=b", "e": 2}),
        # Arrays.
        ("a=[1, 2, 3] b=[[1,2],[3,4.5]]", {"a": [1, 2, 3], "b": [[1, 2], [3, 4.5]]}),
        ("a=[ True  True False] b=[T, F]", {"a": [True, True, False], "b": [True, False]}),
        ("a=[5] b={5} c=\"5\" d='5'", {"a": [5], "b": 5, "c": 5, "d": 5}),
        ('a={"a b" "c d"} b={a b}', {"a": ["a b", "c d"], "b": "a b"}),
        ('a=["x", "y"] b=[["x", "y"], ["z", "w"]]', {"a": ["x", "y"], "b": [["x", "y"], ["z", "w"]]}),
        ("a=[[1, 2], [3]] b=2", {"a": "[1, 2], [3]", "b": 2}),
        ('a={"x": 1, "y": {"z": "}"}} b=2', {"a": '"x": 1, "y": {"z": "}"}', "b": 2}),
        ('a="]" b=["]", "["] c=2', {"a": "]", "b": ["]", "["], "c": 2}),
        ('a="T T F" b="1,2,3"', {"a": [True, True, False], "b": [1, 2, 3]}),
        # JSON, as ASE writes it.
        ('a="_JSON [[0.5, 1], [2, 3]]" b="_JSON null"', {"a": [[0.5, 1], [2, 3]], "b": None}),
        ('a="_JSON {\\"x\\": [1, \\"y\\"]}"', {"a": {"x": [1, "y"]}}),
        ('a="_JSON [[1], [2, 3]]" b="_JSON [" c=2', {"a": [[1], [2, 3]], "b": "_JSON [", "c": 2}),
        # Numbers, and text that is not a number.
        ("a=-2.0D+01 b=1d-3 c=2D5 d=1_2 e=None", {"a": -20, "b": 1e-3, "c": "2D5", "d": "1_2", "e": "None"}),
        ("a=123456789012345678901", {"a": 123456789012345678901}),
        ("a=Infinity b=-inf", {"a": np.inf, "b": -np.inf}),
        # Words, and equals signs without a key.
        ("converged e=2 yes", {"converged": True, "e": 2, "yes": True}),
        ("= a= =b", {"=": True, "a": "", "=b": True}),
    ],
)
def test_values(comment, expected):
    found = values(comment)
    assert {key: plain(value) for key, value in found.items()} == expected
    assert list(found) == list(expected)


@pytest.mark.parametrize(
    "comment", ['a="b', "a='b c", "a=[1, 2", "a={b", "a=[[1, 2]", 'a=["b]', '"', 'x"y', 'a="b\\"', "a=[\\"]
)
def test_unclosed_quotes_and_brackets_are_refused(comment):
    with pytest.raises(UnclosedError, match=r"^the (quote|bracket) . in the comment is not closed$"):
        parse(comment)


@pytest.mark.parametrize(
    "comment", ['  a = 1\t note=  b="x y"\'z\' flag [1, 2] c= "q" "k k" = {v}  ', "x= y=", "=", "a==b"]
)
def test_sources_and_blanks_are_the_whole_comment(comment):
    at = 0
    for item in parse(comment):
        assert not comment[at : item.start].strip()
        assert comment[item.start :].startswith(item.source)
        assert item.raw is None or item.source.endswith(item.raw)
        at = item.start + len(item.source)
    assert not comment[at:].strip()


def hostile(kind, n):
    """Return a comment of about n characters."""
    return {
        "keys": lambda: " ".join(f"k{i:06d}=1" for i in range(n // 10)),
        "one key": lambda: "k=1 " * (n // 4),
        "blanks": lambda: "a" + " " * n + "b",
        "blanks after =": lambda: "a=" + " " * n,
        "open braces": lambda: "a={" * (n // 3),
        "open brackets": lambda: "[" * n,
        "deep": lambda: "a=" + "[" * (n // 2) + "]" * (n // 2),
        "deep JSON": lambda: 'a="_JSON ' + "[" * n + '"',
        "open quotes": lambda: '{"' * (n // 2),
        "quotes": lambda: 'a="b" ' * (n // 6),
        "backslashes": lambda: "\\" * n,
        "equals": lambda: "= " * (n // 2),
        "digits": lambda: "a=" + "9" * n,
        "numbers": lambda: 'a="' + "1 " * (n // 2) + '"',
        "texts": lambda: "a={" + '"b" ' * (n // 4) + "}",
    }[kind]()


KINDS = ["keys", "one key", "blanks", "blanks after =", "open braces", "open brackets", "deep", "deep JSON",
         "open quotes", "quotes", "backslashes", "equals", "digits", "numbers", "texts"]  # fmt: skip


def seconds(comment):
    begun = time.process_time()
    try:
        for item in parse(comment):
            assert item.value is not ...
    except UnclosedError:
        pass
    return time.process_time() - begun


@pytest.mark.parametrize("kind", KINDS)
def test_time_is_proportional_to_the_length(kind):
    """Eight times the length takes less than twenty-four times as long; quadratic time would take 64."""
    short, long = hostile(kind, 10_000), hostile(kind, 80_000)
    # Times below a millisecond are dominated by the resolution of the clock.
    assert min(seconds(long) for _ in range(2)) < 24 * max(min(seconds(short) for _ in range(2)), 1e-3)
