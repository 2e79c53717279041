"""Comment lines of a corpus, compared with ASE; docs/extxyz.md lists the differences."""

import re
from pathlib import Path

import numpy as np
import pytest
from ase.io.extxyz import key_val_str_to_dict

from quests_core.io.xyz_comment import UnclosedError, parse

PAGE = Path(__file__).resolve().parents[3] / "docs" / "extxyz.md"
KEYS = ("a", "energy_", "k-1", "Weight", "REF_x", '"a key"')
SAME = (
    "1", "-2.5", "1e-3", "+3", "T", "False", "text", "a-b", "1,2,3", '"1 2 3"', '"a b"', "'a b'", "{1 2 3}",
    "{a b}", '"T T F"', "007", ".5", "nan", "-inf", "x=y", '"a=b"', '"say \\"x\\""', "None",
    "H2O", '"a\\\\b"',
    '"_JSON [1, 2]"', '"_JSON [[1, 2], [3, 4.5]]"', '"_JSON {\\"x\\": null}"',
    "C:/x", "é", "{5}", '"5"', "1e400",
)  # fmt: skip


def plain(value):
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(one) for one in value]
    return "NaN" if value != value else value


def ours(comment):
    try:
        return {item.key: plain(item.value) for item in parse(comment)}
    except UnclosedError:
        return "refused"


def by_ase(comment):
    try:
        return {key: plain(value) for key, value in key_val_str_to_dict(comment).items()}
    except Exception:
        return "refused"


def test_comments_read_alike_by_ase():
    rng = np.random.default_rng(20261129)
    for _ in range(3000):
        parts = []
        for key in rng.permutation(KEYS)[: rng.integers(1, len(KEYS) + 1)]:
            equals = str(rng.choice(["=", " = ", "= ", " ="]))
            parts.append(str(key) if rng.random() < 0.1 else f"{key}{equals}{rng.choice(SAME)}")
        comment = str(rng.choice(["", " ", "\t"])) + str(rng.choice([" ", "  ", "\t"])).join(parts)
        # A word before a key with an equals sign and blanks is also read alike; "x= y=z" is not.
        if not re.search(r"=\s+[^\s\"'{\[]+=", comment):
            assert ours(comment) == by_ase(comment), comment


def listed():
    """Return the rows of the table in the documentation: comment, result, result of ASE."""
    rows = re.findall(
        r"^\| ``? ?(.+?) ?``? \| `(.+?)` \| `(.+?)` \| (.+?) \|$", PAGE.read_text("utf-8"), re.M
    )
    assert len(rows) > 15
    return rows


@pytest.mark.parametrize(("comment", "expected", "ase", "why"), listed())
def test_documented_differences_from_ase(comment, expected, ase, why):
    assert str(ours(comment)) == expected
    assert str(by_ase(comment)) == ase
    assert expected != ase
    assert why
