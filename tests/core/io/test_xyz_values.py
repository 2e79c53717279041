"""Tests of parsing and formatting values."""

import numpy as np
import pytest
from ase.io.extxyz import key_val_str_to_dict

from quests_core.io.xyz_comment import parse
from quests_core.io.xyz_values import decode, format_value, number, quote


def values(comment):
    return {item.key: item.value for item in parse(comment)}


def plain(value):
    """Replace arrays by lists, for comparisons."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


WRITTEN = [
    "", "a", "a b", "it's", 'say "x"', "a=b", "[1, 2]", "{x}", "back\\slash", "C:\\new", "two\nlines",
    "a\r\nb",     "1", "1 2", "T", "T F", "1.5D+01", "_JSON 1", "_JSON", "None", "nan", "ü é", "\t",
    "a\u200bb", "\x07", " a ", ",", "\\", "\\n", '"',
    None, True, False, 0, -7, 2**40, 10**30, 0.1, -1 / 3, 1e-300, float("inf"), [], [1, 2, 3], ["a b", "c"],
    {"a": [1, None, "x"]}, [[1], [2, 3]], [True, False],
]  # fmt: skip


@pytest.mark.parametrize("value", WRITTEN, ids=repr)
def test_formatted_values_are_read_back(value):
    (item,) = parse(f"key={format_value(value)}")
    found = plain(item.value)
    assert found == value
    assert type(found) is type(value)
    # Also before other items, which are unchanged.
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
def test_formatted_arrays_are_read_back(array):
    found = values(f"key={format_value(array)}")["key"]
    assert isinstance(found, np.ndarray)
    assert found.shape == array.shape
    assert found.dtype.kind == {"u": "i"}.get(array.dtype.kind, array.dtype.kind)
    np.testing.assert_array_equal(found, array)


def test_values_that_cannot_be_formatted_are_refused():
    for value in (object(), {1, 2}, [np.arange(2), object()], 1j):
        with pytest.raises(TypeError, match="expected text, numbers, or lists or dicts of these"):
            format_value(value)


def test_scalars_and_quotes():
    assert [number(text) for text in ("-1", "+.5e3", "1d+2", "", ".", "٣", "9" * 401)] == [
        -1, 500.0, 100.0, None, None, None, None,
    ]  # fmt: skip
    assert decode("a,b") == "a,b"
    assert [quote(text) for text in ("", "a", "a b", '"')] == ['""', "a", '"a b"', '"\\""']
