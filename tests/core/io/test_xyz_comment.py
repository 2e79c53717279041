"""The grammar of comment lines: keys, values, and time in proportion to the length."""

import time

import numpy as np
import pytest
from ase.io.extxyz import key_val_str_to_dict

from quests_core.io.xyz_comment import UnclosedError, parse
from quests_core.io.xyz_values import decode, format_value, number, quote


def values(comment):
    return {item.key: item.value for item in parse(comment)}


def plain(value):
    """Return lists in place of arrays, so that values compare."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("", {}),
        (" \t ", {}),
        ("a=1 b=-2.5 c=T d=liquid", {"a": 1, "b": -2.5, "c": True, "d": "liquid"}),
        # Empty values take nothing from what follows.
        ("note= energy=-3.9", {"note": "", "energy": -3.9}),
        ('note="" energy=-3.9', {"note": "", "energy": -3.9}),
        ("note='' energy=-3.9", {"note": "", "energy": -3.9}),
        ("note={} energy=-3.9", {"note": "", "energy": -3.9}),
        ("note= energy = -3.9 other=", {"note": "", "energy": -3.9, "other": ""}),
        ('note= "a key"=3', {"note": "", "a key": 3}),
        # Blanks around the equals sign.
        ("a = 1 b= 2 c =3 d\t=\t4", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ('Lattice = " 5.0 0 1 "', {"Lattice": [5.0, 0.0, 1.0]}),
        # What stands in quotes or brackets is no key.
        ('d="slab, pbc=xy only; E=1" e=2', {"d": "slab, pbc=xy only; E=1", "e": 2}),
        ("d={a=1 b=2} e=2", {"d": "a=1 b=2", "e": 2}),
        ("d='say \"x\"' e=2", {"d": 'say "x"', "e": 2}),
        (r'd="say \"x\"" e=2', {"d": 'say "x"', "e": 2}),
        (r'd="a\\b" e="a\nb"', {"d": "a\\b", "e": "a\nb"}),
        # In a word they are characters like others.
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
        # Numbers and what is none.
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
def test_what_is_not_closed_is_refused(comment):
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
def test_time_is_in_proportion_to_the_length(kind):
    """Eight times the length takes less than twenty-four times as long; quadratic time would take 64."""
    short, long = hostile(kind, 10_000), hostile(kind, 80_000)
    # Below a millisecond, the clock decides.
    assert min(seconds(long) for _ in range(2)) < 24 * max(min(seconds(short) for _ in range(2)), 1e-3)


WRITTEN = [
    "", "a", "a b", "it's", 'say "x"', "a=b", "[1, 2]", "{x}", "back\\slash", "C:\\new", "two\nlines",
    "a\r\nb",     "1", "1 2", "T", "T F", "1.5D+01", "_JSON 1", "_JSON", "None", "nan", "ü é", "\t",
    "a\u200bb", "\x07", " a ", ",", "\\", "\\n", '"',
    None, True, False, 0, -7, 2**40, 10**30, 0.1, -1 / 3, 1e-300, float("inf"), [], [1, 2, 3], ["a b", "c"],
    {"a": [1, None, "x"]}, [[1], [2, 3]], [True, False],
]  # fmt: skip


@pytest.mark.parametrize("value", WRITTEN, ids=repr)
def test_what_is_written_is_read(value):
    (item,) = parse(f"key={format_value(value)}")
    found = plain(item.value)
    assert found == value
    assert type(found) is type(value)
    # Also in front of others, which stay as they are.
    assert values(f"key={format_value(value)} energy=-1.5")["energy"] == -1.5
    if value == [[1], [2, 3]]:
        return  # ASE refuses rows of different lengths
    by_ase = key_val_str_to_dict(f"key={format_value(value)} energy=-1.5")
    assert by_ase["energy"] == -1.5
    assert plain(by_ase["key"]) == (pytest.approx(value) if value == 10**30 else value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(2), np.array([5]), np.array([0.1]), np.array([True]), np.array([True, False]), np.eye(3),
        np.arange(6.0), np.array([1.0, 2.0]), np.array([np.inf, -1 / 3]), np.ones((2, 2, 2), dtype=bool),
        np.array([2**62, 1]), np.float32([0.1, 0.2]), np.uint8([1, 2]),
    ],
    ids=repr,
)  # fmt: skip
def test_arrays_written_are_read(array):
    found = values(f"key={format_value(array)}")["key"]
    assert isinstance(found, np.ndarray)
    assert found.shape == array.shape
    assert found.dtype.kind == {"u": "i"}.get(array.dtype.kind, array.dtype.kind)
    np.testing.assert_array_equal(found, array)


def test_what_cannot_be_written_is_refused():
    for value in (object(), {1, 2}, [np.arange(2), object()], 1j):
        with pytest.raises(TypeError, match="expected text, numbers, or lists or dicts of these"):
            format_value(value)


def test_parts():
    assert [number(text) for text in ("-1", "+.5e3", "1d+2", "", ".", "٣", "9" * 401)] == [
        -1, 500.0, 100.0, None, None, None, None,
    ]  # fmt: skip
    assert decode("a,b") == "a,b"
    assert [quote(text) for text in ("", "a", "a b", '"')] == ['""', "a", '"a b"', '"\\""']
